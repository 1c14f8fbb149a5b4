// The reader. Format: github.com/huggingface/safetensors, README "Format": u64 length of the header, the header as
// JSON, then the tensors' bytes with neither hole nor overlap.
#include "luvit/io/safetensors.h"

#include <nlohmann/json.hpp>
#include <unordered_map>

#include "luvit/core/error.h"
#include "luvit/core/input_file.h"
#include "luvit/core/text.h"
#include "luvit/io/json_text.h"
#include "safetensors_types.h"

namespace luvit {
namespace {

using nlohmann::json;

constexpr std::uint64_t largest_header = 100'000'000;  // the reference library's limit

struct Extent {
  std::uint64_t begin = 0, end = 0;
};

struct Header {
  std::vector<TensorInfo> tensors;  // in the file's order
  std::vector<Extent> extents;      // from the end of the header
  Metadata metadata;
};

[[noreturn]] void fail(const std::string& path, const std::string& what) {
  throw DataError(str(escape(path), ": ", what));
}

std::uint64_t header_size(const InputFile& file) {
  if (file.size() < 8) fail(file.path(), str("not a safetensors file: ", file.size(), " bytes, expected 8 or more"));
  std::uint64_t size = 0;
  static_assert(std::endian::native == std::endian::little);
  file.read_at(0, &size, sizeof size);
  if (size > largest_header)
    fail(file.path(),
         str("not a safetensors file: a header of ", size, " bytes, at most ", largest_header, " expected"));
  if (size > file.size() - 8)
    fail(file.path(), str("cut short: its header has ", size, " bytes, the file ", file.size()));
  return size;
}

std::vector<std::uint64_t> unsigned_list(const json& value, const std::string& path, const std::string& where) {
  std::vector<std::uint64_t> out;
  if (!value.is_array()) fail(path, str(where, " is not a list"));
  for (const json& number : value) {
    if (!number.is_number_unsigned()) fail(path, str(where, " holds something other than whole numbers ≥ 0"));
    out.push_back(number.get<std::uint64_t>());
  }
  return out;
}

// Bytes that a shape and a type need; no value when that overflows.
std::optional<std::uint64_t> bytes_of(const std::vector<std::uint64_t>& shape, std::uint64_t item_size) {
  // An empty tensor may have other sizes of any magnitude, but LibTorch multiplies them too.
  std::uint64_t bytes = item_size;
  bool empty = false;
  for (std::uint64_t n : shape) {
    if (n > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())) return {};
    empty = empty || n == 0;
    if (n != 0 && __builtin_mul_overflow(bytes, n, &bytes)) return {};
    if (bytes > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())) return {};
  }
  return empty ? 0 : bytes;
}

void add_tensor(Header& header, const std::string& name, const json& entry, const std::string& path) {
  std::string where = str("tensor '", escape(name), "'");
  if (!entry.is_object() || entry.size() != 3 || !entry.contains("dtype") || !entry.contains("shape") ||
      !entry.contains("data_offsets") || !entry["dtype"].is_string())
    fail(path, str(where, " must have dtype, shape and data_offsets, nothing else"));
  const auto& type_name = entry["dtype"].get_ref<const std::string&>();
  const SafetensorsType* type = find_safetensors_type(type_name);
  if (!type) fail(path, str(where, " has the type '", escape(type_name), "', which LibTorch does not have"));

  auto shape = unsigned_list(entry["shape"], path, str("the shape of ", where));
  auto offsets = unsigned_list(entry["data_offsets"], path, str("data_offsets of ", where));
  if (offsets.size() != 2 || offsets[0] > offsets[1])
    fail(path, str("data_offsets of ", where, " are not [begin, end]"));
  auto bytes = bytes_of(shape, c10::elementSize(type->type));
  if (!bytes) fail(path, str(where, ": its shape has more bytes than 64 bits count"));
  if (*bytes != offsets[1] - offsets[0])
    fail(path, str(where, ": type and shape need ", *bytes, " bytes, data_offsets hold ", offsets[1] - offsets[0]));

  header.tensors.push_back({name, type->type, {shape.begin(), shape.end()}});
  header.extents.push_back({offsets[0], offsets[1]});
}

