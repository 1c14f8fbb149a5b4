#pragma once
#include <string>
#include <vector>

#include "yaml_tree.h"

namespace luvit {

// The config file, its bases below it and the overrides on top, merged into one tree of known keys: maps merge,
// everything else replaces, null deletes. Notes (`x-…`) and `base` are gone from it.
Tree merge_layers(const Schema& schema, const std::string& path, const std::vector<std::string>& overrides,
                  Problems& problems);

// Adds what is wrong with the keys of a layer to `problems`, and takes those keys out of it.
void remove_unknown_keys(const Schema& schema, Tree& layer, Problems& problems);

}  // namespace luvit
