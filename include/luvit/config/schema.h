#pragma once
#include <cstdint>
#include <functional>
#include <limits>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace luvit {

inline constexpr double unbounded = std::numeric_limits<double>::infinity();

// One declaration a field: key, where it goes, one line of help, and what it may be. From it come parsing, checks,
// --help, --print-config and config.yaml; the default is the value the target has when it is declared. Targets must
// outlive the schema. An empty string or list counts as unset and is written as `null`.
//
//   schema.add("optim.weight_decay", options.weight_decay, "AdamW's weight decay").range(0, unbounded);
//   schema.add("train.precision", train.precision, "type of the matrix products",
//              {{"float32", Precision::float32}, {"bfloat16", Precision::bfloat16}});
class Schema {
 public:
  struct Value;  // as the YAML reader found it
  struct EntryList;
  struct Field {
    std::string key, help, type, unit;
    std::vector<std::string> choices;
    double low = -unbounded, high = unbounded;
    bool open_low = false, open_high = false, is_required = false;
    std::string only_when;     // "model.fusion.kind=llama|mlp": printed and accepted only then
    std::string default_text;  // as YAML flow
    std::vector<std::pair<std::string, std::string>> conditional_defaults;  // condition, value as YAML
    std::function<std::string(const Field&, const Value&)> parse;           // returns what is wrong, or ""
    std::function<std::string()> print;                                     // as YAML flow; "null" where unset
    std::shared_ptr<const EntryList> entries;                               // of a list of entries, and only then

    Field& range(double lo, double hi) { return low = lo, high = hi, *this; }  // both ends allowed,
    Field& above_low() { return open_low = true, *this; }                      // but for the lower one,
    Field& below_high() { return open_high = true, *this; }                    // or the upper one
    Field& units(std::string text) { return unit = std::move(text), *this; }
    Field& when(std::string condition) { return only_when = std::move(condition), *this; }
    // The default while another key has a given value: default_when("model.fusion.kind=mlp", "4096").
    Field& default_when(const std::string& condition, const std::string& value);
    Field& required() { return is_required = true, *this; }  // said by --help; the program checks it
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

  // A list of entries, each with keys of its own that `declare` adds to a schema for it; conditions in there are on its
  // own keys. Overrides and later files reach into one by its `name`, or by its place from 0: suites.in1k.data=DIR.
  template <typename Entry>
  Field& add_entries(const std::string& key, std::vector<Entry>& target, const std::string& help,
                     void (*declare)(Schema&, Entry&));

  // One line about a section, for --help.
  void section(const std::string& name, const std::string& help) { sections_[name] = help; }
  // Two keys of which one may be written: both in one file is an error, a later file or override replaces the other.
  // The printed config holds the second only where the first is unset: declare the one that may be unset first.
  void exclusive(const std::string& first, const std::string& second) { exclusive_.emplace_back(first, second); }
  // A key that says what its section is about: where a later file or override changes it, everything that the section
  // inherited is dropped, since it described the other kind.
  void kind(const std::string& key) { kinds_.push_back(key); }

  const std::vector<Field>& fields() const { return fields_; }
  const Field* find(const std::string& key) const;
  // With the keys of entries among the others, as suites.NAME.data.
  Schema flattened() const;
  Field& field(const std::string& key);  // declared before; to say more of it
  bool is_section(const std::string& path) const;
  const std::map<std::string, std::string>& sections() const { return sections_; }
  const std::vector<std::pair<std::string, std::string>>& exclusives() const { return exclusive_; }
  const std::vector<std::string>& kinds() const { return kinds_; }

 private:
  std::vector<Field> fields_;
  std::map<std::string, std::string> sections_;
  std::vector<std::pair<std::string, std::string>> exclusive_;
  std::vector<std::string> kinds_;

  Field& push(Field field);
  Field& push_entries(const std::string& key, const std::string& help, EntryList entries);
  Field& add_choice(const std::string& key, const std::string& help, std::vector<std::string> names,
                    std::function<void(std::size_t)> set, std::function<std::size_t()> get);
};

struct Schema::EntryList {
  std::shared_ptr<const Schema> keys;       // an entry's, bound to one that stands for all of them
  std::function<void(std::size_t)> resize;  // to so many new ones
  std::function<std::size_t()> size;
  std::function<Schema(std::size_t)> bound;  // the schema of one entry, while the list keeps its size
};

template <typename Entry>
Schema::Field& Schema::add_entries(const std::string& key, std::vector<Entry>& target, const std::string& help,
                                   void (*declare)(Schema&, Entry&)) {
  const auto stand_in = std::make_shared<std::pair<Entry, Schema>>();
  declare(stand_in->second, stand_in->first);
  return push_entries(key, help,
                      {.keys = {stand_in, &stand_in->second},
                       .resize = [&target](std::size_t n) { target.assign(n, {}); },
                       .size = [&target] { return target.size(); },
                       .bound =
                           [&target, declare](std::size_t i) {
                             Schema schema;
                             declare(schema, target[i]);
                             return schema;
                           }});
}

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
  std::set<std::string> keys;                 // "model.dim"
  std::map<std::string, std::string> places;  // "config.yaml:12", "command line"

  bool has(const std::string& key) const { return keys.count(key) > 0; }
  std::string where(const std::string& key) const;  // "default" for a key that was not written
};

// Reads a config with its bases ("" for none), applies the overrides and fills the schema's targets. Every problem
// (unknown key with the nearest known one, wrong type, out of range, duplicate YAML key, merge key, cycle, missing
// base) is collected; one UsageError lists them all, a line each, with file and line.
Written read_config(Schema& schema, const std::string& path, const std::vector<std::string>& overrides);

// A rule over several keys that does not hold; `key` is the one to look at.
struct Problem {
  std::string key, text;
};
// One UsageError for all of them, each with the place where its key was written; nothing for an empty list.
void raise_problems(const std::vector<Problem>& problems, const Written& written);

// Names that an option like --allow-change was given: UsageError for one that is no key, with the nearest one.
void require_keys(const Schema& schema, const std::string& option, const std::vector<std::string>& names);

std::string print_config(const Schema& schema);                          // the resolved config as YAML
std::string print_help(const Schema& schema, const std::string& topic);  // "" for all, a section or a key

// Keys that differ between two resolved configs (YAML texts): key, first, second ("not set" where absent).
struct Difference {
  std::string key, before, after;
};
std::vector<Difference> config_differences(const std::string& before_yaml, const std::string& after_yaml);

}  // namespace luvit
