#include <algorithm>

#include "luvit/core/error.h"
#include "luvit/core/text.h"
#include "printing.h"

namespace luvit {
namespace {

using Field = Schema::Field;

std::string section_of(const std::string& key) {
  auto dot = key.rfind('.');
  return dot == std::string::npos ? "" : key.substr(0, dot);
}

std::string default_text(const Field& field) {
  if (field.is_required) return "must be written";
  std::string text =
      field.default_text == "null" || field.default_text == "[]" ? "no default" : "default " + field.default_text;
  for (const auto& [condition, value] : field.conditional_defaults)
    text += str(", ", value, " for ", condition_key(condition), ": ", condition_values(condition));
  return text;
}

// "integer ≥ 1, pixels, default 224, only for model.fusion.kind: llama"
std::string facts(const Field& field) {
  std::vector<std::string> parts = {field.type};
  if (auto range = range_text(field); !range.empty()) parts.back() += " " + range;
  if (!field.unit.empty()) parts.push_back(field.unit);
  parts.push_back(default_text(field));
  if (!field.only_when.empty())
    parts.push_back(str("only for ", condition_key(field.only_when), ": ", condition_values(field.only_when)));
  return join(parts, ", ");
}

std::string section_help(const Schema& schema, const std::string& section) {
  std::string out = section.empty() ? "" : section;
  auto title = schema.sections().find(section);
  if (title != schema.sections().end()) out += ": " + title->second;
  if (!out.empty()) out += "\n";
  for (const auto& field : schema.fields())
    if (section_of(field.key) == section)
      out += str("  ", field.key, "\n      ", field.help, "\n      (", facts(field), ")\n");
  return out;
}

std::string key_help(const Field& field) {
  std::string out = field.key + "\n  " + field.help + "\n";
  auto line = [&out](const std::string& name, const std::string& text) {
    if (!text.empty()) out += str("  ", name, std::string(10 - name.size(), ' '), text, "\n");
  };
  line("type", field.type);
  line("range", range_text(field));
  line("unit", field.unit);
  line("default", default_text(field));
  if (!field.only_when.empty())
    line("only for", str(condition_key(field.only_when), ": ", condition_values(field.only_when)));
  return out;
}

// "suites.in1k.data" is explained as suites.NAME.data.
std::string without_name(const Schema& schema, const std::string& topic) {
  for (const auto& field : schema.fields())
    if (field.entries && topic.starts_with(field.key + "."))
      if (const auto end = topic.find('.', field.key.size() + 1); end != std::string::npos)
        return str(field.key, ".", any_entry, topic.substr(end));
  return topic;
}

}  // namespace

std::string print_help(const Schema& whole, const std::string& asked) {
  const Schema schema = whole.flattened();
  const std::string topic = without_name(whole, asked);
  if (const Field* field = schema.find(topic); field && !field->entries) return key_help(*field);
  if (!topic.empty() && !schema.is_section(topic)) {
    std::vector<std::string> known;
    for (const auto& field : schema.fields()) {
      known.push_back(field.key);
      known.push_back(section_of(field.key));
    }
    std::string near = nearest(topic, known);
    throw UsageError(
        str("no key or section is called `", topic, "`", near.empty() ? "" : "; did you mean `" + near + "`?"),
        "`--help` lists them all");
  }
  std::vector<std::string> sections;
  for (const auto& field : schema.fields()) {
    std::string section = section_of(field.key);
    bool wanted = topic.empty() || section == topic || section.rfind(topic + ".", 0) == 0;
    if (wanted && std::find(sections.begin(), sections.end(), section) == sections.end()) sections.push_back(section);
  }
  std::vector<std::string> texts;
  for (const auto& section : sections) texts.push_back(section_help(schema, section));
  return join(texts, "\n");
}

}  // namespace luvit
