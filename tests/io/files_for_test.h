#pragma once
#include <gtest/gtest.h>

#include <cstdlib>
#include <cstring>
#include <fstream>

#include "luvit/core/error.h"
#include "luvit/core/files.h"
#include "luvit/io/safetensors.h"
#include "temporary_folder.h"

namespace luvit {

inline void write_bytes(const fs::path& path, std::string_view bytes) {
  std::ofstream(path, std::ios::binary).write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
}

inline fs::path fixture(const std::string& name) {
  return fs::path(LUVIT_SOURCE_DIR) / "tests/parity/fixtures/io" / name;
}

// Same type, shape and bytes.
inline bool same(const at::Tensor& a, const at::Tensor& b) {
  return a.scalar_type() == b.scalar_type() && a.sizes() == b.sizes() && a.is_contiguous() && b.is_contiguous() &&
         (a.numel() == 0 || std::memcmp(a.const_data_ptr(), b.const_data_ptr(), a.nbytes()) == 0);
}

// The message of the DataError that `action` throws; "" (and a failed test) where it throws none.
template <typename Action>
std::string data_error(Action action) {
  try {
    action();
  } catch (const DataError& error) {
    return error.what();
  }
  ADD_FAILURE() << "no DataError";
  return {};
}

inline bool contains(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

}  // namespace luvit
