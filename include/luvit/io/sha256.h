#pragma once
#include <cstddef>
#include <memory>
#include <string>

#include "luvit/core/files.h"

namespace luvit {

// SHA-256 as lower-case hex (OpenSSL's).
class Sha256 {
 public:
  Sha256();
  ~Sha256();
  void add(const void* data, std::size_t bytes);
  std::string hex();  // once

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};
std::string sha256_of(std::string_view bytes);
std::string sha256_of_file(const fs::path& path);

}  // namespace luvit
