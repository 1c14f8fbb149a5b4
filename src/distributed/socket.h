#pragma once
#include <chrono>
#include <string>
#include <utility>

namespace luvit {

// A TCP socket's descriptor, closed at the end.
class Socket {
 public:
  explicit Socket(int descriptor = -1) : descriptor_(descriptor) {}
  Socket(Socket&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}
  Socket& operator=(Socket&& other) noexcept {
    std::swap(descriptor_, other.descriptor_);
    return *this;
  }
  ~Socket();

  explicit operator bool() const { return descriptor_ >= 0; }
  int descriptor() const { return descriptor_; }

 private:
  int descriptor_;
};

// Failures are RunErrors with the system's reason.
Socket listen_on_free_port();  // on all of this machine's addresses
int port_of(const Socket& socket);
Socket accept_from(const Socket& listener);  // none where nobody is waiting
Socket connect_to(const std::string& address, int port, std::chrono::milliseconds timeout);

// The address that packets to another machine leave from (nothing is sent).
std::string local_address_towards(const std::string& address, int port);
bool is_loopback(const std::string& address);

}  // namespace luvit
