#include "yaml_tree.h"

#include <algorithm>

#include "luvit/core/error.h"
#include "luvit/core/text.h"
#include "numbers.h"

namespace luvit {

std::string Place::text() const {
  return line > 0 ? str(escape(file), ":", line) : escape(file);
}

void Problems::add(const Place& place, const std::string& text) {
  auto file = std::find(files_.begin(), files_.end(), place.file);
  auto index = static_cast<std::size_t>(file - files_.begin());
  if (file == files_.end()) files_.push_back(place.file);
  found_.push_back({index, place.line, str(place.text(), ": ", text)});
}

void Problems::raise() const {
  constexpr std::size_t most_lines = 30;
  if (found_.empty()) return;
  std::vector<Found> sorted = found_;
  std::stable_sort(sorted.begin(), sorted.end(), [](const Found& a, const Found& b) {
    return std::pair(a.file, a.line) < std::pair(b.file, b.line);
  });
  std::vector<std::string> lines;
  for (const auto& found : sorted) {
    if (lines.size() == most_lines) {
      lines.push_back(str("… and ", sorted.size() - most_lines, " more"));
      break;
    }
    lines.push_back(found.text);
  }
  throw UsageError(std::move(lines), "`--help KEY` says what a key takes, `--help` lists them all");
}

Tree::Entry* Tree::entry(const std::string& key) {
  auto found = std::find_if(entries.begin(), entries.end(), [&](const Entry& entry) { return entry.key == key; });
  return found == entries.end() ? nullptr : &*found;
}

const Tree::Entry* Tree::entry(const std::string& key) const {
  return const_cast<Tree*>(this)->entry(key);
}

const Tree* Tree::at(const std::string& path) const {
  auto dot = path.find('.');
  const Entry* found = entry(path.substr(0, dot));
  if (!found || dot == std::string::npos) return found ? &found->value : nullptr;
  return found->value.at(path.substr(dot + 1));
}

void Tree::erase(const std::string& path) {
  auto dot = path.find('.');
  Entry* found = entry(path.substr(0, dot));
  if (!found) return;
  if (dot == std::string::npos) {
    entries.erase(entries.begin() + (found - entries.data()));
  } else {
    found->value.erase(path.substr(dot + 1));
  }
}

std::string Tree::shown() const {
  constexpr std::size_t most_letters = 60;
  std::string out;
  switch (kind) {
    case Kind::null:
      return "nothing";
    case Kind::map:
      return "a section";
    case Kind::list:
      out = "[";
      for (std::size_t i = 0; i < items.size() && out.size() <= most_letters; ++i)
        out += (i ? ", " : "") + (items[i].kind == Kind::scalar ? escape(items[i].text) : items[i].shown());
      out += "]";
      break;
    case Kind::scalar:
      out = quoted ? '"' + escape(text) + '"' : escape(text);
  }
  if (out.size() > most_letters) {
    std::size_t end = most_letters;
    while (end > 0 && (out[end] & 0xc0) == 0x80) --end;  // not inside a letter
    out = out.substr(0, end) + "…";
  }
  return "`" + out + "`";
}

std::string entry_name(const Tree& list, std::size_t place) {
  const Tree* name = list.items[place].at("name");
  return name && name->kind == Tree::Kind::scalar && !name->text.empty() ? name->text : std::to_string(place);
}

Tree* find_entry(Tree& list, const std::string& name) {
  for (std::size_t i = 0; i < list.items.size(); ++i)
    if (entry_name(list, i) == name) return &list.items[i];
  const auto place = parse_unsigned(name);
  return place && *place < list.items.size() ? &list.items[*place] : nullptr;
}

std::string flow_text(const Tree& tree) {
  std::vector<std::string> parts;
  switch (tree.kind) {
    case Tree::Kind::null:
      return "null";
    case Tree::Kind::scalar:
      if (auto number = tree.quoted ? std::nullopt : parse_real(tree.text); number && !parse_integer(tree.text))
        return exact(*number);
      return tree.text;
    case Tree::Kind::list:
      for (const auto& item : tree.items) parts.push_back(flow_text(item));
      return "[" + join(parts, ", ") + "]";
    case Tree::Kind::map:
      for (const auto& entry : tree.entries) parts.push_back(entry.key + ": " + flow_text(entry.value));
      return "{" + join(parts, ", ") + "}";
  }
  return "";
}

// Plain where no reader of YAML 1.1 or 1.2 can take it for anything else.
std::string yaml_string(const std::string& text) {
  auto safe = [](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) || c == '_' || c == '/' || c == '.' || c == '-';
  };
  bool plain = !text.empty() &&
               (std::isalpha(static_cast<unsigned char>(text[0])) || text[0] == '/' || text[0] == '.') &&
               std::all_of(text.begin(), text.end(), safe) && !parse_real(text);
  std::string lower = text;
  std::transform(lower.begin(), lower.end(), lower.begin(), [](unsigned char c) { return std::tolower(c); });
  for (const char* word : {"null", "true", "false", "yes", "no", "on", "off", "y", "n", ".inf", ".nan"})
    plain = plain && lower != word;
  return plain ? text : json_quote(text);
}

}  // namespace luvit
