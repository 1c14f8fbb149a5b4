#include "luvit/core/error.h"

#include <c10/util/Exception.h>
#include <gtest/gtest.h>

#include <iostream>
#include <new>

namespace luvit {
namespace {

struct Ended {
  int code;
  std::string said;
};

Ended end_with(int (*body)(int, char**)) {
  testing::internal::CaptureStderr();
  int code = run_main("luvit_x", body, 0, nullptr);
  return {code, testing::internal::GetCapturedStderr()};
}

TEST(RunMain, SaysEachProblemOnALineAndTheHintLast) {
  auto [code, said] = end_with([](int, char**) -> int {
    throw UsageError(std::vector<std::string>{"one", "two"}, "try three");
  });
  EXPECT_EQ(code, 2);
  EXPECT_EQ(said, "luvit_x: error: one\nluvit_x: error: two\nhint: try three\n");
}

TEST(RunMain, AlwaysHasAHintAndItsCode) {
  using Body = int (*)(int, char**);
  std::pair<int, Body> cases[] = {
      {1, [](int, char**) -> int { throw RunError("x"); }},
      {2, [](int, char**) -> int { throw UsageError("x"); }},
      {3, [](int, char**) -> int { throw DataError("x"); }},
      {1, [](int, char**) -> int { throw std::runtime_error("x"); }},
      {1, [](int, char**) -> int { throw 5; }},
      {1, [](int, char**) -> int { throw std::bad_alloc(); }},
  };
  for (auto [wanted, body] : cases) {
    auto [code, said] = end_with(body);
    EXPECT_EQ(code, wanted);
    EXPECT_NE(said.find("\nhint: "), std::string::npos) << said;
    EXPECT_EQ(std::count(said.begin(), said.end(), '\n'), 2) << said;
  }
}

TEST(RunMain, ShowsNoStackOfTorch) {
  auto [code, said] = end_with([](int, char**) -> int { TORCH_CHECK(false, "shapes do not fit\nsecond line"); });
  EXPECT_EQ(code, 1);
  EXPECT_EQ(said.find("luvit_x: error: shapes do not fit\nhint: "), 0u) << said;
}

TEST(RunMain, EscapesWhatFilesSay) {
  auto [code, said] = end_with([](int, char**) -> int { throw DataError("bad name \x1b[31m"); });
  EXPECT_NE(said.find("bad name \\x1b[31m\n"), std::string::npos);
}

// A name with a line end in it must not look like a message of the program.
TEST(RunMain, ANameCannotForgeALine) {
  auto [code, said] =
      end_with([](int, char**) -> int { throw DataError("a\nluvit_x: error: b: no file", "x\nhint: y"); });
  EXPECT_EQ(said, "luvit_x: error: a\\x0aluvit_x: error: b: no file\nhint: x\\x0ahint: y\n");
}

TEST(RunMain, PassesTheBodysCodeOn) {
  auto [code, said] = end_with([](int, char**) { return 75; });
  EXPECT_EQ(code, 75);
  EXPECT_EQ(said, "");
}

TEST(RunMain, LostOutputIsAFailure) {
  auto lost = [] {
    if (!std::freopen("/dev/full", "w", stdout)) std::exit(9);
    std::exit(run_main(
        "luvit_x", [](int, char**) { return std::cout << "result" << std::endl, 0; }, 0, nullptr));
  };
  EXPECT_EXIT(lost(), testing::ExitedWithCode(1), "standard output could not be written");
}

}  // namespace
}  // namespace luvit
