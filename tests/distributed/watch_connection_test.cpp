#include "watch_connection.h"

#include <gtest/gtest.h>

#include <thread>

namespace luvit {
namespace {

using Clock = std::chrono::steady_clock;
constexpr std::chrono::seconds patience(20);

Socket wait_for_caller(const Socket& listener) {
  Socket caller;
  for (const auto end = Clock::now() + patience; !caller && Clock::now() < end;) caller = accept_from(listener);
  return caller;
}

struct Ends {
  Socket listener = listen_on_free_port();
  WatchConnection far{connect_to("127.0.0.1", port_of(listener), patience)}, near{wait_for_caller(listener)};
};

// More than the system holds on the way, and something of the other side unread: a plain close would lose it.
void say_much(Ends& ends) {
  ends.far.send({});
  for (int i = 0; i < 200; ++i) ends.near.send({.text = std::string(64 << 10, 'x')});
  ends.near.send({.kind = WatchMessage::Kind::lost, .number = 7, .text = "last"});
}

std::string last_heard(WatchConnection& connection) {
  std::string last;
  for (const auto end = Clock::now() + patience; !connection.broken() && Clock::now() < end;)
    while (const auto message = connection.receive()) last = message->text;
  return last;
}

TEST(WatchConnection, TheLastWordsArrive) {
  Ends ends;
  say_much(ends);
  std::thread speaker([&] { ends.near.finish(Clock::now() + patience); });
  EXPECT_EQ(last_heard(ends.far), "last");
  ends.far.close();
  speaker.join();
  EXPECT_TRUE(ends.near.broken()) << "it has seen the other close";
}

TEST(WatchConnection, ControlAPlainCloseLosesThem) {
  Ends ends;
  say_much(ends);
  ends.near.close();
  EXPECT_NE(last_heard(ends.far), "last");
}

}  // namespace
}  // namespace luvit
