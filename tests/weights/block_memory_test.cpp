// One block out of a file of LLaMA-7B's size and shape: only that block's bytes are read.
#include <unistd.h>

#include <cstring>

#include "io/files_for_test.h"
#include "luvit/core/text.h"
#include "luvit/weights/block_source.h"

namespace luvit {
namespace {

std::int64_t status_kilobytes(const std::string& key) {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);)
    if (line.starts_with(key + ":")) return std::stoll(line.substr(key.size() + 1));
  return -1;
}

// A Hugging Face folder whose weights are a hole: 32 layers, 13 GB by name, a few kilobytes on disk.
std::uint64_t make_hollow_folder(const fs::path& folder) {
  fs::create_directory(folder);
  write_bytes(folder / "config.json", R"({"model_type":"llama","hidden_size":4096,"num_attention_heads":32,
    "num_hidden_layers":32,"intermediate_size":11008,"rms_norm_eps":1e-6})");
  std::string header = "{";
  std::uint64_t end = 0;
  auto add = [&](const std::string& name, std::vector<std::uint64_t> shape) {
    std::uint64_t begin = end, numel = 1;
    std::vector<std::string> sizes;
    for (std::uint64_t n : shape) numel *= n, sizes.push_back(std::to_string(n));
    end += numel * 2;
    header += str(header.size() > 1 ? "," : "", "\"", name, "\":{\"dtype\":\"F16\",\"shape\":[", join(sizes, ","),
                  "],\"data_offsets\":[", begin, ",", end, "]}");
  };
  add("model.embed_tokens.weight", {32000, 4096});
  for (int layer = 0; layer < 32; ++layer) {
    std::string prefix = str("model.layers.", layer, ".");
    for (const char* norm : {"input_layernorm", "post_attention_layernorm"}) add(prefix + norm + ".weight", {4096});
    for (const char* name : {"q", "k", "v", "o"}) add(str(prefix, "self_attn.", name, "_proj.weight"), {4096, 4096});
    for (const char* name : {"gate", "up"}) add(str(prefix, "mlp.", name, "_proj.weight"), {11008, 4096});
    add(prefix + "mlp.down_proj.weight", {4096, 11008});
  }
  header += "}";
  std::uint64_t size = header.size();
  write_bytes(folder / "model.safetensors", std::string(reinterpret_cast<const char*>(&size), 8) + header);
  fs::resize_file(folder / "model.safetensors", 8 + size + end);
  return end;
}

TEST(BlockMemory, OneBlockOfALargeModelTakesLittleMore) {
  TemporaryFolder folder;
  std::uint64_t bytes = make_hollow_folder(folder / "llama");
  ASSERT_GT(bytes, 13'000'000'000u - 300'000'000u);
  std::ofstream("/proc/self/clear_refs") << "5";  // the peak so far is forgotten
  std::int64_t before = status_kilobytes("VmRSS");
  BlockSource block = read_block(folder / "llama", -1);
  std::int64_t grown = status_kilobytes("VmHWM") - before;
  EXPECT_EQ(block.info.layer, 31);
  std::int64_t held = 0;
  for (const auto& [name, tensor] : block.tensors) held += static_cast<std::int64_t>(tensor.nbytes());
  EXPECT_EQ(held, 2 * 202'383'360);
  EXPECT_GT(grown, held / 1024 / 2);  // the measure sees what is held
  EXPECT_LT(grown, held / 1024 + 150'000);
  RecordProperty("grown_kilobytes", static_cast<int>(grown));
}

}  // namespace
}  // namespace luvit
