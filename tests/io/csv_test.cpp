#include "luvit/io/csv.h"

#include <gtest/gtest.h>

#include <fstream>

#include "luvit/core/error.h"
#include "temporary_folder.h"

namespace luvit {
namespace {

class CsvTest : public testing::Test {
 protected:
  fs::path file(const std::string& content) {
    std::ofstream(folder_ / "a.csv", std::ios::binary) << content;
    return folder_ / "a.csv";
  }
  std::vector<std::vector<std::string>> read(const std::string& content) {
    CsvReader reader(file(content));
    std::vector<std::vector<std::string>> records;
    while (reader.next()) {
      auto& record = records.emplace_back();
      for (std::size_t i = 0; i < reader.columns().size(); ++i) record.emplace_back(reader[i]);
    }
    return records;
  }
  std::string refusal(const std::string& content) {
    try {
      read(content);
    } catch (const DataError& error) {
      return error.what();
    }
    return "";
  }
  TemporaryFolder folder_;
};

using Records = std::vector<std::vector<std::string>>;

TEST_F(CsvTest, WhatIsWrittenIsReadBack) {
  const Records records = {
      {"plain", ""}, {"with, comma", "with \"quotes\""}, {"two\nlines", "two\r\nlines"}, {"ü", " "}};
  std::string text = csv_record({"a", "b"});
  for (const auto& record : records) text += csv_record(record);
  EXPECT_EQ(read(text), records);
}

TEST_F(CsvTest, WritesRfc4180) {
  EXPECT_EQ(csv_record({"a b", "c,d", "e\"f", ""}), "a b,\"c,d\",\"e\"\"f\",\r\n");
}

TEST_F(CsvTest, TakesOtherLineEndsAndAByteOrderMark) {
  EXPECT_EQ(read("\xEF\xBB\xBF"
                 "a,b\n1,2\n\n3,4"),
            (Records{{"1", "2"}, {"3", "4"}}));
  EXPECT_EQ(read("a,b\r\n1,2\r\n"), (Records{{"1", "2"}}));
  CsvReader reader(
      file("\xEF\xBB\xBF"
           "a,b\n"));
  EXPECT_EQ(reader.columns(), (std::vector<std::string>{"a", "b"}));
}

TEST_F(CsvTest, Refusals) {
  EXPECT_NE(refusal("a,b\n1,2\n1,2,3\n").find("a.csv: line 3: 3 fields; expected 2 (a,b)"), std::string::npos);
  EXPECT_NE(refusal("a,b\n1,\"2\n3,4\n").find("line 2: a quote that is never closed"), std::string::npos);
  EXPECT_NE(refusal("a,b\n1,\"2\"x\n").find("line 2: text after a closing quote"), std::string::npos);
  EXPECT_NE(refusal("a,b\n1,2\"x\n").find("line 2: a quote inside a field"), std::string::npos);
  EXPECT_NE(refusal("").find("empty; expected a line of column names"), std::string::npos);
  EXPECT_THROW(CsvReader(folder_ / "none.csv"), DataError);
  EXPECT_THROW(CsvReader{folder_.path()}, DataError);
}

// A record's line is the one that it begins on, though the field before it had line breaks.
TEST_F(CsvTest, LinesAreCountedThroughQuotes) {
  EXPECT_NE(refusal("a,b\n\"1\n\n1\",2\nx\n").find("line 5: 1 fields"), std::string::npos);
}

TEST_F(CsvTest, Numbers) {
  CsvReader reader(file("n,x\n-7,0.25\n1.5,nan\n"));
  ASSERT_TRUE(reader.next());
  EXPECT_EQ(reader.integer(reader.column("n")), -7);
  EXPECT_EQ(reader.real(reader.column("x")), 0.25);
  ASSERT_TRUE(reader.next());
  try {
    reader.integer(0);
    FAIL();
  } catch (const DataError& error) {
    EXPECT_NE(std::string(error.what()).find("line 3: n is `1.5`; expected an integer"), std::string::npos);
  }
  EXPECT_THROW(reader.real(1), DataError);
  EXPECT_THROW(reader.column("y"), DataError);
  EXPECT_TRUE(reader.has("x"));
  EXPECT_FALSE(reader.has("y"));
}

}  // namespace
}  // namespace luvit
