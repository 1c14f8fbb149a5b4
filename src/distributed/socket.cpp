#include "socket.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <memory>

#include "luvit/core/error.h"
#include "luvit/core/text.h"

namespace luvit {

namespace {

using Addresses = std::unique_ptr<addrinfo, decltype(&freeaddrinfo)>;

[[noreturn]] void fail(const std::string& what) {
  throw RunError(str(what, ": ", std::strerror(errno)));
}

Addresses resolve(const std::string& address, int port, int type) {
  addrinfo hints{}, *found = nullptr;
  hints.ai_socktype = type;
  if (const int code = getaddrinfo(address.c_str(), std::to_string(port).c_str(), &hints, &found); code != 0)
    throw RunError(str("no address found for host '", escape(address), "': ", gai_strerror(code)));
  return {found, &freeaddrinfo};
}

bool wait_until_connected(int descriptor, std::chrono::milliseconds timeout) {
  pollfd wanted{descriptor, POLLOUT, 0};
  const int ready = poll(&wanted, 1, static_cast<int>(timeout.count()));
  if (ready == 0) errno = ETIMEDOUT;
  if (ready <= 0) return false;
  socklen_t size = sizeof(errno);
  int reason = 0;
  getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &reason, &size);
  errno = reason;
  return reason == 0;
}

// Each message by itself, however small.
void send_at_once(const Socket& connection) {
  const int yes = 1;
  setsockopt(connection.descriptor(), IPPROTO_TCP, TCP_NODELAY, &yes, sizeof(yes));
}

Socket listen_on(int family) {
  Socket listener(socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!listener) return listener;
  const int no = 0;
  if (family == AF_INET6) setsockopt(listener.descriptor(), IPPROTO_IPV6, IPV6_V6ONLY, &no, sizeof(no));
  sockaddr_storage any{};  // all zeros: any address, a free port
  any.ss_family = static_cast<sa_family_t>(family);
  const socklen_t size = family == AF_INET6 ? sizeof(sockaddr_in6) : sizeof(sockaddr_in);
  if (bind(listener.descriptor(), reinterpret_cast<sockaddr*>(&any), size) != 0) return Socket();
  return listen(listener.descriptor(), SOMAXCONN) == 0 ? std::move(listener) : Socket();
}

}  // namespace

Socket::~Socket() {
  if (descriptor_ >= 0) close(descriptor_);
}

Socket listen_on_free_port() {
  if (Socket both = listen_on(AF_INET6)) return both;  // takes IPv4 as well
  if (Socket old = listen_on(AF_INET)) return old;
  fail("cannot listen on any port");
}

int port_of(const Socket& socket) {
  sockaddr_storage own{};
  socklen_t size = sizeof(own);
  if (getsockname(socket.descriptor(), reinterpret_cast<sockaddr*>(&own), &size) != 0) fail("getsockname");
  return ntohs(own.ss_family == AF_INET6 ? reinterpret_cast<sockaddr_in6&>(own).sin6_port
                                         : reinterpret_cast<sockaddr_in&>(own).sin_port);
}

Socket accept_from(const Socket& listener) {
  Socket connection(accept4(listener.descriptor(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
  if (connection) send_at_once(connection);
  return connection;
}

Socket connect_to(const std::string& address, int port, std::chrono::milliseconds timeout) {
  const Addresses found = resolve(address, port, SOCK_STREAM);
  for (const addrinfo* each = found.get(); each; each = each->ai_next) {
    Socket connection(socket(each->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (!connection) continue;
    const int begun = connect(connection.descriptor(), each->ai_addr, each->ai_addrlen);
    if (begun != 0 && (errno != EINPROGRESS || !wait_until_connected(connection.descriptor(), timeout))) continue;
    send_at_once(connection);
    return connection;
  }
  fail(str("cannot connect to ", escape(address), ":", port));
}

std::string local_address_towards(const std::string& address, int port) {
  const Addresses found = resolve(address, port, SOCK_DGRAM);
  for (const addrinfo* each = found.get(); each; each = each->ai_next) {
    const Socket probe(socket(each->ai_family, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    if (!probe || connect(probe.descriptor(), each->ai_addr, each->ai_addrlen) != 0) continue;
    sockaddr_storage own{};
    socklen_t size = sizeof(own);
    char text[NI_MAXHOST];
    if (getsockname(probe.descriptor(), reinterpret_cast<sockaddr*>(&own), &size) == 0 &&
        getnameinfo(reinterpret_cast<sockaddr*>(&own), size, text, sizeof(text), nullptr, 0, NI_NUMERICHOST) == 0)
      return text;
  }
  fail(str("no way to ", escape(address)));
}

bool is_loopback(const std::string& address) {
  return address.starts_with("127.") || address == "::1";
}

}  // namespace luvit
