#pragma once
#include <optional>

#include "luvit/io/safetensors.h"
#include "luvit/models/classifier.h"
#include "luvit/models/mae.h"

namespace luvit {

// This project's weights file, or a checkpoint folder (its model.safetensors plus the frozen block from where
// state.json says, its hash compared).

enum class ModelKind { encoder, pretraining, classifier };  // the tensors decide: head.*, decoder_pred.*

struct Preprocess {  // metadata `luvit.preprocess`
  std::int64_t resize = 224, crop = 224;
  std::string interpolation = "bicubic";
  std::vector<double> mean = {0.485, 0.456, 0.406}, std = {0.229, 0.224, 0.225};
};

// The model part of the config as JSON, all sizes written out (metadata `luvit.model`), and back; keys absent in
// the JSON keep their defaults. DataError names an unknown key or a wrong type.
std::string model_to_json(const ModelOptions& options, const MaskingOptions& masking, ModelKind kind);
ModelOptions model_from_json(const std::string& json, const std::string& path);
std::string preprocess_to_json(const Preprocess& preprocess);
Preprocess preprocess_from_json(const std::string& json, const std::string& path);

struct OpenedModel {
  ModelKind kind;
  ModelOptions options;
  MaskingOptions masking;
  Preprocess preprocess;
  std::vector<std::string> classes;
};
// What a file or checkpoint folder holds, without reading its tensors.
OpenedModel describe_model(const fs::path& path);

// Fills a model (built from describe_model's options, tensors on meta) from a file or checkpoint folder. The
// tensors must be exactly the model's own: missing, surplus or misshapen is a DataError naming them.
// frozen_type: nullopt keeps the file's type.
void load_model(Module& model, const fs::path& path, std::optional<at::ScalarType> frozen_type = {});

// The complete file: every tensor, frozen block included, with its metadata.
void save_model(const fs::path& path, Module& model, const OpenedModel& description);
Metadata model_metadata(const OpenedModel& description);

}  // namespace luvit
