#include <numeric>
#include <set>

#include "luvit/core/error.h"
#include "luvit/core/text.h"
#include "luvit/io/safetensors.h"
#include "safetensors_types.h"

namespace luvit {
namespace {

// Positions in the order of the reference library's files.
std::vector<std::size_t> file_order(const NamedTensors& tensors) {
  std::vector<std::size_t> order(tensors.size());
  std::iota(order.begin(), order.end(), 0);
  std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    int x = place_in_file(tensors[a].second.scalar_type()), y = place_in_file(tensors[b].second.scalar_type());
    return x != y ? x > y : tensors[a].first < tensors[b].first;
  });
  return order;
}

void check(const NamedTensors& tensors) {
  std::set<std::string_view> names;
  for (const auto& [name, tensor] : tensors) {
    if (name == "__metadata__" || !names.insert(name).second)
      throw RunError(str("cannot write the tensor '", escape(name), "': its name is taken"));
    if (!tensor.defined() || !find_safetensors_type(tensor.scalar_type()))
      throw RunError(str("cannot write the tensor '", escape(name), "': safetensors has no such type",
                         tensor.defined() ? str(" (", c10::toString(tensor.scalar_type()), ")") : std::string()));
  }
}

std::string header_text(const NamedTensors& tensors, const std::vector<std::size_t>& order, const Metadata& metadata) {
  std::string text = "{";
  if (!metadata.empty()) {
    std::vector<std::string> entries;
    for (const auto& [key, value] : metadata) entries.push_back(json_quote(key) + ":" + json_quote(value));
    text += "\"__metadata__\":{" + join(entries, ",") + "}";
  }
  std::uint64_t end = 0;
  for (std::size_t i : order) {
    const auto& [name, tensor] = tensors[i];
    std::vector<std::string> sizes;
    for (std::int64_t n : tensor.sizes()) sizes.push_back(std::to_string(n));
    std::uint64_t begin = end;
    end += tensor.nbytes();
    text += str(text.size() > 1 ? "," : "", json_quote(name), ":{\"dtype\":\"",
                find_safetensors_type(tensor.scalar_type())->name, "\",\"shape\":[", join(sizes, ","),
                "],\"data_offsets\":[", begin, ",", end, "]}");
  }
  text += "}";
  text.append((8 - text.size() % 8) % 8, ' ');  // the data begins at a multiple of 8
  return text;
}

}  // namespace

void write_safetensors(FileLayer::Handle& out, const NamedTensors& tensors, const Metadata& metadata) {
  check(tensors);
  std::vector<std::size_t> order = file_order(tensors);
  std::string header = header_text(tensors, order, metadata);
  std::uint64_t size = header.size();
  out.write(&size, sizeof size);
  out.write(header.data(), header.size());
  for (std::size_t i : order) {
    at::Tensor plain =
        tensors[i].second.detach().cpu().contiguous();  // one copy at a time, none where it is so already
    if (plain.nbytes() > 0) out.write(plain.const_data_ptr(), plain.nbytes());
  }
}

void write_safetensors(const fs::path& path, const NamedTensors& tensors, const Metadata& metadata) {
  write_durably(path, [&](FileLayer::Handle& file) { write_safetensors(file, tensors, metadata); });
}

}  // namespace luvit
