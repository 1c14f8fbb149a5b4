#pragma once
#include <functional>
#include <string>

#include "luvit/config/schema.h"

namespace luvit {

// A number that YAML 1.1 and 1.2 both read as one: 1.0e-06, not 1e-06.
std::string yaml_number(double value);

// "≥ 1", "from 0 to 1", "≥ 0 and < 1"; "" where anything goes.
std::string range_text(const Schema::Field& field);

// Whether "model.fusion.kind=llama|mlp" holds, given the text of a key's value. An empty condition holds.
bool condition_holds(const std::string& condition, const std::function<std::string(const std::string&)>& value_of);

// "model.fusion.kind" of the above, and "llama or mlp".
std::string condition_key(const std::string& condition);
std::string condition_values(const std::string& condition);

// What stands for an entry's name in help.
inline constexpr const char* any_entry = "NAME";

// One entry of a list as a YAML flow map: what is set, and belongs to its kind.
std::string print_entry(const Schema& entry);

// A field's value now, as the target holds it.
std::string printed_value(const Schema& schema, const std::string& key);

}  // namespace luvit
