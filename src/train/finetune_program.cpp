#include "luvit/train/finetune_program.h"

#include <algorithm>
#include <map>

#include "luvit/core/error.h"
#include "luvit/core/files.h"
#include "luvit/core/log.h"
#include "luvit/core/text.h"
#include "luvit/models/costs.h"
#include "luvit/models/initial_values.h"
#include "luvit/train/distillation.h"
#include "luvit/train/fine_tuning.h"
#include "luvit/train/linear_probe.h"
#include "luvit/train/run_weights.h"
#include "luvit/train/training_program.h"
#include "luvit/weights/inspect.h"
#include "luvit/weights/transfer.h"

namespace luvit {

namespace {

// A label is a place in its own data set's list: the two lists must be one. Shards' numbers are places in the whole
// list already, of which they may hold a part.
bool same_classes(const Dataset& train, const Dataset& val) {
  if (val.numbered()) return val.classes().size() <= train.classes().size();
  return train.numbered() ? val.classes().size() == train.classes().size() : val.classes() == train.classes();
}

void require_same_classes(const Dataset& train_data, const Dataset& val_data) {
  if (same_classes(train_data, val_data)) return;
  const std::vector<std::string>&train = train_data.classes(), &val = val_data.classes();
  const bool unnamed = train_data.numbered() || val_data.numbered();
  std::string example;
  for (const auto* side : {&val, &train})
    for (const std::string& name : *side) {
      const auto& other = side == &val ? train : val;
      if (!unnamed && example.empty() && std::find(other.begin(), other.end(), name) == other.end())
        example = str("; class ", escape(name), " is in ", side == &val ? "data.val" : "data.train", " only");
    }
  throw DataError(str("data.val: ", val.size(), " classes, not the ", train.size(), " of data.train", example),
                  "both need the same class folders: labels are places in their sorted list");
}

// Shards list every number up to their largest, whether an image has it or not.
void check_labels(const Dataset& train) {
  std::vector<std::int64_t> images(train.classes().size());
  for (std::int64_t i = 0; i < train.size(); ++i) ++images.at(static_cast<std::size_t>(train.label(i)));
  const auto empty = std::count(images.begin(), images.end(), 0);
  const auto first = [&](bool with) {
    const auto found = std::find_if(images.begin(), images.end(), [&](std::int64_t n) { return (n > 0) == with; });
    return escape(train.classes().at(static_cast<std::size_t>(found - images.begin())));
  };
  if (std::ssize(images) - empty < 2)
    throw DataError(str("data.train: one class only, ", first(true), ": there is nothing to tell apart"),
                    train.numbered()
                        ? "shards that were written class by class need all of them named: shards-{000..127}.tar"
                        : "classes are the folders right below the one that is named; is it one level too high or too "
                          "low?");
  if (empty > 0)
    log_warning(str("data.train: ", empty, " of ", images.size(), " classes have no image, first ", first(false),
                    "; the head gets a row for each"));
}

// Said of what it is, before its bytes are said to be wrong.
void require_own_weights(const std::string& path) {
  if (is_folder(path) || !path_exists(path)) return;
  const std::string kind = inspect(path).kind;
  if (kind == "mae" || kind == "timm" || kind == "torch")
    throw DataError(str("init.weights: ", escape(path), ": ", kind, " weights, not a model of this project"),
                    str("bring them in by `luvit_convert import ", escape(path), " --out OUT.safetensors`"));
}

// A probe's head is new whatever the weights hold, and starts at a deviation of 0.01 (MAE's main_linprobe.py), by the
// same draws as fine-tuning's 2e-5: LARS takes steps in proportion to the weights.
void renew_head(Module& model, const FinetuneConfig& config) {
  struct Head : Module {
    explicit Head(const ModelOptions& options) : head(options.dim, options.classes) { add("head", head); }
    Linear head;
  } fresh(config.model);
  initialise(fresh, config.model, {.seed = config.train.seed});
  std::map<std::string, at::Tensor> values;
  for (const NamedTensor& named : fresh.named_tensors()) values[named.name] = *named.tensor * (0.01 / 2e-5);
  for (const NamedTensor& named : model.named_tensors())
    if (const auto value = values.find(named.name); value != values.end()) *named.tensor = value->second;
}

class FinetuneDriver : public Driver {
 public:
  explicit FinetuneDriver(FinetuneConfig config) : config_(std::move(config)) {}

  RunConfig& config() override { return config_; }
  double default_epochs() const override { return probes() ? 90 : 100; }
  void declare(Schema& schema) override { luvit::declare(schema, config_); }
  std::vector<Problem> problems() const override { return finetune_problems(config_); }

  std::vector<Problem> problems_of_ranks(std::int64_t ranks) const override {
    if (probes()) return {};  // nothing is mixed
    std::vector<Problem> problems = check_mixing(config_.augment.mix, config_.train.batch_size, ranks);
    for (Problem& problem : gsnr_problems_of_ranks(config_, ranks)) problems.push_back(std::move(problem));
    return problems;
  }

