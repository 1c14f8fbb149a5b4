#include "watch_meeting.h"

#include <poll.h>

#include <optional>
#include <random>
#include <sstream>

#include "luvit/core/error.h"
#include "luvit/core/machine.h"
#include "luvit/core/text.h"
#include "names.h"

namespace luvit {

namespace {

using std::chrono::milliseconds;
using Clock = std::chrono::steady_clock;

// Whoever knows it has read our store: a stranger that knocks at the port does not.
std::string new_token() {
  std::random_device random;
  return str(random(), "-", random(), "-", random());
}

// The next to knock; nothing when the time is over.
std::optional<WatchConnection> next_knock(const Socket& listener, Clock::time_point end) {
  while (Clock::now() < end) {
    pollfd wanted{listener.descriptor(), POLLIN, 0};
    poll(&wanted, 1, 100);
    if (Socket socket = accept_from(listener)) return WatchConnection(std::move(socket));
  }
  return std::nullopt;
}

std::optional<WatchMessage> first_message(WatchConnection& connection, Clock::time_point end) {
  while (Clock::now() < end && !connection.broken()) {
    pollfd wanted{connection.descriptor(), POLLIN, 0};
    poll(&wanted, 1, 100);
    if (auto message = connection.receive()) return message;
  }
  return std::nullopt;
}

}  // namespace

WatchMeeting::WatchMeeting(const Place& place, std::chrono::seconds timeout)
    : rendezvous(place, timeout, "watch"), own_host(host_name()) {
  const std::string own_address = rendezvous.own_address();
  if (place.rank == 0) {
    const Socket listener = listen_on_free_port();
    const std::string token = new_token();
    rendezvous.put("watch", str(own_address, " ", port_of(listener), " ", token, " ", own_host));
    invite(place, listener, token, Clock::now() + timeout);
  } else {
    follow(place, timeout);
  }
}

void WatchMeeting::invite(const Place& place, const Socket& listener, const std::string& token, Clock::time_point end) {
  std::vector<bool> here(static_cast<std::size_t>(place.ranks));
  here[0] = true;
  while (std::int64_t(peers.size()) + 1 < place.ranks) {
    std::optional<WatchConnection> connection = next_knock(listener, end);
    if (!connection) break;
    const auto hello = first_message(*connection, std::min(end, Clock::now() + std::chrono::seconds(5)));
    if (!hello || hello->kind != WatchMessage::Kind::hello || hello->number >= here.size() || here[hello->number] ||
        !hello->text.starts_with(token + " "))
      continue;
    here[hello->number] = true;
    peers.push_back({hello->number, hello->text.substr(token.size() + 1), std::move(*connection)});
  }
  std::vector<std::int64_t> missing;
  for (std::size_t rank = 0; rank < here.size(); ++rank)
    if (!here[rank]) missing.push_back(static_cast<std::int64_t>(rank));
  if (!missing.empty())
    throw RunError(str(rank_names(missing), " was lost at the start: no connection to rank 0 in time"));
}

void WatchMeeting::follow(const Place& place, std::chrono::seconds timeout) {
  std::istringstream invitation(rendezvous.get("watch"));
  std::string address, token, host;
  int port = 0;
  invitation >> address >> port >> token >> host;
  WatchConnection connection(connect_to(address, port, timeout));
  connection.send({WatchMessage::Kind::hello, static_cast<std::uint32_t>(place.rank), token + " " + own_host});
  peers.push_back({0, host, std::move(connection)});
}

}  // namespace luvit
