#pragma once
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace luvit {

// One declaration a field: key, where it goes, one line of help, and what it may be. From it come parsing, checks,
// --help, --print-config and config.yaml; the default is the value the target has when it is declared.
//
//   schema.add("optim.weight_decay", options.weight_decay, "AdamW's weight decay").range(0, inf);
//   schema.add("train.precision", train.precision, "type of the matrix products",
//              {{"float32", Precision::float32}, {"bfloat16", Precision::bfloat16}});
class Schema {
 public:
  // A value as the YAML reader found it; `where` is "config.yaml:12" or "command line".
  struct Value;
  struct Field {
    std::string key, help, type, unit, choices;
    double low, high;
    std::string default_text;
    std::function<std::string(const Value&)> parse;  // returns what is wrong, or ""
    std::function<std::string()> print;              // as YAML flow; "null" where unset
    std::string only_when;                           // "model.fusion.kind=llama": printed and accepted only then
    Field& range(double lo, double hi);
    Field& units(std::string text);
    Field& when(std::string condition);
  };

  Field& add(const std::string& key, std::int64_t& target, const std::string& help);
  Field& add(const std::string& key, std::uint64_t& target, const std::string& help);
  Field& add(const std::string& key, double& target, const std::string& help);
  Field& add(const std::string& key, bool& target, const std::string& help);
  Field& add(const std::string& key, std::string& target, const std::string& help);
  Field& add(const std::string& key, std::vector<double>& target, const std::string& help);       // fixed length
  Field& add(const std::string& key, std::vector<std::string>& target, const std::string& help);  // one or a list
  Field& add(const std::string& key, std::optional<double>& target, const std::string& help);
  Field& add(const std::string& key, std::optional<std::int64_t>& target, const std::string& help);
  Field& add(const std::string& key, std::optional<std::string>& target, const std::string& help);
  template <typename Enum>
  Field& add(const std::string& key, Enum& target, const std::string& help,
             std::vector<std::pair<std::string, Enum>> choices);

  const std::vector<Field>& fields() const { return fields_; }

 private:
  std::vector<Field> fields_;
  Field& push(Field field);
  Field& add_choice(const std::string& key, const std::string& help, std::vector<std::string> names,
                    std::function<void(std::size_t)> set, std::function<std::size_t()> get);
};

template <typename Enum>
Schema::Field& Schema::add(const std::string& key, Enum& target, const std::string& help,
                           std::vector<std::pair<std::string, Enum>> choices) {
  std::vector<std::string> names;
  for (const auto& choice : choices) names.push_back(choice.first);
  return add_choice(
      key, help, names, [&target, choices](std::size_t i) { target = choices[i].second; },
      [&target, choices] {
        for (std::size_t i = 0; i < choices.size(); ++i)
          if (choices[i].second == target) return i;
        return std::size_t{0};
      });
}

// What the user wrote, key by key.
struct Written {
  std::set<std::string> keys;                                   // "model.dim"
  std::string where(const std::string& key) const;              // "config.yaml:12", "command line"
  std::vector<std::pair<std::string, std::string>> places;
};

// Reads a config with its bases, applies the overrides and fills the schema's targets. Every problem (unknown key
// with the nearest known one, wrong type, out of range, duplicate YAML key, merge key, cycle, missing base) is
// collected; one UsageError lists them all, a line each, with file and line.
Written read_config(Schema& schema, const std::string& path, const std::vector<std::string>& overrides);

std::string print_config(const Schema& schema);                          // the resolved config as YAML
std::string print_help(const Schema& schema, const std::string& topic);  // all, a section or a key

// Keys that differ between two resolved configs (YAML texts): key, first, second.
struct Difference { std::string key, before, after; };
std::vector<Difference> config_differences(const std::string& before_yaml, const std::string& after_yaml);

}  // namespace luvit