  void settle_with_weights(const Written& written, bool only_what_exists) override {
    const auto wanted = [&](const std::string& path) { return !only_what_exists || path_exists(path); };
    if (config_.distill.mode == DistillMode::aux_path) return settle_with_path(written, wanted);
    const DistillOptions& distill = config_.distill;
    const bool from_teacher = distill.has_teacher() && distill.student_init == StudentInit::teacher_vit;
    if (from_teacher && wanted(distill.teacher))
      settle_student(config_.model, distill.teacher, written);
    else
      settle_with_init(written, wanted);
    if (!distill.has_teacher() || !wanted(distill.teacher)) return;
    if (config_.model.fusion.kind != FusionKind::none && !only_what_exists)
      raise_problems({{"model.fusion.kind",
                       "a student is a plain ViT; write model.fusion.kind: none, or name plain "
                       "weights in init.weights"}},
                     written);
    teacher_ = describe_model(distill.teacher);
    require_teacher(distill, *teacher_, config_.model, /*classes=*/{});
  }

  void settle_with_init(const Written& written, const std::function<bool(const std::string&)>& wanted) {
    const std::string& from = config_.init.weights;
    if (from.empty()) {
      if (wanted(config_.model.fusion.weights)) settle_fusion_with_weights(config_.model.fusion, written);
      return;
    }
    if (!wanted(from)) return;
    if (!path_exists(from))
      throw DataError(str("init.weights: ", escape(from), ": no such file or folder"),
                      "name a model.safetensors or a checkpoint folder; luvit_pretrain makes one");
    require_own_weights(from);
    const OpenedModel there = describe_model(from);
    settle_model_options(config_.model, there, written.keys, from);
    const bool attached = there.options.fusion.kind == FusionKind::none;
    if (attached && wanted(config_.model.fusion.weights)) settle_fusion_with_weights(config_.model.fusion, written);
    if (!attached && config_.model.fusion.lora.weights)
      throw DataError(str("model.fusion.lora.weights: ", *config_.model.fusion.lora.weights, ", but ", escape(from),
                          " has LoRA matrices of its own"),
                      "leave one of the two out");
  }

  // The weights are the plain ViT's, model.fusion is the path's.
  void settle_with_path(const Written& written, const std::function<bool(const std::string&)>& wanted) {
    const FusionOptions path = config_.model.fusion;
    Written without_fusion = written;
    std::erase_if(without_fusion.keys, [](const std::string& key) { return key.starts_with("model.fusion."); });
    config_.model.fusion = {};
    config_.model.fusion.kind = FusionKind::none;
    settle_with_init(without_fusion, wanted);
    config_.model.fusion = path;
    if (wanted(path.weights)) settle_fusion_with_weights(config_.model.fusion, written);
  }

  bool labels_wanted() const override { return true; }

  void settle_with_data(const Dataset& train, const Dataset* val, const Written& written) override {
    classes_ = train.classes();
    const auto count = static_cast<std::int64_t>(classes_.size());
    check_labels(train);
    if (written.has("model.classes") && config_.model.classes != count)
      throw DataError(str("model.classes is ", config_.model.classes, ", but data.train has ", count, " classes"),
                      "leave the key out: it is then taken from the data");
    config_.model.classes = count;
    if (val) require_same_classes(train, *val);
    if (teacher_) require_teacher(config_.distill, *teacher_, config_.model, classes_);
  }

  TrainingCosts costs(std::int64_t images) const override {
    if (probes()) {
      const double forward = classifier_forward_flops(config_.model, images);
      return {.forward_flops = forward, .step_flops = forward};  // next to which the head's are nothing
    }
    const bool path = config_.distill.mode == DistillMode::aux_path;
    double beside = path ? fusion_step_flops(config_.model, images) : 0;
    if (teacher_) beside += teacher_flops(config_.distill, *teacher_, config_.model.patches(), images);
    const ModelOptions model = path ? without_path(config_).model : config_.model;
    return {.forward_flops = classifier_forward_flops(model, images),
            .step_flops = classifier_step_flops(model, images) + beside,
            .activation_bytes = classifier_activation_bytes(config_.model, config_.train.precision),
            .teacher_bytes = teacher_ ? teacher_bytes(*teacher_, config_.train.precision) : 0};
  }

  std::unique_ptr<Task> make_task(const TaskParts& parts) const override {
    if (probes()) return std::make_unique<LinearProbe>(config_, parts, classes_);
    if (config_.distill.mode == DistillMode::aux_path)
      return std::make_unique<AuxiliaryPathTraining>(config_, parts, classes_);
    if (teacher_) return std::make_unique<FineTuningDistillation>(config_, parts, classes_, *teacher_);
    return std::make_unique<FineTuning>(config_, parts, classes_);
  }

  FrozenReference give_weights(Module& model, const ResumePoint* point) const override {
    const std::string from = student_weights(config_.distill, config_.init.weights);
    if (config_.distill.mode == DistillMode::aux_path)
      return luvit::give_weights(model, without_path(config_), from, point);
    FrozenReference block = luvit::give_weights(model, config_, from, point);
    if (probes()) renew_head(model, config_);
    return block;
  }

 private:
  bool probes() const { return config_.task == FinetuneTask::linear_probe; }

  FinetuneConfig config_;
  std::vector<std::string> classes_;  // of data.train, in label order
  std::optional<OpenedModel> teacher_;
};

}  // namespace

std::unique_ptr<Driver> finetune_driver(FinetuneConfig config) {
  return std::make_unique<FinetuneDriver>(std::move(config));
}

int finetune_program(int argc, char** argv) {
  FinetuneDriver driver({});
  return training_program("luvit_finetune", "Trains a LUViT classifier, from pretrained weights or from scratch.",
                          driver, argc, argv);
}

}  // namespace luvit
