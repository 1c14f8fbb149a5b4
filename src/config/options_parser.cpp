// The one file that sees CLI11. Numbers reach CLI11 as words: its own conversion reads 010 as octal.
#include "luvit/config/options_parser.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <iostream>

#include "luvit/core/error.h"
#include "luvit/core/text.h"
#include "luvit/core/version.h"
#include "numbers.h"

namespace luvit {

struct OptionsParser::Implementation {
  std::string program;
  CLI::App app;
  Implementation(std::string name, std::string description) : program(std::move(name)), app(description, program) {}

  CLI::Option* number(const std::string& names, const std::string& help, std::function<void(const std::string&)> set) {
    return app.add_option_function<std::string>(names, set, help)->type_name("N");
  }

  // "--batch" of "-b,--batch": what messages call it.
  static std::string spoken(const std::string& names) { return names.substr(names.rfind(',') + 1); }

  [[noreturn]] void refuse_unknown(const std::string& word) const {
    std::string name = word.substr(0, word.find('='));
    std::vector<std::string> known;
    for (const auto* option : app.get_options())
      for (const auto& long_name : option->get_lnames()) known.push_back("--" + long_name);
    std::string near = nearest(name, known);
    std::string what = name.rfind('-', 0) == 0 ? "unknown option " : "unexpected argument ";
    throw UsageError(str(what, escape(name), near.empty() ? "" : "; did you mean " + near + "?"),
                     str("`", program, " --help` lists the options"));
  }
};

namespace {

const char* const help_hint = "`--help` says what each option takes";

double parse_option_real(const std::string& option, const std::string& text) {
  auto number = parse_real(text);
  if (!number) throw UsageError(str(option, ": expected a decimal number, found `", escape(text), "`"), help_hint);
  return *number;
}

}  // namespace

std::int64_t parse_option_integer(const std::string& option, const std::string& text, std::int64_t low,
                                  std::int64_t high) {
  auto number = parse_integer(text);
  if (number && *number >= low && *number <= high) return *number;
  std::string range = high == INT64_MAX ? str("≥ ", low) : str("from ", low, " to ", high);
  throw UsageError(str(option, ": expected a decimal integer ", range, ", found `", escape(text), "`"), help_hint);
}

OptionsParser::OptionsParser(std::string program, std::string description)
    : implementation_(std::make_unique<Implementation>(std::move(program), std::move(description))) {
  implementation_->app.set_help_flag();
  implementation_->app.allow_extras();
}

OptionsParser::~OptionsParser() = default;

void OptionsParser::add(const std::string& names, std::string& target, const std::string& help) {
  implementation_->app.add_option(names, target, help)->type_name("TEXT");
}

void OptionsParser::add(const std::string& names, std::optional<std::string>& target, const std::string& help) {
  implementation_->app
      .add_option_function<std::string>(
          names, [&target](const std::string& text) { target = text; }, help)
      ->type_name("TEXT");
}

void OptionsParser::add(const std::string& names, std::int64_t& target, const std::string& help, std::int64_t low,
                        std::int64_t high) {
  std::string option = Implementation::spoken(names);
  auto set = [=, &target](const std::string& text) { target = parse_option_integer(option, text, low, high); };
  implementation_->number(names, help, set)->default_str(std::to_string(target));
}

void OptionsParser::add(const std::string& names, std::optional<std::int64_t>& target, const std::string& help,
                        std::int64_t low, std::int64_t high) {
  std::string option = Implementation::spoken(names);
  auto set = [=, &target](const std::string& text) { target = parse_option_integer(option, text, low, high); };
  implementation_->number(names, help, set);
}

void OptionsParser::add(const std::string& names, double& target, const std::string& help) {
  std::string option = Implementation::spoken(names);
  auto set = [=, &target](const std::string& text) { target = parse_option_real(option, text); };
  implementation_->number(names, help, set)->default_str(exact(target));
}

void OptionsParser::add(const std::string& names, std::optional<double>& target, const std::string& help) {
  std::string option = Implementation::spoken(names);
  implementation_->number(names, help,
                          [=, &target](const std::string& text) { target = parse_option_real(option, text); });
}

void OptionsParser::numbers(const std::string& names, std::optional<std::vector<double>>& target, int count,
                            const std::string& help) {
  const std::string option = Implementation::spoken(names);
  const std::function<void(const std::vector<std::string>&)> set = [=, &target](const std::vector<std::string>& words) {
    target.emplace();
    for (const std::string& word : words) target->push_back(parse_option_real(option, word));
  };
  implementation_->app.add_option_function(names, set, help)->expected(count)->type_name("FLOAT");
}

void OptionsParser::add(const std::string& names, std::vector<std::string>& target, const std::string& help) {
  implementation_->app.add_option(names, target, help)->type_name("TEXT");
}

void OptionsParser::each(const std::string& names, std::vector<std::string>& target, const std::string& help) {
  implementation_->app.add_option(names, target, help)->type_name("TEXT")->allow_extra_args(false);
}

void OptionsParser::choice(const std::string& names, std::string& target, const std::vector<std::string>& choices,
                           const std::string& help) {
  std::string option = Implementation::spoken(names);
  auto set = [=, &target](const std::string& text) {
    if (std::find(choices.begin(), choices.end(), text) == choices.end())
      throw UsageError(str(option, ": expected one of ", join(choices, ", "), ", found `", escape(text), "`"),
                       help_hint);
    target = text;
  };
  auto* added = implementation_->app.add_option_function<std::string>(names, set, help);
  added->type_name(join(choices, "|"))->default_str(target);
}

void OptionsParser::flag(const std::string& names, bool& target, const std::string& help) {
  implementation_->app.add_flag(names, target, help);
}

void OptionsParser::topic(const std::string& names, std::optional<std::string>& target, const std::string& help) {
  auto set = [&target](const std::vector<std::string>& words) { target = words.empty() ? "" : words.front(); };
  implementation_->app.add_option_function<std::vector<std::string>>(names, set, help)
      ->expected(0, 1)
      ->type_name("KEY");
}

void OptionsParser::positional(const std::string& name, std::string& target, const std::string& help) {
  implementation_->app.add_option(name, target, help)->type_name("");
}

void OptionsParser::positional(const std::string& name, std::vector<std::string>& target, const std::string& help) {
  implementation_->app.add_option(name, target, help)->type_name("");
}

void OptionsParser::required(const std::string& names) {
  implementation_->app.get_option(Implementation::spoken(names))->required();
}

void OptionsParser::parse_words(int argc, char** argv) {
  CLI::App& app = implementation_->app;
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    // A misspelt option is often why another one is missing.
    if (auto left = app.remaining(); !left.empty()) implementation_->refuse_unknown(left.front());
    throw UsageError(escape(error.what()), str("`", implementation_->program, " --help` lists the options"));
  }
  if (auto left = app.remaining(); !left.empty()) implementation_->refuse_unknown(left.front());
}

bool OptionsParser::parse(int argc, char** argv, const std::string& after_help) {
  bool wants_help = false, wants_version = false;
  flag("-h,--help", wants_help, "print this and end");
  flag("--version", wants_version, "print versions and end");
  // Asked for help, nobody wants to hear what else is missing.
  for (int i = 1; i < argc; ++i) {
    std::string word = argv[i];
    wants_help = wants_help || word == "--help" || word == "-h";
    wants_version = wants_version || word == "--version";
  }
  if (wants_help) {
    std::cout << help() << after_help;
  } else if (wants_version) {
    std::cout << version_report();
  } else {
    parse_words(argc, argv);
    return true;
  }
  return false;
}

std::string OptionsParser::help() const {
  return implementation_->app.help();
}

}  // namespace luvit
