#include "watch_connection.h"

#include <poll.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstring>

namespace luvit {

namespace {

// On the wire: kind, number, length of the text (both in network order), text.
constexpr std::size_t head_bytes = 9, most_text = 64 << 10;

void put(std::string& out, std::uint32_t value) {
  for (int shift = 24; shift >= 0; shift -= 8) out += static_cast<char>(value >> shift);
}

std::uint32_t take(const char* bytes) {
  std::uint32_t value = 0;
  for (int i = 0; i < 4; ++i) value = value << 8 | static_cast<unsigned char>(bytes[i]);
  return value;
}

}  // namespace

void WatchConnection::send(const WatchMessage& message) {
  const std::string text = message.text.substr(0, most_text);
  out_ += static_cast<char>(message.kind);
  put(out_, message.number);
  put(out_, static_cast<std::uint32_t>(text.size()));
  out_ += text;
  flush();
}

bool WatchConnection::flush() {
  while (!out_.empty() && !broken_) {
    const ssize_t sent = ::send(socket_.descriptor(), out_.data(), out_.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent < 0 && errno == EINTR) continue;
    if (sent < 0) return false;  // if the connection is broken, receive() will tell
    out_.erase(0, static_cast<std::size_t>(sent));
  }
  return out_.empty();
}

void WatchConnection::finish(std::chrono::steady_clock::time_point end) {
  bool out = false;
  while (!broken_ && std::chrono::steady_clock::now() < end) {
    if (!out && (out = flush())) shutdown(socket_.descriptor(), SHUT_WR);
    pollfd wanted{socket_.descriptor(), static_cast<short>(out ? POLLIN : POLLIN | POLLOUT), 0};
    poll(&wanted, 1, 10);
    read();
    in_.clear();
  }
}

std::optional<WatchMessage> WatchConnection::receive() {
  read();
  if (in_.size() < head_bytes) return std::nullopt;
  const std::size_t length = take(in_.data() + 5);
  if (length > most_text) {  // not one of us
    broken_ = true;
    in_.clear();
  }
  if (in_.size() < head_bytes + length) return std::nullopt;
  WatchMessage message{static_cast<WatchMessage::Kind>(in_[0]), take(in_.data() + 1), in_.substr(head_bytes, length)};
  in_.erase(0, head_bytes + length);
  return message;
}

void WatchConnection::read() {
  char bytes[4096];
  while (!broken_) {
    const ssize_t came = recv(socket_.descriptor(), bytes, sizeof(bytes), MSG_DONTWAIT);
    if (came < 0 && errno == EINTR) continue;
    if (came < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) return;
    if (came > 0)
      in_.append(bytes, static_cast<std::size_t>(came));
    else
      broken_ = true;
  }
}

}  // namespace luvit
