#pragma once

namespace luvit {

extern const char* const page_style;

}  // namespace luvit
