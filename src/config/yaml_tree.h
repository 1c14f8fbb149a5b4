#pragma once
#include <string>
#include <vector>

#include "luvit/config/schema.h"

namespace luvit {

// Where something was written. line 0: no file ("command line").
struct Place {
  std::string file;
  int line = 0;
  std::string text() const;  // "config.yaml:12", "command line"
};

// What is wrong with a config, found one by one and reported together in the order of the files.
class Problems {
 public:
  void add(const Place& place, const std::string& text);
  bool empty() const { return found_.empty(); }
  void raise() const;  // UsageError, if there are any

 private:
  struct Found {
    std::size_t file;
    int line;
    std::string text;
  };
  std::vector<std::string> files_;
  std::vector<Found> found_;
};

// A YAML document, free of the library that reads it.
struct Schema::Value {
  enum class Kind { null, scalar, list, map };
  struct Entry;

  Kind kind = Kind::null;
  std::string text;  // of a scalar
  bool quoted = false;
  Place place;
  std::vector<Value> items;    // of a list
  std::vector<Entry> entries;  // of a map, in the file's order, each key once

  Entry* entry(const std::string& key);
  const Entry* entry(const std::string& key) const;
  const Value* at(const std::string& path) const;  // "a.b.c", or nullptr
  void erase(const std::string& path);
  std::string shown() const;  // for messages, on one line and short
};
struct Schema::Value::Entry {
  std::string key;
  Place place;
  Value value;
};
using Tree = Schema::Value;

// One YAML document. Syntax errors, duplicate keys, merge keys and tags are added to `problems`; the tree is what
// could be read.
Tree parse_yaml(const std::string& text, const Place& start, Problems& problems);

// How the entry at `place` of a list is addressed: by its `name`, else by its place.
std::string entry_name(const Tree& list, std::size_t place);
// The entry of that name, else at that place; nullptr: there is none.
Tree* find_entry(Tree& list, const std::string& name);

// The value on one line, numbers in one spelling: equal texts are equal values.
std::string flow_text(const Tree& tree);

// A string as a YAML scalar that reads back as the same string.
std::string yaml_string(const std::string& text);

}  // namespace luvit
