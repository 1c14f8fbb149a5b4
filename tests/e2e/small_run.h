#pragma once
#include <map>
#include <string>

#include "process.h"

namespace luvit::test {

// Made-up photographs: `count` smooth coloured PNGs of assorted sizes in class folders.
void make_images(const fs::path& folder, int count);

// A config of a few thousand parameters that trains in a second: every part of LUViT is in it.
class SmallRun {
 public:
  explicit SmallRun(int images = 64);
  fs::path config() const { return folder_ / "config.yaml"; }
  fs::path data() const { return folder_ / "data"; }
  fs::path at(const std::string& name) const { return folder_ / name; }
  // luvit_pretrain on the config with --output NAME and more words.
  std::vector<std::string> words(const std::string& output, const std::vector<std::string>& more = {}) const;
  Result train(const std::string& output, const std::vector<std::string>& more = {}) const;
  void write_config(const std::string& text) const;
  std::string config_text() const;

 private:
  TemporaryFolder folder_;
};

// A LoRA adapter for SmallRun's block, of rank 2 and alpha 4; another seed, other values.
void write_adapter(const fs::path& path, std::uint64_t seed);

std::string file_text(const fs::path& path);
std::string hash_of(const fs::path& path);  // SHA-256; "" where there is no file

// Of the last occurrence of each step in metrics.jsonl: loss as written.
std::map<int, double> step_losses(const fs::path& output);

}  // namespace luvit::test
