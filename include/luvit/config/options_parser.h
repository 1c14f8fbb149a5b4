#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace luvit {

// A command line's options. Names are "--out" or "-o,--out"; targets hold the defaults and must outlive parse().
// A wrong command line is a UsageError that names the word, with the nearest known option.
class OptionsParser {
 public:
  OptionsParser(std::string program, std::string description);
  ~OptionsParser();

  void add(const std::string& names, std::string& target, const std::string& help);
  void add(const std::string& names, std::optional<std::string>& target, const std::string& help);
  void add(const std::string& names, std::int64_t& target, const std::string& help, std::int64_t low = 0,
           std::int64_t high = INT64_MAX);
  void add(const std::string& names, std::optional<std::int64_t>& target, const std::string& help, std::int64_t low = 0,
           std::int64_t high = INT64_MAX);
  void add(const std::string& names, double& target, const std::string& help);
  void add(const std::string& names, std::optional<double>& target, const std::string& help);
  void numbers(const std::string& names, std::optional<std::vector<double>>& target, int count,
               const std::string& help);  // --x 1 2 3: so many, so that it swallows nothing
  void add(const std::string& names, std::vector<std::string>& target, const std::string& help);   // --x A B --x C
  void each(const std::string& names, std::vector<std::string>& target, const std::string& help);  // --x A --x C
  void choice(const std::string& names, std::string& target, const std::vector<std::string>& choices,
              const std::string& help);
  void flag(const std::string& names, bool& target, const std::string& help);
  // --help with an optional word after it; "" when it stands alone.
  void topic(const std::string& names, std::optional<std::string>& target, const std::string& help);
  void positional(const std::string& name, std::string& target, const std::string& help);
  void positional(const std::string& name, std::vector<std::string>& target, const std::string& help);
  void required(const std::string& names);  // of an option or positional added before

  // What every program has: --help and --version print and end it. Returns false then, and the program returns 0.
  // `after_help` goes below the list of options.
  bool parse(int argc, char** argv, const std::string& after_help = {});
  // The same without them, for a program that has its own.
  void parse_words(int argc, char** argv);
  std::string help() const;

 private:
  struct Implementation;
  std::unique_ptr<Implementation> implementation_;
};

// The words behind an option's name as numbers: decimal, in range; UsageError naming the option otherwise.
std::int64_t parse_option_integer(const std::string& option, const std::string& text, std::int64_t low,
                                  std::int64_t high);

}  // namespace luvit
