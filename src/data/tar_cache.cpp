// The index of a tar shard, kept so that the next start does not read the shard's headers again. A cache that cannot
// be read or believed is made anew; one that cannot be written costs time only.
#include <cstdlib>
#include <cstring>

#include "luvit/core/error.h"
#include "luvit/core/files.h"
#include "luvit/core/input_file.h"
#include "luvit/core/log.h"
#include "luvit/core/text.h"
#include "tar_index.h"

namespace luvit {
namespace {

constexpr std::string_view magic = "luvit tar index 2\n";

std::uint64_t fnv1a(std::string_view bytes) {
  std::uint64_t hash = 14695981039346656037u;
  for (const unsigned char c : bytes) hash = (hash ^ c) * 1099511628211u;
  return hash;
}

fs::path cache_folder() {
  if (const char* own = std::getenv("LUVIT_CACHE"); own && *own) return fs::path(own) / "tar-index";
  if (const char* xdg = std::getenv("XDG_CACHE_HOME"); xdg && *xdg) return fs::path(xdg) / "luvit" / "tar-index";
  if (const char* home = std::getenv("HOME"); home && *home) return fs::path(home) / ".cache" / "luvit" / "tar-index";
  return {};
}

void put(std::string& out, std::int64_t value) {
  out.append(reinterpret_cast<const char*>(&value), sizeof value);
}
void put(std::string& out, std::string_view text) {
  put(out, static_cast<std::int64_t>(text.size()));
  out.append(text);
}

// What identifies the shard: everything an entry starts with.
std::string identity(const InputFile& file, const std::string& path) {
  std::string text(magic);
  put(text, path);
  put(text, static_cast<std::int64_t>(file.size()));
  put(text, file.modified_ns());
  return text;
}

std::string encode(const TarIndex& index, const std::string& identity_text) {
  std::string out = identity_text;
  put(out, index.other_members);
  put(out, index.left_out);
  put(out, index.first_left_out);
  put(out, static_cast<std::int64_t>(index.images.size()));
  for (const auto& image : index.images) {
    put(out, image.offset);
    put(out, image.size);
    put(out, image.label);
    put(out, image.member);
  }
  put(out, static_cast<std::int64_t>(fnv1a(out)));
  return out;
}

class Decoder {
 public:
  explicit Decoder(std::string_view bytes) : left_(bytes) {}
  bool take(std::int64_t& value) {
    if (left_.size() < sizeof value) return false;
    std::memcpy(&value, left_.data(), sizeof value);
    left_.remove_prefix(sizeof value);
    return true;
  }
  bool take(std::string& text) {
    std::int64_t bytes = 0;
    if (!take(bytes) || bytes < 0 || static_cast<std::size_t>(bytes) > left_.size()) return false;
    text = left_.substr(0, static_cast<std::size_t>(bytes));
    left_.remove_prefix(static_cast<std::size_t>(bytes));
    return true;
  }
  bool done() const { return left_.empty(); }

 private:
  std::string_view left_;
};

std::optional<TarIndex> decode(std::string_view bytes, const std::string& identity_text, std::int64_t file_size) {
  if (bytes.size() < identity_text.size() + sizeof(std::int64_t)) return std::nullopt;
  const auto body = bytes.substr(0, bytes.size() - sizeof(std::int64_t));
  std::int64_t hash = 0;
  std::memcpy(&hash, bytes.data() + body.size(), sizeof hash);
  if (body.substr(0, identity_text.size()) != identity_text || hash != static_cast<std::int64_t>(fnv1a(body))) {
    return std::nullopt;
  }
  Decoder in(body.substr(identity_text.size()));
  TarIndex index;
  std::int64_t count = 0;
  if (!in.take(index.other_members) || !in.take(index.left_out) || !in.take(index.first_left_out) || !in.take(count)) {
    return std::nullopt;
  }
  for (std::int64_t i = 0; i < count; ++i) {
    TarImage image;
    if (!in.take(image.offset) || !in.take(image.size) || !in.take(image.label) || !in.take(image.member)) {
      return std::nullopt;
    }
    if (image.offset < 0 || image.size < 0 || image.size > file_size || image.offset > file_size - image.size) {
      return std::nullopt;
    }
    index.images.push_back(std::move(image));
  }
  if (!in.done()) return std::nullopt;
  return index;
}

std::optional<TarIndex> load(const fs::path& entry, const std::string& identity_text, std::int64_t file_size) {
  std::error_code ignored;
  if (!fs::is_regular_file(entry, ignored)) return std::nullopt;
  try {
    return decode(read_file(entry), identity_text, file_size);
  } catch (const Error&) {
    return std::nullopt;
  }
}

}  // namespace

TarIndex cached_tar_index(const InputFile& file, const std::string& path) {
  const fs::path folder = cache_folder();
  if (folder.empty()) return index_tar(file, path);
  std::error_code failed;
  const fs::path whole = fs::weakly_canonical(path, failed);
  const std::string identity_text = identity(file, failed ? path : whole.string());
  std::ostringstream name;
  name << std::hex << fnv1a(failed ? path : whole.string()) << ".index";
  const fs::path entry = folder / name.str();
  if (auto index = load(entry, identity_text, static_cast<std::int64_t>(file.size()))) return std::move(*index);

  TarIndex index = index_tar(file, path);
  try {
    fs::create_directories(folder);
    write_durably(entry, encode(index, identity_text));
  } catch (const std::exception& error) {
    log_warning(str("the index of ", path, " cannot be kept for the next start: ", error.what()));
  }
  return index;
}

}  // namespace luvit
