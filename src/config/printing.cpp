#include "printing.h"

#include <algorithm>
#include <cmath>

#include "luvit/core/text.h"
#include "yaml_tree.h"

namespace luvit {
namespace {

std::vector<std::string> split(const std::string& text, char separator) {
  std::vector<std::string> parts;
  std::istringstream stream(text);
  for (std::string part; std::getline(stream, part, separator);) parts.push_back(part);
  return parts;
}

// Keys that the printed config leaves out: of the other kind, or replaced by the other of a pair.
bool is_hidden(const Schema& schema, const Schema::Field& field) {
  auto value_of = [&](const std::string& key) { return printed_value(schema, key); };
  if (!condition_holds(field.only_when, value_of)) return true;
  for (const auto& [first, second] : schema.exclusives()) {
    bool first_set = printed_value(schema, first) != "null";
    if ((field.key == first && !first_set) || (field.key == second && first_set)) return true;
  }
  return false;
}

}  // namespace

std::string yaml_number(double value) {
  std::string text = exact(value);
  auto exponent = text.find('e');
  if (exponent != std::string::npos && text.find('.') == std::string::npos) text.insert(exponent, ".0");
  return text;
}

std::string range_text(const Schema::Field& field) {
  auto bound = [](double value) {
    bool whole = value == std::floor(value) && std::abs(value) < 1e15;
    return whole ? std::to_string(static_cast<std::int64_t>(value)) : exact(value);
  };
  bool low = std::isfinite(field.low), high = std::isfinite(field.high);
  if (low && high && !field.open_low && !field.open_high)
    return str("from ", bound(field.low), " to ", bound(field.high));
  std::string text;
  if (low) text = str(field.open_low ? "> " : "≥ ", bound(field.low));
  if (high) text += str(low ? " and " : "", field.open_high ? "< " : "≤ ", bound(field.high));
  return text;
}

std::string condition_key(const std::string& condition) {
  return condition.substr(0, condition.find('='));
}

std::string condition_values(const std::string& condition) {
  return join(split(condition.substr(condition.find('=') + 1), '|'), " or ");
}

bool condition_holds(const std::string& condition, const std::function<std::string(const std::string&)>& value_of) {
  if (condition.empty()) return true;
  auto values = split(condition.substr(condition.find('=') + 1), '|');
  return std::find(values.begin(), values.end(), value_of(condition_key(condition))) != values.end();
}

std::string printed_value(const Schema& schema, const std::string& key) {
  const auto* field = schema.find(key);
  return field ? field->print() : "null";
}

std::string print_entry(const Schema& entry) {
  std::string out = "{";
  std::vector<std::string> open;  // the sections that the last key stands in
  for (const auto& field : entry.fields()) {
    const std::string value = field.print();
    if (value == "null" || value == "[]" || is_hidden(entry, field)) continue;
    auto parts = split(field.key, '.');
    std::size_t common = 0;
    while (common < open.size() && common + 1 < parts.size() && open[common] == parts[common]) ++common;
    out += std::string(open.size() - common, '}');
    if (out.size() > 1) out += ", ";
    for (std::size_t i = common; i + 1 < parts.size(); ++i) out += parts[i] + ": {";
    open.assign(parts.begin(), parts.end() - 1);
    out += parts.back() + ": " + value;
  }
  return out + std::string(open.size() + 1, '}');
}

std::string print_config(const Schema& schema) {
  std::string out;
  std::vector<std::string> open;  // the sections that the last line stands in
  for (const auto& field : schema.fields()) {
    if (is_hidden(schema, field)) continue;
    auto parts = split(field.key, '.');
    std::size_t common = 0;
    while (common < open.size() && common + 1 < parts.size() && open[common] == parts[common]) ++common;
    for (std::size_t i = common; i + 1 < parts.size(); ++i) out += std::string(2 * i, ' ') + parts[i] + ":\n";
    open.assign(parts.begin(), parts.end() - 1);
    const std::string indent(2 * open.size(), ' ');
    if (field.entries && field.entries->size() > 0) {  // a line each
      out += indent + parts.back() + ":\n";
      for (std::size_t i = 0; i < field.entries->size(); ++i)
        out += indent + "  - " + print_entry(field.entries->bound(i)) + "\n";
    } else {
      out += indent + parts.back() + ": " + field.print() + "\n";
    }
  }
  return out;
}

std::vector<Difference> config_differences(const std::string& before_yaml, const std::string& after_yaml) {
  using Leaves = std::vector<std::pair<std::string, std::string>>;
  std::function<void(const Tree&, const std::string&, Leaves&)> collect = [&](const Tree& tree, const std::string& path,
                                                                              Leaves& leaves) {
    if (tree.kind == Tree::Kind::map) {
      for (const auto& entry : tree.entries)
        collect(entry.value, path.empty() ? entry.key : path + "." + entry.key, leaves);
    } else if (tree.kind != Tree::Kind::null) {
      leaves.emplace_back(path, flow_text(tree));
    }
  };
  auto read = [&](const std::string& text, const char* name) {
    Problems problems;
    Leaves leaves;
    collect(parse_yaml(text, {name, 1}, problems), "", leaves);
    problems.raise();
    return leaves;
  };
  auto value = [](const Leaves& leaves, const std::string& key) -> std::string {
    for (const auto& leaf : leaves)
      if (leaf.first == key) return leaf.second;
    return "not set";
  };
  Leaves before = read(before_yaml, "the earlier config"), after = read(after_yaml, "the new config");
  std::vector<Difference> differences;
  for (const auto& [key, text] : before)
    if (value(after, key) != text) differences.push_back({key, text, value(after, key)});
  for (const auto& [key, text] : after)
    if (value(before, key) == "not set") differences.push_back({key, "not set", text});
  return differences;
}

}  // namespace luvit
