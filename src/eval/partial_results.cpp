#include "partial_results.h"

#include <ATen/ATen.h>

#include <algorithm>

#include "luvit/core/error.h"
#include "luvit/core/text.h"
#include "luvit/io/safetensors.h"
#include "luvit/io/sha256.h"

namespace luvit {
namespace {

constexpr const char* key_name = "luvit.partial";
constexpr std::int64_t integers = 9, floats = 3;  // of one prediction

NamedTensors to_tensors(const std::vector<Prediction>& predictions) {
  const std::int64_t n = std::ssize(predictions);
  const at::Tensor whole = at::empty({n, integers}, at::kInt), real = at::empty({n, floats}, at::kFloat);
  auto* to = whole.mutable_data_ptr<std::int32_t>();
  auto* to_real = real.mutable_data_ptr<float>();
  for (const Prediction& p : predictions) {
    *to++ = static_cast<std::int32_t>(p.label);
    for (const std::int64_t c : p.top) *to++ = static_cast<std::int32_t>(c);
    *to++ = static_cast<std::int32_t>(p.best_of_all);
    for (const std::int64_t c : p.also) *to++ = static_cast<std::int32_t>(c);
    for (const float value : {p.confidence, p.nll, p.brier}) *to_real++ = value;
  }
  return {{"classes", whole}, {"scores", real}};
}

std::vector<Prediction> from_tensors(const at::Tensor& whole, const at::Tensor& real) {
  std::vector<Prediction> predictions(static_cast<std::size_t>(whole.size(0)));
  const auto* from = whole.const_data_ptr<std::int32_t>();
  const auto* from_real = real.const_data_ptr<float>();
  for (Prediction& p : predictions) {
    p.label = *from++;
    for (std::int64_t& c : p.top) c = *from++;
    p.best_of_all = *from++;
    for (std::int64_t& c : p.also) c = *from++;
    for (float* value : {&p.confidence, &p.nll, &p.brier}) *value = *from_real++;
  }
  return predictions;
}

// Masks are drawn and drawn again, under the same names.
std::string state_of(const std::vector<std::string>& files) {
  Sha256 hash;
  for (const std::string& file : files) {
    std::error_code failed;
    const auto size = fs::file_size(file, failed);
    const auto changed = fs::last_write_time(file, failed).time_since_epoch().count();
    const std::string line = str(file, "\n", size, " ", changed, "\n");
    hash.add(line.data(), line.size());
  }
  return hash.hex();
}

std::string view_text(const EvaluationView& view) {
  std::string text = str(view.resize, " ", view.crop, " ", view.filter == Filter::bicubic ? "bicubic" : "bilinear");
  for (const auto* list : {&view.mean, &view.std})
    for (const double value : *list) text += " " + exact(value);
  return text;
}

// Two data sets can have the same paths below their folders (a validation set, and the same images as sketches).
std::string place_of(const std::string& data) {
  return fs::absolute(data).lexically_normal().string();
}

}  // namespace

std::string fingerprint_of(const SuiteImages& images) {
  Sha256 hash;
  for (std::int64_t i = 0; i < images.size(); ++i) {
    const std::string line = str(images.path(i), "\n", images.label(i), "\n");
    hash.add(line.data(), line.size());
  }
  return hash.hex();
}

fs::path PartialResults::file_of(const SuitePlan& plan, const SuitePart& part) const {
  std::string name = part.name.empty() ? "all" : part.name;
  std::replace(name.begin(), name.end(), '/', '-');
  return folder_ / plan.options.name / (name + ".safetensors");
}

std::string PartialResults::key_of(const SuitePlan& plan, const SuitePart& part) const {
  const SuiteOptions& o = plan.options;
  std::string text = str(setting_, "\n", kind_name(o.kind), " ", plan.classes, "\n", view_text(plan.view), "\n",
                         place_of(o.data), "\n", part.name, "\n", fingerprint_of(*part.images));
  if (o.generate) text += str("\ngenerated ", o.seed, " ", o.frost);
  if (plan.train)
    text +=
        str("\nneighbours ", o.k, " ", exact(o.temperature), " ", place_of(o.train), "\n", fingerprint_of(*plan.train));
  if (!plan.masks.empty()) text += str("\nmasks ", state_of(plan.masks), " ", join(o.attention_of, ","));
  return sha256_of(text);
}

bool PartialResults::any() const {
  return is_folder(folder_) && !list_folder(folder_).empty();
}

std::optional<NamedTensors> PartialResults::read_tensors(const SuitePlan& plan, const SuitePart& part) const {
  const fs::path path = file_of(plan, part);
  if (!path_exists(path)) return std::nullopt;
  try {
    const SafetensorsFile file(path);
    const auto found = file.metadata().find(key_name);
    if (found == file.metadata().end() || found->second != key_of(plan, part)) return std::nullopt;
    NamedTensors tensors;
    for (const TensorInfo& info : file.tensors()) tensors.emplace_back(info.name, file.read(info.name));
    return tensors;
  } catch (const DataError&) {  // not one of ours, or broken: it is made anew
    return std::nullopt;
  }
}

void PartialResults::write_tensors(const SuitePlan& plan, const SuitePart& part, const NamedTensors& tensors) const {
  const fs::path path = file_of(plan, part);
  file_layer().make_folder(path.parent_path());
  write_safetensors(path, tensors, {{key_name, key_of(plan, part)}});
}

std::optional<std::vector<Prediction>> PartialResults::read(const SuitePlan& plan, const SuitePart& part) const {
  const auto tensors = read_tensors(plan, part);
  if (!tensors) return std::nullopt;
  at::Tensor whole, real;
  for (const auto& [name, tensor] : *tensors) (name == "classes" ? whole : real) = tensor;
  const std::int64_t n = part.images->size();
  if (tensors->size() != 2 || !whole.defined() || !real.defined() || whole.sizes() != at::IntArrayRef{n, integers} ||
      real.sizes() != at::IntArrayRef{n, floats})
    return std::nullopt;
  return from_tensors(whole, real);
}

void PartialResults::write(const SuitePlan& plan, const SuitePart& part,
                           const std::vector<Prediction>& predictions) const {
  write_tensors(plan, part, to_tensors(predictions));
}

}  // namespace luvit
