#include "layers.h"

#include <algorithm>
#include <filesystem>

#include "luvit/core/error.h"
#include "luvit/core/files.h"
#include "luvit/core/log.h"
#include "luvit/core/text.h"

namespace luvit {
namespace {

const Place command_line{"command line", 0};

bool is_written(const Tree& tree, const std::string& key) {
  const Tree* value = tree.at(key);
  return value && value->kind != Tree::Kind::null;
}

std::string section_of(const std::string& key) {
  return key.substr(0, key.rfind('.'));
}

class Layers {
 public:
  Layers(const Schema& schema, Problems& problems) : schema_(schema), problems_(problems) {
    merged_.kind = Tree::Kind::map;
  }

  // A file after its bases; `named_at` is where its name was read.
  void add_file(const fs::path& path, const Place& named_at) {
    std::error_code error;
    fs::path identity = fs::canonical(path, error);
    if (error) {
      problems_.add(named_at, str("config file ", escape(path.string()), " is not there"));
      return;
    }
    if (std::find(open_.begin(), open_.end(), identity) != open_.end()) {
      problems_.add(named_at,
                    str("`base` leads back to ", escape(path.string()), ": a config cannot inherit from itself"));
      return;
    }
    Tree layer;
    try {
      layer = parse_yaml(read_file(path), {path.string(), 1}, problems_);
    } catch (const DataError& unreadable) {
      problems_.add(named_at, unreadable.what());
      return;
    }
    if (layer.kind == Tree::Kind::null) return;
    if (layer.kind != Tree::Kind::map) {
      problems_.add(layer.place, str("expected keys and values, found ", layer.shown()));
      return;
    }
    open_.push_back(identity);
    for (const auto& [base, place] : bases_of(layer)) add_file((path.parent_path() / base).lexically_normal(), place);
    open_.pop_back();
    remove_unknown_keys(schema_, layer, problems_);
    check_exclusive(layer);
    merge_layer(layer);
  }

  // All overrides are one layer, so that `fusion.kind=mlp` spares a `fusion.hidden=…` beside it; within it a later
  // one replaces an earlier one.
  void add_overrides(const std::vector<std::string>& overrides) {
    warn_of_repeats(overrides);
    Tree layer;
    layer.kind = Tree::Kind::map;
    for (const auto& word : overrides) {
      Tree one = override_tree(word);
      remove_unknown_keys(schema_, one, problems_);
      drop_replaced(layer, one);
      merge(layer, one, /*keep_null=*/true);
    }
    merge_layer(layer);
  }

  Tree take() { return std::move(merged_); }

 private:
  // Scripts append what shall win; a shell's {0..5} writes a key six times, which nobody means.
  static void warn_of_repeats(const std::vector<std::string>& overrides) {
    std::map<std::string, std::vector<std::string>> values;
    for (const auto& word : overrides)
      if (const auto equals = word.find('='); equals != std::string::npos)
        values[word.substr(0, equals)].push_back(word.substr(equals + 1));
    for (const auto& [key, all] : values)
      if (std::any_of(all.begin(), all.end(), [&](const std::string& one) { return one != all.back(); }))
        log_warning(str("`", escape(key), "` is given ", all.size(), " times; the last counts: ", escape(all.back()),
                        " (braces are the shell's unless quoted: 'data.train=train-{0..5}.tar')"));
  }

  struct Base {
    std::string path;
    Place place;
  };

  std::vector<Base> bases_of(const Tree& layer) {
    std::vector<Base> bases;
    const auto* entry = layer.entry("base");
    if (!entry || entry->value.kind == Tree::Kind::null) return bases;
    std::vector<Tree> names = entry->value.kind == Tree::Kind::list ? entry->value.items : std::vector{entry->value};
    for (const auto& name : names) {
      if (name.kind == Tree::Kind::scalar) {
        bases.push_back({name.text, name.place});
      } else {
        problems_.add(entry->place,
                      str("key `base`: expected a file or a list of files, found ", entry->value.shown()));
      }
    }
    return bases;
  }

  Tree override_tree(const std::string& word) {
    Tree tree;
    tree.kind = Tree::Kind::map;
    auto equals = word.find('=');
    std::string key = word.substr(0, equals);
    bool broken = key.empty() || key.front() == '.' || key.back() == '.' || key.find("..") != std::string::npos;
    if (equals == std::string::npos || broken) {
      problems_.add(command_line, str("`", escape(word), "` is not an override: expected key.path=value"));
      return tree;
    }
    if (key == "base") {
      problems_.add(command_line, "key `base` stands in config files only");
      return tree;
    }
    // `train.steps=$STEPS` with nothing in STEPS must not become another experiment.
    if (equals + 1 == word.size()) {
      problems_.add(command_line, str("`", escape(word), "` has no value: write ", key, "=null to take the default"));
      return tree;
    }
    Tree value = parse_yaml(word.substr(equals + 1), command_line, problems_);
    while (true) {  // from the last part of the key outwards
      auto dot = key.rfind('.');
      tree.entries.clear();
      tree.place = command_line;
      tree.entries.push_back({key.substr(dot == std::string::npos ? 0 : dot + 1), command_line, std::move(value)});
      if (dot == std::string::npos) return tree;
      value = tree;
      key.resize(dot);
    }
  }

