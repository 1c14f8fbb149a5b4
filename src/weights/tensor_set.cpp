#include "tensor_set.h"

#include "luvit/core/error.h"
#include "luvit/core/text.h"

namespace luvit {

namespace {

// "3 missing (a, b, c)", "12 surplus (a, b, c, …)"; nothing for none.
void add_count(std::vector<std::string>& parts, const std::vector<std::string>& names, const char* what) {
  constexpr std::size_t shown = 3;
  if (names.empty()) return;
  std::vector<std::string> first(names.begin(), names.begin() + std::min(shown, names.size()));
  if (names.size() > shown) first.push_back("…");
  parts.push_back(str(names.size(), " ", what, " (", join(first, ", "), ")"));
}

}  // namespace

TensorTable table_of(const std::vector<TensorInfo>& tensors) {
  TensorTable table;
  for (const auto& info : tensors) table.emplace(info.name, info);
  return table;
}

void require_exactly(const std::vector<NamedTensor>& wanted, const TensorTable& found, const std::string& path,
                     const std::string& hint) {
  std::vector<std::string> missing, surplus, misshapen, wrong_type;
  TensorTable rest = found;
  for (const auto& [name, tensor, role] : wanted) {
    const auto at = rest.find(name);
    if (at == rest.end()) {
      missing.push_back(name);
      continue;
    }
    const TensorInfo& info = at->second;
    if (tensor->sizes() != info.shape)
      misshapen.push_back(luvit::str(name, ' ', at::IntArrayRef(info.shape), ", ", tensor->sizes(), " expected"));
    else if (!at::isFloatingType(info.type))
      wrong_type.push_back(str(name, " ", at::toString(info.type)));
    rest.erase(at);
  }
  for (const auto& [name, info] : rest) surplus.push_back(name);

  std::vector<std::string> parts;
  add_count(parts, missing, "missing");
  add_count(parts, surplus, "surplus");
  add_count(parts, misshapen, "misshapen");
  add_count(parts, wrong_type, "not floating point");
  if (!parts.empty()) throw DataError(str(path, ": not the tensors of its model: ", join(parts, "; ")), hint);
}

}  // namespace luvit
