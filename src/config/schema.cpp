#include "luvit/config/schema.h"

#include <algorithm>
#include <stdexcept>

#include "luvit/core/text.h"
#include "numbers.h"
#include "printing.h"
#include "yaml_tree.h"

namespace luvit {
namespace {

using Field = Schema::Field;

std::string expected(const std::string& what, const Tree& value) {
  std::string text = str("expected ", what, ", found ", value.shown());
  if (value.kind == Tree::Kind::scalar && !value.quoted && resembles_number(value.text) && !parse_real(value.text))
    text += " (numbers are decimal: no leading zeros, no 0x, no _)";
  return text;
}

std::string with_range(const Field& field) {
  std::string range = range_text(field);
  return range.empty() ? field.type : field.type + " " + range;
}

std::string check_range(const Field& field, double number, const Tree& value) {
  bool low = field.open_low ? number > field.low : number >= field.low;
  bool high = field.open_high ? number < field.high : number <= field.high;
  return low && high ? "" : expected(with_range(field), value);
}

std::optional<double> real_of(const Tree& value) {
  bool plain = value.kind == Tree::Kind::scalar && !value.quoted;
  return plain ? parse_real(value.text) : std::nullopt;
}

// For targets that hold one whole number: `convert` knows which texts fit.
template <typename Target, typename Convert>
std::string parse_whole(const Field& field, const Tree& value, Target& target, Convert convert) {
  bool plain = value.kind == Tree::Kind::scalar && !value.quoted;
  auto number = plain ? convert(value.text) : std::nullopt;
  if (!number) return expected(with_range(field), value);
  std::string wrong = check_range(field, static_cast<double>(*number), value);
  if (wrong.empty()) target = *number;
  return wrong;
}

template <typename Target>
std::string parse_double(const Field& field, const Tree& value, Target& target) {
  auto number = real_of(value);
  if (!number) return expected(with_range(field), value);
  std::string wrong = check_range(field, *number, value);
  if (wrong.empty()) target = *number;
  return wrong;
}

template <typename Target>
std::string parse_string(const Field& field, const Tree& value, Target& target) {
  if (value.kind != Tree::Kind::scalar) return expected(field.type, value);
  target = value.text;
  return "";
}

Field make(const std::string& key, const std::string& help, const std::string& type) {
  Field field;
  field.key = key;
  field.help = help;
  field.type = type;
  return field;
}

std::string list_text(const std::vector<std::string>& parts) {
  return "[" + join(parts, ", ") + "]";
}

}  // namespace

Field& Field::default_when(const std::string& condition, const std::string& value) {
  conditional_defaults.emplace_back(condition, value);
  return *this;
}

Field& Schema::push(Field field) {
  if (find(field.key)) throw std::logic_error("config key declared twice: " + field.key);
  field.default_text = field.print();
  fields_.push_back(std::move(field));
  return fields_.back();
}

const Field* Schema::find(const std::string& key) const {
  auto found = std::find_if(fields_.begin(), fields_.end(), [&](const Field& field) { return field.key == key; });
  return found == fields_.end() ? nullptr : &*found;
}

Field& Schema::field(const std::string& key) {
  if (const Field* found = find(key)) return const_cast<Field&>(*found);
  throw std::logic_error("no such config key: " + key);
}

bool Schema::is_section(const std::string& path) const {
  return std::any_of(fields_.begin(), fields_.end(), [&](const Field& f) { return f.key.rfind(path + ".", 0) == 0; });
}

Field& Schema::push_entries(const std::string& key, const std::string& help, EntryList entries) {
  Field field = make(key, help, "a list of entries");
  field.entries = std::make_shared<const EntryList>(std::move(entries));
  field.parse = [](const Field& f, const Value& value) {
    const bool maps = std::all_of(value.items.begin(), value.items.end(),
                                  [](const Value& item) { return item.kind == Value::Kind::map; });
    return value.kind == Value::Kind::list && maps ? "" : expected(f.type + ", each with keys of its own", value);
  };
  field.print = [list = field.entries] {
    std::vector<std::string> parts;
    for (std::size_t i = 0; i < list->size(); ++i) parts.push_back(print_entry(list->bound(i)));
    return list_text(parts);
  };
  return push(std::move(field));
}

Schema Schema::flattened() const {
  Schema flat = *this;
  flat.fields_.clear();
  for (const Field& field : fields_) {
    flat.fields_.push_back(field);
    if (!field.entries) continue;
    const std::string prefix = field.key + "." + any_entry + ".";
    for (Field below : field.entries->keys->fields_) {
      below.key = prefix + below.key;
      if (!below.only_when.empty()) below.only_when = prefix + below.only_when;
      flat.fields_.push_back(std::move(below));
    }
    for (const auto& [section, help] : field.entries->keys->sections_) flat.sections_[prefix + section] = help;
  }
  return flat;
}

Field& Schema::add(const std::string& key, std::int64_t& target, const std::string& help) {
  Field field = make(key, help, "an integer");
  field.parse = [&target](const Field& f, const Value& value) { return parse_whole(f, value, target, parse_integer); };
  field.print = [&target] { return std::to_string(target); };
  return push(std::move(field));
}

Field& Schema::add(const std::string& key, std::optional<std::int64_t>& target, const std::string& help) {
  Field field = make(key, help, "an integer");
  field.parse = [&target](const Field& f, const Value& value) { return parse_whole(f, value, target, parse_integer); };
  field.print = [&target] { return target ? std::to_string(*target) : "null"; };
  return push(std::move(field));
}

Field& Schema::add(const std::string& key, std::uint64_t& target, const std::string& help) {
  Field field = make(key, help, "an integer");
  field.low = 0;
  field.parse = [&target](const Field& f, const Value& value) { return parse_whole(f, value, target, parse_unsigned); };
  field.print = [&target] { return std::to_string(target); };
  return push(std::move(field));
}

Field& Schema::add(const std::string& key, double& target, const std::string& help) {
  Field field = make(key, help, "a number");
  field.parse = [&target](const Field& f, const Value& value) { return parse_double(f, value, target); };
  field.print = [&target] { return yaml_number(target); };
  return push(std::move(field));
}

Field& Schema::add(const std::string& key, std::optional<double>& target, const std::string& help) {
  Field field = make(key, help, "a number");
  field.parse = [&target](const Field& f, const Value& value) { return parse_double(f, value, target); };
  field.print = [&target] { return target ? yaml_number(*target) : "null"; };
  return push(std::move(field));
}

Field& Schema::add(const std::string& key, bool& target, const std::string& help) {
  Field field = make(key, help, "true or false");
  field.parse = [&target](const Field& f, const Value& value) -> std::string {
    bool plain = value.kind == Value::Kind::scalar && !value.quoted;
    if (!plain || (value.text != "true" && value.text != "false")) return expected(f.type, value);
    target = value.text == "true";
    return "";
  };
  field.print = [&target] { return target ? "true" : "false"; };
  return push(std::move(field));
}

Field& Schema::add(const std::string& key, std::string& target, const std::string& help) {
  Field field = make(key, help, "a string");
  field.parse = [&target](const Field& f, const Value& value) { return parse_string(f, value, target); };
  field.print = [&target] { return target.empty() ? "null" : yaml_string(target); };
  return push(std::move(field));
}

Field& Schema::add(const std::string& key, std::optional<std::string>& target, const std::string& help) {
  Field field = make(key, help, "a string");
  field.parse = [&target](const Field& f, const Value& value) { return parse_string(f, value, target); };
  field.print = [&target] { return target ? yaml_string(*target) : "null"; };
  return push(std::move(field));
}

Field& Schema::add(const std::string& key, std::vector<double>& target, const std::string& help) {
  std::size_t length = target.size();
  Field field = make(key, help, str("a list of ", length, " numbers"));
  field.parse = [&target, length](const Field& f, const Value& value) -> std::string {
    if (value.kind != Value::Kind::list || value.items.size() != length) return expected(with_range(f), value);
    std::vector<double> numbers;
    for (const auto& item : value.items) {
      auto number = real_of(item);
      if (!number) return expected(with_range(f), value);
      if (auto wrong = check_range(f, *number, value); !wrong.empty()) return wrong;
      numbers.push_back(*number);
    }
    target = numbers;
    return "";
  };
  field.print = [&target] {
    std::vector<std::string> parts;
    for (double number : target) parts.push_back(yaml_number(number));
    return list_text(parts);
  };
  return push(std::move(field));
}

Field& Schema::add(const std::string& key, std::vector<std::string>& target, const std::string& help) {
  Field field = make(key, help, "a string or a list of them");
  field.parse = [&target](const Field& f, const Value& value) -> std::string {
    std::vector<std::string> texts;
    if (value.kind == Value::Kind::scalar) texts.push_back(value.text);
    if (value.kind == Value::Kind::map) return expected(f.type, value);
    for (const auto& item : value.items) {
      if (item.kind != Value::Kind::scalar) return expected(f.type, value);
      texts.push_back(item.text);
    }
    target = texts;
    return "";
  };
  field.print = [&target] {
    std::vector<std::string> parts;
    for (const auto& text : target) parts.push_back(yaml_string(text));
    return parts.size() == 1 ? parts[0] : list_text(parts);
  };
  return push(std::move(field));
}

Field& Schema::add_choice(const std::string& key, const std::string& help, std::vector<std::string> names,
                          std::function<void(std::size_t)> set, std::function<std::size_t()> get) {
  Field field = make(key, help, "one of " + join(names, ", "));
  field.choices = names;
  field.parse = [names, set](const Field& f, const Value& value) -> std::string {
    auto found = std::find(names.begin(), names.end(), value.text);
    if (value.kind != Value::Kind::scalar || found == names.end()) return expected(f.type, value);
    set(static_cast<std::size_t>(found - names.begin()));
    return "";
  };
  field.print = [names, get] { return yaml_string(names[get()]); };
  return push(std::move(field));
}

}  // namespace luvit
