#pragma once
#include <map>

#include "luvit/io/tensor_source.h"
#include "luvit/models/module.h"

namespace luvit {

using TensorTable = std::map<std::string, TensorInfo>;
TensorTable table_of(const std::vector<TensorInfo>& tensors);

// DataError unless `found` are exactly `wanted`, by name and shape, and floating point: how many are missing, surplus
// and misshapen, and the first few of each by name.
void require_exactly(const std::vector<NamedTensor>& wanted, const TensorTable& found, const std::string& path,
                     const std::string& hint);

}  // namespace luvit
