#include "luvit/io/sha256.h"

#include <openssl/evp.h>

#include <array>

#include "luvit/core/error.h"
#include "luvit/core/input_file.h"

namespace luvit {

struct Sha256::Impl {
  EVP_MD_CTX* context = EVP_MD_CTX_new();
  ~Impl() { EVP_MD_CTX_free(context); }
};

namespace {

void require(bool done) {
  if (!done) throw RunError("OpenSSL cannot compute SHA-256");
}

}  // namespace

Sha256::Sha256() : impl_(std::make_unique<Impl>()) {
  require(impl_->context && EVP_DigestInit_ex(impl_->context, EVP_sha256(), nullptr) == 1);
}
Sha256::~Sha256() = default;

void Sha256::add(const void* data, std::size_t bytes) {
  require(EVP_DigestUpdate(impl_->context, data, bytes) == 1);
}

std::string Sha256::hex() {
  std::array<unsigned char, 32> digest{};
  require(EVP_DigestFinal_ex(impl_->context, digest.data(), nullptr) == 1);
  std::string out;
  for (unsigned char byte : digest) {
    out += "0123456789abcdef"[byte >> 4];
    out += "0123456789abcdef"[byte & 15];
  }
  return out;
}

std::string sha256_of(std::string_view bytes) {
  Sha256 hash;
  hash.add(bytes.data(), bytes.size());
  return hash.hex();
}

std::string sha256_of_file(const fs::path& path) {
  InputFile file(path);
  Sha256 hash;
  std::vector<char> part(1 << 20);
  for (std::uint64_t at = 0; at < file.size(); at += part.size()) {
    std::size_t n = std::min<std::uint64_t>(part.size(), file.size() - at);
    file.read_at(at, part.data(), n);
    hash.add(part.data(), n);
  }
  return hash.hex();
}

}  // namespace luvit
