#pragma once
#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "luvit/config/bindings.h"
#include "luvit/config/schema.h"
#include "luvit/core/error.h"
#include "temporary_folder.h"

namespace luvit {

// A folder of config files for one test.
class ConfigFiles {
 public:
  std::string write(const std::string& name, const std::string& text) const {
    std::filesystem::create_directories((folder_ / name).parent_path());
    std::ofstream(folder_ / name) << text;
    return (folder_ / name).string();
  }
  std::string path(const std::string& name) const { return (folder_ / name).string(); }

 private:
  TemporaryFolder folder_;
};

// A driver's schema with every option struct that it declares.
struct Config {
  ModelOptions model;
  OptimOptions optim;
  MaskingOptions masking;
  DataOptions data;
  CropOptions crop;
  DistributedOptions distributed;
  std::int64_t batch_size = 4096;
  double epochs = 400;
  std::optional<std::int64_t> steps;
  std::uint64_t seed = 0;
  Precision precision = Precision::bfloat16;
  Schema schema;

  Config() {
    declare_model(schema, model);
    declare_optim(schema, optim);
    declare_masking(schema, masking);
    declare_data(schema, data);
    declare_crop(schema, crop);
    declare_distributed(schema, distributed);
    schema.add("train.batch_size", batch_size, "images a step").range(1, 1e9);
    schema.add("train.steps", steps, "length of the run").range(1, 1e12);
    schema.add("train.epochs", epochs, "length of the run").range(0, unbounded);
    schema.exclusive("train.steps", "train.epochs");
    schema.add("train.seed", seed, "of all randomness");
    schema.add("train.precision", precision, "type of the matrix products",
               {{"float32", Precision::float32}, {"bfloat16", Precision::bfloat16}});
  }
  Config(const Config&) = delete;

  Written read(const std::string& path, const std::vector<std::string>& overrides = {}) {
    return read_config(schema, path, overrides);
  }
  // What a wrong config says, the files' folder taken out of it; "" where nothing is wrong.
  std::string complaint(const std::string& path, const std::vector<std::string>& overrides = {}) {
    try {
      read(path, overrides);
    } catch (const UsageError& error) {
      EXPECT_NE(error.hint(), "");
      std::string text = error.what(), folder = std::filesystem::path(path).parent_path().string() + "/";
      for (std::size_t at; !path.empty() && (at = text.find(folder)) != std::string::npos;)
        text.erase(at, folder.size());
      return text;
    }
    return "";
  }
};

}  // namespace luvit
