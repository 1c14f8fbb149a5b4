#include "layers.h"
#include "luvit/core/error.h"
#include "luvit/core/text.h"
#include "printing.h"
#include "yaml_tree.h"

namespace luvit {
namespace {

using Field = Schema::Field;

// Of a whole config, or of one entry of a list, whose keys are then told with what stands before them.
class Reader {
 public:
  Reader(const Schema& schema, const Tree& config, const std::string& prefix, Problems& problems, Written& written)
      : schema_(schema), config_(config), prefix_(prefix), problems_(problems), written_(written) {}

  void read() {
    for (const auto& field : schema_.fields()) {
      if (const Tree* value = config_.at(field.key)) {
        read_value(field, *value);
      } else {
        apply_default(field);
      }
    }
  }

 private:
  void read_value(const Field& field, const Tree& value) {
    std::string wrong = field.parse(field, value);
    if (wrong.empty() && !applies(field.only_when))
      wrong = str("it belongs to ", condition_key(field.only_when), ": ", condition_values(field.only_when),
                  ", and here that is `", escape(text_of(condition_key(field.only_when))), "`");
    const std::string key = prefix_ + field.key;
    if (!wrong.empty()) problems_.add(value.place, str("key `", escape(key), "`: ", wrong));
    if (wrong.empty() && field.entries) read_entries(*field.entries, value, key);
    written_.keys.insert(key);
    written_.places[key] = value.place.text();
  }

  void read_entries(const Schema::EntryList& entries, const Tree& list, const std::string& key) {
    entries.resize(list.items.size());
    for (std::size_t i = 0; i < list.items.size(); ++i)
      Reader(entries.bound(i), list.items[i], str(key, ".", entry_name(list, i), "."), problems_, written_).read();
  }

  void apply_default(const Field& field) {
    for (const auto& [condition, text] : field.conditional_defaults) {
      if (!holds(condition)) continue;
      Problems none;
      field.parse(field, parse_yaml(text, {"default of " + field.key, 0}, none));
      none.raise();
    }
  }

  bool holds(const std::string& condition) const {
    return condition_holds(condition, [this](const std::string& key) { return text_of(key); });
  }

  // A condition on a key that is itself wrong gives no second complaint.
  bool applies(const std::string& condition) const {
    if (holds(condition)) return true;
    const Field* field = schema_.find(condition_key(condition));
    const Tree* value = config_.at(field->key);
    return value && !field->parse(*field, *value).empty();
  }

  std::string text_of(const std::string& key) const {
    const Tree* value = config_.at(key);
    return value ? value->text : schema_.find(key)->default_text;
  }

  const Schema& schema_;
  const Tree& config_;
  const std::string prefix_;
  Problems& problems_;
  Written& written_;
};

}  // namespace

std::string Written::where(const std::string& key) const {
  auto found = places.find(key);
  return found == places.end() ? "default" : found->second;
}

Written read_config(Schema& schema, const std::string& path, const std::vector<std::string>& overrides) {
  Problems problems;
  Tree config = merge_layers(schema, path, overrides, problems);
  Written written;
  Reader(schema, config, /*prefix=*/"", problems, written).read();
  problems.raise();
  return written;
}

void raise_problems(const std::vector<Problem>& problems, const Written& written) {
  if (problems.empty()) return;
  std::vector<std::string> lines;
  for (const auto& problem : problems) {
    std::string place = written.has(problem.key) ? written.where(problem.key) + ": " : "";
    lines.push_back(str(place, "key `", problem.key, "`: ", problem.text));
  }
  throw UsageError(std::move(lines), "`--help KEY` says what a key takes; `--print-config` shows all values");
}

}  // namespace luvit