  void check_exclusive(Tree& layer) {
    for (const auto& [first, second] : schema_.exclusives()) {
      if (!is_written(layer, first) || !is_written(layer, second)) continue;
      const Place &one = layer.at(first)->place, &other = layer.at(second)->place;
      problems_.add(std::max(one.line, other.line) == one.line ? one : other,
                    str("keys `", first, "` (line ", one.line, ") and `", second, "` (line ", other.line,
                        ") say the same thing: expected one of them"));
    }
  }

  // Takes out of `below` what `layer` makes meaningless.
  void drop_replaced(Tree& below, const Tree& layer) const {
    for (const auto& [first, second] : schema_.exclusives()) {
      if (is_written(layer, first)) below.erase(second);
      if (is_written(layer, second)) below.erase(first);
    }
  }

  void drop_other_kinds(const Tree& layer) {
    for (const auto& key : schema_.kinds()) {
      const Tree* after = layer.at(key);
      if (!after) continue;
      const Tree* before = merged_.at(key);
      const std::string& usual = schema_.find(key)->default_text;
      const std::string& was = before ? before->text : usual;
      if (was != (after->kind == Tree::Kind::null ? usual : after->text)) merged_.erase(section_of(key));
    }
  }

  void merge_layer(const Tree& layer) {
    drop_other_kinds(layer);
    drop_replaced(merged_, layer);
    merge(merged_, layer, /*keep_null=*/false);
  }

  void merge(Tree& into, const Tree& layer, bool keep_null) {
    for (const auto& entry : layer.entries) {
      if (entry.value.kind == Tree::Kind::null && !keep_null) {
        into.erase(entry.key);
        continue;
      }
      auto* old = into.entry(entry.key);
      if (!old) {
        into.entries.push_back({entry.key, entry.place, {}});
        old = &into.entries.back();
      }
      old->place = entry.place;
      bool maps = entry.value.kind == Tree::Kind::map;
      if (maps && is_list_of_entries(old->value)) {
        merge_entries(old->value, entry, keep_null);
        continue;
      }
      if (maps && old->value.kind != Tree::Kind::map) {
        old->value = {};
        old->value.kind = Tree::Kind::map;
        old->value.place = entry.value.place;
      }
      if (maps) {
        merge(old->value, entry.value, keep_null);
      } else {
        old->value = entry.value;
      }
    }
  }

  static bool is_list_of_entries(const Tree& value) {
    return value.kind == Tree::Kind::list && !value.items.empty() &&
           std::all_of(value.items.begin(), value.items.end(),
                       [](const Tree& item) { return item.kind == Tree::Kind::map; });
  }

  // A map over a list reaches into its entries; null takes one out.
  void merge_entries(Tree& list, const Tree::Entry& layer, bool keep_null) {
    for (const auto& below : layer.value.entries) {
      Tree* entry = find_entry(list, below.key);
      if (!entry) {
        std::vector<std::string> names;
        for (std::size_t i = 0; i < list.items.size(); ++i) names.push_back(entry_name(list, i));
        problems_.add(below.place, str("`", layer.key, "` has no entry `", escape(below.key), "`; it has ",
                                       escape(join(names, ", "))));
      } else if (below.value.kind == Tree::Kind::map) {
        merge(*entry, below.value, keep_null);
      } else if (below.value.kind == Tree::Kind::null) {
        list.items.erase(list.items.begin() + (entry - list.items.data()));
      } else {
        problems_.add(below.place, str("key `", layer.key, ".", escape(below.key),
                                       "`: expected keys of this entry, found ", below.value.shown()));
      }
    }
  }

  const Schema& schema_;
  Problems& problems_;
  Tree merged_;
  std::vector<fs::path> open_;
};

}  // namespace

Tree merge_layers(const Schema& schema, const std::string& path, const std::vector<std::string>& overrides,
                  Problems& problems) {
  Layers layers(schema, problems);
  if (!path.empty()) layers.add_file(path, {"--config", 0});
  layers.add_overrides(overrides);
  return layers.take();
}

}  // namespace luvit
