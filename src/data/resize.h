#pragma once
#include "luvit/data/transforms.h"

namespace luvit {

// As in transforms.h, into an image whose memory is used again.
void resize_fast(const Image& image, std::int64_t height, std::int64_t width, Image& out);
void resize_as_pillow(const Image& image, std::int64_t height, std::int64_t width, Filter filter, Image& out);

}  // namespace luvit
