#include "luvit/core/text.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "luvit/core/random.h"

namespace luvit {
namespace {

TEST(Escape, LeavesTextAndDisarmsControls) {
  EXPECT_EQ(escape("Zürich 東京 ≥ 1"), "Zürich 東京 ≥ 1");
  EXPECT_EQ(escape("a\nb\x1b[31m\x7f"), "a\\x0ab\\x1b[31m\\x7f");
  EXPECT_EQ(escape("\xc2\x9b"), "\\xc2\\x9b");           // C1 control: starts a sequence in some terminals
  EXPECT_EQ(escape("\xe2\x80\xae"), "\\xe2\\x80\\xae");  // turns the direction of text
  EXPECT_EQ(escape(std::string_view("a\0b", 3)), "a\\x00b");
}

TEST(Escape, ShowsBrokenUtf8AsBytes) {
  EXPECT_EQ(escape("\xff"), "\\xff");
  EXPECT_EQ(escape("\xc3"), "\\xc3");
  EXPECT_EQ(escape("\xc0\xaf"), "\\xc0\\xaf");           // overlong
  EXPECT_EQ(escape("\xed\xa0\x80"), "\\xed\\xa0\\x80");  // surrogate
  EXPECT_EQ(escape("\xf5\x80\x80\x80"), "\\xf5\\x80\\x80\\x80");
  EXPECT_EQ(escape("\xe2\x82"
                   "a"),
            "\\xe2\\x82"
            "a");
}

TEST(JsonQuote, IsJson) {
  EXPECT_EQ(json_quote("a\"b\\c\n\x01ü"), "\"a\\\"b\\\\c\\n\\u0001ü\"");
  EXPECT_EQ(json_quote("\xff"), "\"\xef\xbf\xbd\"");
}

TEST(Exact, ReadsBackAsTheSameDouble) {
  Random random(1, 1, 1, Purpose::synthetic);
  for (int i = 0; i < 2000; ++i) {
    double value = std::ldexp(random.uniform(-1, 1), static_cast<int>(random.below(600)) - 300);
    EXPECT_EQ(std::stod(exact(value)), value);
  }
  EXPECT_EQ(exact(0.1), "0.1");
  EXPECT_EQ(exact(3), "3");
  EXPECT_EQ(exact(std::numeric_limits<double>::infinity()), "inf");
}

TEST(Nearest, FindsSlipsOfTheFinger) {
  std::vector<std::string> keys = {"optim.weight_decay", "optim.warmup_epochs", "model", "train.steps"};
  EXPECT_EQ(nearest("optim.weight_decy", keys), "optim.weight_decay");
  EXPECT_EQ(nearest("modle", keys), "model");
  EXPECT_EQ(nearest("train.stepz", keys), "train.steps");
  EXPECT_EQ(nearest("learing_rate_x", keys), "");
  EXPECT_EQ(nearest("--out", {"--config", "--output"}), "--output");
  EXPECT_EQ(nearest("", keys), "");
  EXPECT_EQ(nearest(std::string(1 << 20, 'x'), keys), "");
}

TEST(Human, NumbersArePleasant) {
  EXPECT_EQ(human_bytes(0), "0 B");
  EXPECT_EQ(human_bytes(404.6e6), "405 MB");
  EXPECT_EQ(human_bytes(1.2e9), "1.20 GB");
  EXPECT_EQ(human_bytes(999999), "1.00 MB");
  EXPECT_EQ(human_count(93.12e6), "93.12 M");
  EXPECT_EQ(human_count(17), "17");
  EXPECT_EQ(human_seconds(250), "04:10");
  EXPECT_EQ(human_seconds(97925), "1d 03:12:05");
  EXPECT_EQ(human_seconds(3661), "01:01:01");
  EXPECT_EQ(human_seconds(NAN), "?");
}

TEST(Join, PutsSeparatorsBetween) {
  EXPECT_EQ(join({}, ", "), "");
  EXPECT_EQ(join({"a", "b"}, ", "), "a, b");
}

}  // namespace
}  // namespace luvit
