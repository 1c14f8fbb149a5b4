#pragma once
#include <cstdint>
#include <string>
#include <vector>

namespace luvit {

class InputFile;

// One image of a tar shard.
struct TarImage {
  std::string member;       // its name in the archive
  std::int64_t offset = 0;  // of its bytes in the file
  std::int64_t size = 0;
  std::int64_t label = -1;  // from KEY.cls beside KEY.jpg (WebDataset); -1: there is none
};

struct TarIndex {
  std::vector<TarImage> images;
  std::int64_t other_members = 0;
  // Of these, how many look like images but are links or have two extensions, and the first one's name.
  std::int64_t left_out = 0;
  std::string first_left_out;
};

// Reads the headers of an archive (ustar, GNU long names and sizes, pax) and the few bytes of its .cls members.
// DataError naming the file where it is no tar, cut short or damaged.
TarIndex index_tar(const InputFile& file, const std::string& path);

// The same through the cache under $LUVIT_CACHE, which is believed while path, size and time of change are the same.
TarIndex cached_tar_index(const InputFile& file, const std::string& path);

}  // namespace luvit
