#pragma once
#include <string>
#include <vector>

namespace luvit {

// The paths that one entry of data.train names: braces first ("{000..127}", "{a,b}", in their order), then globs
// (byte-sorted); a path that exists as it is written is never expanded. DataError where a glob matches nothing.
std::vector<std::string> expand_source(const std::string& source);

// The shell's braces only. A brace without a range or a comma is kept as it is.
std::vector<std::string> expand_braces(const std::string& text);

}  // namespace luvit