void add_metadata(Header& header, const json& entry, const std::string& path) {
  if (!entry.is_object()) fail(path, "__metadata__ is not an object");
  for (const auto& [key, value] : entry.items()) {
    if (!value.is_string()) fail(path, str("__metadata__ '", escape(key), "' is not a string"));
    header.metadata[key] = value.get<std::string>();
  }
}

// Sorts by place and refuses holes, overlaps and bytes that belong to no tensor.
void put_in_order(Header& header, std::uint64_t data_bytes, const std::string& path) {
  std::vector<std::size_t> order(header.tensors.size());
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
  std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    const Extent &x = header.extents[a], &y = header.extents[b];
    return std::tie(x.begin, x.end, header.tensors[a].name) < std::tie(y.begin, y.end, header.tensors[b].name);
  });
  Header sorted{{}, {}, std::move(header.metadata)};
  std::uint64_t end = 0;
  for (std::size_t i : order) {
    if (header.extents[i].begin != end)
      fail(path, str("tensor '", escape(header.tensors[i].name), "' begins at byte ", header.extents[i].begin,
                     " of the data, expected ", end, " (the end of the one before)"));
    end = header.extents[i].end;
    sorted.tensors.push_back(std::move(header.tensors[i]));
    sorted.extents.push_back(header.extents[i]);
  }
  if (end > data_bytes) fail(path, str("cut short: its tensors need ", end, " bytes, the file holds ", data_bytes));
  if (end < data_bytes) fail(path, str(data_bytes - end, " bytes at its end belong to no tensor"));
  header = std::move(sorted);
}

Header read_header(const InputFile& file) {
  std::string text(header_size(file), '\0');
  file.read_at(8, text.data(), text.size());
  if (text.empty() || text[0] != '{') fail(file.path(), "not a safetensors file: its header does not begin with '{'");
  require_sound_json(text, file.path());
  Header header;
  const json parsed = json::parse(text);
  for (const auto& [name, entry] : parsed.items()) {
    if (name == "__metadata__")
      add_metadata(header, entry, file.path());
    else
      add_tensor(header, name, entry, file.path());
  }
  put_in_order(header, file.size() - 8 - text.size(), file.path());
  for (Extent& extent : header.extents) extent = {extent.begin + 8 + text.size(), extent.end + 8 + text.size()};
  return header;
}

}  // namespace

struct SafetensorsFile::Impl {
  explicit Impl(const fs::path& path) : file(path), header(read_header(file)) {
    for (std::size_t i = 0; i < header.tensors.size(); ++i) place.emplace(header.tensors[i].name, i);
  }
  InputFile file;
  Header header;
  std::unordered_map<std::string, std::size_t> place;
};

SafetensorsFile::SafetensorsFile(const fs::path& path) : impl_(std::make_unique<Impl>(path)) {}
SafetensorsFile::~SafetensorsFile() = default;
const std::vector<TensorInfo>& SafetensorsFile::tensors() const {
  return impl_->header.tensors;
}
bool SafetensorsFile::has(const std::string& name) const {
  return impl_->place.count(name) != 0;
}
const std::string& SafetensorsFile::path() const {
  return impl_->file.path();
}
const Metadata& SafetensorsFile::metadata() const {
  return impl_->header.metadata;
}

at::Tensor SafetensorsFile::read(const std::string& name) const {
  auto found = impl_->place.find(name);
  if (found == impl_->place.end()) fail(path(), str("no tensor '", escape(name), "' in it"));
  const TensorInfo& info = impl_->header.tensors[found->second];
  const Extent& extent = impl_->header.extents[found->second];
  at::Tensor tensor = at::empty(info.shape, at::TensorOptions(info.type));
  impl_->file.read_at(extent.begin, tensor.mutable_data_ptr(), extent.end - extent.begin);
  return tensor;
}

bool looks_like_safetensors(const fs::path& path) {
  InputFile file(path);
  if (file.size() < 10) return false;
  std::uint64_t size = 0;
  char first = 0;
  file.read_at(0, &size, sizeof size);
  file.read_at(8, &first, 1);
  return size >= 2 && size <= largest_header && first == '{';
}

}  // namespace luvit
