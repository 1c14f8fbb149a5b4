#pragma once
#include <optional>

#include "luvit/io/safetensors.h"
#include "luvit/models/classifier.h"
#include "luvit/models/mae.h"

namespace luvit {

// This project's weights file, or a checkpoint folder (its model.safetensors plus the frozen block from where
// state.json says, its hash compared).

enum class ModelKind { encoder, pretraining, classifier };  // the tensors decide: head.*, decoder_pred.*
std::string kind_name(ModelKind kind);

struct Preprocess {  // metadata `luvit.preprocess`
  std::int64_t resize = 224, crop = 224;
  std::string interpolation = "bicubic";
  std::vector<double> mean = {0.485, 0.456, 0.406}, std = {0.229, 0.224, 0.225};
};

// The config's sections `model` and `mae` as JSON, all sizes written out (metadata `luvit.model`, `luvit.mae`), and
// back; keys absent in the JSON keep their defaults. DataError names an unknown key, a wrong type or sizes that do
// not go together. What a block's tensors alone say (head_dim, biases, q and k norms) is in no JSON.
std::string model_to_json(const ModelOptions& options);
ModelOptions model_from_json(const std::string& json, const std::string& path);
std::string masking_to_json(const MaskingOptions& masking);
MaskingOptions masking_from_json(const std::string& json, const std::string& path);
std::string preprocess_to_json(const Preprocess& preprocess);
Preprocess preprocess_from_json(const std::string& json, std::int64_t image_size, const std::string& path);
std::vector<std::string> classes_from_json(const std::string& json, const std::string& path);  // `luvit.classes`

struct OpenedModel {
  ModelKind kind;
  ModelOptions options;
  MaskingOptions masking;
  Preprocess preprocess;
  std::vector<std::string> classes;
  bool encoder_norm = true;  // an encoder's file holds norm.*, for those who want it after the features
};

// SHA-256 over all its bytes: of a checkpoint folder that of state.json, which holds its files' and its block's.
std::string hash_of_weights(const fs::path& path);

// What a file or checkpoint folder holds, without reading its tensors.
OpenedModel describe_model(const fs::path& path);

// The model it describes, tensors on meta: a MaskedAutoencoder, a Classifier, or an Encoder (with its norm).
std::unique_ptr<Encoder> make_model(const OpenedModel& description);

// Fills a model (built from describe_model's options, tensors on meta) from a file or checkpoint folder. The
// tensors must be exactly the model's own: missing, surplus or misshapen is a DataError naming them. (An Encoder
// without a norm of its own leaves an encoder file's norm.* alone.)
// frozen_type: nullopt keeps the file's type; all that is not frozen becomes float32.
void load_model(Module& model, const fs::path& path, std::optional<at::ScalarType> frozen_type = {});

// The complete file: every tensor, frozen block included, with its metadata.
void save_model(const fs::path& path, Module& model, const OpenedModel& description);
Metadata model_metadata(const OpenedModel& description);

}  // namespace luvit
