#include <algorithm>
#include <set>

#include "layers.h"
#include "luvit/core/error.h"
#include "luvit/core/text.h"

namespace luvit {
namespace {

bool is_note(const std::string& key) {
  return key.rfind("x-", 0) == 0;
}

std::string last_part(const std::string& key) {
  return key.substr(key.rfind('.') + 1);
}

std::string section_prefix(const std::string& key) {
  return key.substr(0, key.rfind('.') + 1);
}

// Keys and sections, in the schema's order.
std::vector<std::string> known_paths(const Schema& schema) {
  std::vector<std::string> paths;
  std::set<std::string> seen;
  for (const auto& field : schema.fields())
    for (auto dot = field.key.find('.');; dot = field.key.find('.', dot + 1)) {
      std::string path = field.key.substr(0, dot);
      if (seen.insert(path).second) paths.push_back(path);
      if (dot == std::string::npos) break;
    }
  return paths;
}

std::string quoted_list(const std::vector<std::string>& names) {
  std::vector<std::string> quoted;
  for (const auto& name : names) quoted.push_back("`" + name + "`");
  return join(quoted, ", ");
}

// The most useful thing to say about a key that is not known: a slip of the finger in this section, the right name
// in the wrong section, or the nearest name anywhere.
std::string advice(const Schema& schema, const std::string& shown, const std::string& path) {
  std::string prefix = section_prefix(path), name = last_part(path);
  std::vector<std::string> siblings, elsewhere, all = known_paths(schema);
  for (const auto& known : all) {
    if (section_prefix(known) == prefix) siblings.push_back(last_part(known));
    if (last_part(known) == name)
      elsewhere.push_back(shown + (section_prefix(known).empty() ? known : section_prefix(known)));
  }
  if (name.size() != path.size() && std::find(all.begin(), all.end(), name) != all.end() && elsewhere.size() == 1)
    return shown.empty() ? str("; `", name, "` stands at the top level") : str("; it exists as `", shown, name, "`");
  if (!elsewhere.empty()) return str("; it exists under ", quoted_list(elsewhere));
  if (auto found = nearest(name, siblings); !found.empty()) return str("; did you mean `", shown, prefix, found, "`?");
  if (auto found = nearest(path, all); !found.empty()) return str("; did you mean `", shown, found, "`?");
  return "";
}

class Checker {
 public:
  // `shown` stands before the keys of an entry of a list.
  Checker(const Schema& schema, Problems& problems, std::string shown = "")
      : schema_(schema), problems_(problems), shown_(std::move(shown)) {}

  void check(Tree& section, const std::string& prefix) {
    auto is_bad = [&](Tree::Entry& entry) { return !is_good(entry, prefix); };
    auto& entries = section.entries;
    entries.erase(std::remove_if(entries.begin(), entries.end(), is_bad), entries.end());
  }

 private:
  bool is_good(Tree::Entry& entry, const std::string& prefix) {
    const std::string path = prefix + entry.key;
    if (is_note(entry.key) || (path == "base" && shown_.empty())) return false;
    if (entry.key.find('.') == std::string::npos) {
      if (const auto* field = schema_.find(path)) {
        if (field->entries) check_entries(entry.value, *field->entries, path);
        return true;
      }
      if (schema_.is_section(path)) return is_good_section(entry, path);
    } else if (schema_.find(path) || schema_.is_section(path)) {
      problems_.add(entry.place, str("key `", shown_, path, "`: in a file sections are nested (`",
                                     path.substr(0, path.find('.')), ":`, then the rest below it, indented)"));
      return false;
    }
    problems_.add(entry.place, str("key `", escape(shown_ + path), "` is unknown", advice(schema_, shown_, path)));
    return false;
  }

  // A list of entries, or a map that reaches into one.
  void check_entries(Tree& value, const Schema::EntryList& entries, const std::string& path) {
    const auto check_one = [&](Tree& entry, const std::string& name) {
      if (entry.kind == Tree::Kind::map)
        Checker(*entries.keys, problems_, str(shown_, path, ".", name, ".")).check(entry, "");
    };
    for (std::size_t i = 0; i < value.items.size(); ++i) check_one(value.items[i], entry_name(value, i));
    for (auto& below : value.entries) check_one(below.value, below.key);
  }

  bool is_good_section(Tree::Entry& entry, const std::string& path) {
    if (entry.value.kind == Tree::Kind::map) check(entry.value, path + ".");
    if (entry.value.kind == Tree::Kind::map || entry.value.kind == Tree::Kind::null) return true;
    problems_.add(entry.place, str("key `", shown_, path, "`: expected a section with keys of its own, found ",
                                   entry.value.shown()));
    return false;
  }

  const Schema& schema_;
  Problems& problems_;
  const std::string shown_;
};

}  // namespace

void remove_unknown_keys(const Schema& schema, Tree& layer, Problems& problems) {
  Checker(schema, problems).check(layer, "");
}

void require_keys(const Schema& schema, const std::string& option, const std::vector<std::string>& names) {
  std::vector<std::string> lines;
  for (const auto& name : names) {
    if (schema.find(name)) continue;
    const std::string what = schema.is_section(name) ? "is a section; name each key" : "is no key";
    lines.push_back(str(option, ": `", escape(name), "` ", what,
                        schema.is_section(name) ? "" : advice(schema, /*shown=*/"", name)));
  }
  if (!lines.empty()) throw UsageError(std::move(lines), "`--help` lists the keys");
}

}  // namespace luvit
