#include "layers.h"
#include "luvit/core/error.h"
#include "luvit/core/text.h"
#include "printing.h"
#include "yaml_tree.h"

namespace luvit {
namespace {

using Field = Schema::Field;

class Reader {
 public:
  Reader(Schema& schema, const Tree& config, Problems& problems)
      : schema_(schema), config_(config), problems_(problems) {}

  Written read() {
    for (const auto& field : schema_.fields()) {
      if (const Tree* value = config_.at(field.key)) {
        read_value(field, *value);
      } else {
        apply_default(field);
      }
    }
    return std::move(written_);
  }

 private:
  void read_value(const Field& field, const Tree& value) {
    std::string wrong = field.parse(field, value);
    if (wrong.empty() && !applies(field.only_when))
      wrong = str("it belongs to ", condition_key(field.only_when), ": ", condition_values(field.only_when),
                  ", and here that is `", escape(text_of(condition_key(field.only_when))), "`");
    if (!wrong.empty()) problems_.add(value.place, str("key `", field.key, "`: ", wrong));
    written_.keys.insert(field.key);
    written_.places[field.key] = value.place.text();
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
    std::string value = text_of(field->key);
    for (const auto& choice : field->choices)
      if (choice == value) return false;
    return true;
  }

  std::string text_of(const std::string& key) const {
    const Tree* value = config_.at(key);
    return value ? value->text : schema_.find(key)->default_text;
  }

  Schema& schema_;
  const Tree& config_;
  Problems& problems_;
  Written written_;
};

}  // namespace

std::string Written::where(const std::string& key) const {
  auto found = places.find(key);
  return found == places.end() ? "default" : found->second;
}

Written read_config(Schema& schema, const std::string& path, const std::vector<std::string>& overrides) {
  Problems problems;
  Tree config = merge_layers(schema, path, overrides, problems);
  Written written = Reader(schema, config, problems).read();
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
