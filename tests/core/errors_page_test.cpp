// docs/errors.md is looked up by what a program said, so its phrases must be those that programs say.
#include <gtest/gtest.h>

#include <regex>

#include "luvit/core/files.h"

namespace luvit {
namespace {

// The sources without comments, literals of several lines in one piece.
std::string all_sources() {
  static const std::regex comment("(^|\\s)//[^\n]*"), seam("\"\\s*\n\\s*\"");
  std::string text;
  for (const char* folder : {"src", "apps", "cmake", "scripts"})
    for (const auto& entry : fs::recursive_directory_iterator(fs::path(LUVIT_SOURCE_DIR) / folder)) {
      const std::string type = entry.path().extension().string();
      if (type == ".cpp")
        text += std::regex_replace(std::regex_replace(read_file(entry.path()), comment, ""), seam, "");
      if (type == ".cmake" || type == ".sh") text += read_file(entry.path());
    }
  return text;
}

std::vector<std::string> found_all(const std::string& text, const std::regex& pattern) {
  std::vector<std::string> out;
  for (std::sregex_iterator next(text.begin(), text.end(), pattern), end; next != end; ++next)
    out.push_back((*next)[1]);
  return out;
}

// What stands between the places where a program puts in values.
std::vector<std::string> fixed_parts(const std::string& phrase) {
  static const std::regex part("\\s*((?:(?!…).)+?)\\s*(?:…|$)");
  return found_all(phrase, part);
}

TEST(ErrorsPage, HoldsThePhrasesThatAreSaid) {
  const std::string sources = all_sources(), page = read_file(fs::path(LUVIT_SOURCE_DIR) / "docs/errors.md");
  static const std::regex heading("(?:^|\n)\\*\\*([^\n]+?)\\*\\*"), quoted("`([^`]+)`");
  std::size_t phrases = 0;
  for (const std::string& bold : found_all(page, heading))
    for (const std::string& phrase : found_all(bold, quoted)) {
      ++phrases;
      for (const std::string& part : fixed_parts(phrase))
        EXPECT_NE(sources.find(part), std::string::npos) << "`" << phrase << "`: nothing says `" << part << "`";
    }
  EXPECT_GT(phrases, 30u);
  EXPECT_EQ(sources.find("No space left on device"), std::string::npos);  // the control: not everything is found
}

}  // namespace
}  // namespace luvit
