#pragma once
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include "socket.h"

namespace luvit {

struct WatchMessage {
  enum class Kind : std::uint8_t { hello = 1, beat, waiting, goodbye, failed, lost, stuck };
  Kind kind = Kind::beat;
  // hello, failed, lost: the rank; beat: milliseconds since it was last seen to go forward; waiting: since it waits
  std::uint32_t number = 0;
  std::string text;  // hello: token and host; failed, lost, stuck: the line
};

// Messages over a socket that never blocks: what does not go out at once goes out later.
class WatchConnection {
 public:
  explicit WatchConnection(Socket socket) : socket_(std::move(socket)) {}
  int descriptor() const { return socket_.descriptor(); }

  void send(const WatchMessage& message);
  // After the last words: waits, not beyond `end`, until the peer has them and has closed its side. (To close a socket
  // that holds something unread throws away what is still on its way to the peer.)
  void finish(std::chrono::steady_clock::time_point end);
  // The next message that has come. Nothing and broken(): nor will any more.
  std::optional<WatchMessage> receive();
  bool broken() const { return broken_; }
  void close() { socket_ = Socket(); }

 private:
  bool flush();  // whether all is out
  void read();
  Socket socket_;
  std::string in_, out_;
  bool broken_ = false;
};

}  // namespace luvit
