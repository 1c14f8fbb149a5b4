#pragma once
#include <string>
#include <string_view>

namespace luvit {

// Refuses what a JSON parser lets pass or dies of: broken syntax, a key given twice in one object, deep nesting.
// DataError naming `where` (a file) and the place in it. What follows may parse the text without further checks.
void require_sound_json(std::string_view text, const std::string& where);

}  // namespace luvit
