#include "small_evaluation.h"

#include <fstream>

#include "luvit/models/initial_values.h"

namespace luvit::test {

SmallEvaluation::SmallEvaluation() {
  make_images(at("data"), 150);
  make_images(at("voters"), 150);
  make_images(at("few"), 5);
  OpenedModel model{.kind = ModelKind::classifier};
  model.options = {.image_size = 32, .patch_size = 8, .dim = 24, .depth = 2, .heads = 2, .classes = 4};
  model.options.fusion = {.dim = 64, .heads = 4, .kv_heads = 2, .hidden = 48, .weights = "random", .lora = {.rank = 2}};
  model.preprocess = {.resize = 36, .crop = 32};
  model.classes = {"class0", "class1", "class2", "class3"};
  save("model.safetensors", model);
  model.kind = ModelKind::pretraining;
  save("pretrained.safetensors", model);
  write_config(
      "suites:\n"
      "  - {name: photos, kind: folder, data: " +
      at("data") +
      "}\n"
      "  - {name: few, kind: folder, data: " +
      at("few") +
      "}\n"
      "  - {name: knn, kind: knn, data: " +
      at("data") + ", train: " + at("voters") +
      ", k: 5, every: 2}\n"
      "device: cpu\n");
}

void SmallEvaluation::write_config(const std::string& text) const {
  std::ofstream(folder_ / "eval.yaml") << text;
}

void SmallEvaluation::become_imagenet() const {
  const std::vector<std::string> ids = {"n01440764", "n01443537", "n01484850", "n01491361"};
  fs::create_directories(at("val"));
  for (std::size_t i = 0; i < ids.size(); ++i) fs::rename(at("data/class" + std::to_string(i)), at("val/" + ids[i]));
  OpenedModel model = describe_model(at("model.safetensors"));
  const auto loaded = make_model(model);
  load_model(*loaded, at("model.safetensors"));
  model.classes = ids;
  save_model(at("model.safetensors"), *loaded, model);
}

void SmallEvaluation::write_corruptions(const std::string& other_suites) const {
  write_config("suites:\n" + other_suites + "  - {name: made, kind: imagenet_c, generate: true, data: " + at("val") +
               ", corruptions: [glass_blur, fog], every: 6, preprocess: {resize: 36}}\ndevice: cpu\nworkers: 1\n");
}

std::vector<std::string> SmallEvaluation::words(const std::string& output, const std::vector<std::string>& more) const {
  std::vector<std::string> words = {"--config", at("eval.yaml"), "--weights", at("model.safetensors")};
  if (!output.empty()) words.insert(words.end(), {"--output", at(output)});
  words.insert(words.end(), more.begin(), more.end());
  return words;
}

Result SmallEvaluation::eval(const std::string& output, const std::vector<std::string>& more) const {
  return run("luvit_eval", words(output, more));
}

nlohmann::ordered_json SmallEvaluation::results(const std::string& output) const {
  return nlohmann::ordered_json::parse(file_text(at(output + "/results.json")));
}

std::string SmallEvaluation::found(const std::string& output) const {
  nlohmann::ordered_json results = this->results(output);
  results.erase("timing");
  std::string text = results.dump(1);
  for (const auto& [name, suite] : results["suites"].items())
    text += file_text(at(output + "/predictions/" + name + ".csv"));
  return text;
}

void SmallEvaluation::save(const std::string& name, const OpenedModel& description) const {
  const auto model = make_model(description);
  initialise(*model, description.options, {.seed = 5});
  if (auto* classifier = dynamic_cast<Classifier*>(model.get())) {  // logits that differ from image to image
    const at::NoGradGuard no_gradients;
    classifier->head.weight.copy_(
        at::sin(at::arange(classifier->head.weight.numel(), at::kFloat) * 1.7).view_as(classifier->head.weight) * 3);
  }
  save_model(folder_ / name, *model, description);
}

}  // namespace luvit::test
