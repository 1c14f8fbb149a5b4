#include "small_run.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "luvit/core/random.h"
#include "luvit/data/image.h"
#include "luvit/io/safetensors.h"
#include "luvit/io/sha256.h"
#include "luvit/models/llama_block.h"

namespace luvit::test {

void make_images(const fs::path& folder, int count) {
  for (int i = 0; i < count; ++i) {
    Random random(7, 0, static_cast<std::uint64_t>(i), Purpose::synthetic);
    Image image{static_cast<std::int64_t>(30 + random.below(50)), static_cast<std::int64_t>(30 + random.below(50)), {}};
    const double a = random.uniform(0.02, 0.2), b = random.uniform(0.02, 0.2), c = random.uniform(0, 6);
    for (std::int64_t y = 0; y < image.height; ++y)
      for (std::int64_t x = 0; x < image.width; ++x)
        for (int channel = 0; channel < 3; ++channel)
          image.pixels.push_back(
              static_cast<std::uint8_t>(127 + 120 * std::sin(a * double(x) + b * double(y) + c * channel)));
    const fs::path place = folder / ("class" + std::to_string(i % 4));
    fs::create_directories(place);
    const std::string number = std::to_string(1000 + i);
    std::ofstream(place / (number + ".png"), std::ios::binary) << encode_png(image);
  }
}

SmallRun::SmallRun(int images) {
  make_images(data(), images);
  write_config(config_text());
  // A step of 8 images, 4 patches and the class token of each, takes the way that the paper's sizes take.
  EXPECT_TRUE(folding_pays(8 * 5, 24, 96));
}

std::string SmallRun::config_text() const {
  std::ostringstream text;
  text << "model:\n  image_size: 32\n  patch_size: 8\n  dim: 24\n  depth: 2\n  heads: 2\n"
       << "  fusion: {kind: llama, dim: 96, heads: 4, kv_heads: 2, hidden: 48, weights: random, lora: {rank: 2, alpha: "
          "4}}\n"
       << "  decoder: {dim: 32, depth: 1, heads: 4}\n"
       << "data: {train: " << data().string() << ", workers: 2}\n"
       << "train: {batch_size: 8, steps: 16, precision: float32, seed: 5, threads: 1, device: cpu}\n"
       << "optim: {lr: 0.003, warmup_epochs: 1}\n"
       << "log: {every: 1}\n"
       << "checkpoint: {every_steps: 4, keep: 3}\n";
  return text.str();
}

void SmallRun::write_config(const std::string& text) const {
  std::ofstream(config()) << text;
}

std::vector<std::string> SmallRun::words(const std::string& output, const std::vector<std::string>& more) const {
  std::vector<std::string> words = {"--config", config().string(), "--output", at(output).string()};
  words.insert(words.end(), more.begin(), more.end());
  return words;
}

Result SmallRun::train(const std::string& output, const std::vector<std::string>& more) const {
  return run("luvit_pretrain", words(output, more));
}

void write_adapter(const fs::path& path, std::uint64_t seed) {
  Random random(seed, "adapter", Purpose::synthetic);
  NamedTensors tensors;
  for (const auto& [name, shape] : {std::pair<std::string, std::vector<std::int64_t>>{"q_proj.lora_A", {2, 96}},
                                    {"q_proj.lora_B", {96, 2}},
                                    {"v_proj.lora_A", {2, 96}},
                                    {"v_proj.lora_B", {48, 2}}}) {
    const at::Tensor tensor = at::empty(shape, at::kFloat);
    random.fill_uniform(tensor.mutable_data_ptr<float>(), tensor.numel(), -0.1f, 0.1f);
    tensors.emplace_back("self_attn." + name + ".weight", tensor);
  }
  write_safetensors(path, tensors,
                    {{"luvit.adapter", R"({"rank": 2, "alpha": 4.0, "targets": ["q", "v"], "layer": 0,)"
                                       R"( "source": "made up", "qk_layout": "half"})"}});
}

std::string file_text(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

std::string hash_of(const fs::path& path) {
  return fs::exists(path) ? sha256_of_file(path) : "";
}

std::map<int, double> step_losses(const fs::path& output) {
  std::map<int, double> losses;
  std::istringstream lines(file_text(output / "metrics.jsonl"));
  for (std::string line; std::getline(lines, line);) {
    const auto record = nlohmann::json::parse(line);
    if (record.at("kind") == "step") losses[record.at("step")] = record.at("loss");
  }
  return losses;
}

}  // namespace luvit::test
