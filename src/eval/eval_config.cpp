#include "luvit/eval/eval_config.h"

#include <algorithm>
#include <set>

#include "corruption_cells.h"
#include "luvit/core/text.h"

namespace luvit {
namespace {

const std::vector<std::pair<std::string, SuiteKind>> kinds = {
    {"imagenet", SuiteKind::imagenet},
    {"imagenet_a", SuiteKind::imagenet_a},
    {"imagenet_r", SuiteKind::imagenet_r},
    {"imagenet_v2", SuiteKind::imagenet_v2},
    {"imagenet_sketch", SuiteKind::imagenet_sketch},
    {"imagenet_c", SuiteKind::imagenet_c},
    {"imagenet9", SuiteKind::imagenet9},
    {"folder", SuiteKind::folder},
    {"knn", SuiteKind::knn},
    {"imagenet_s", SuiteKind::imagenet_s},
    {"coco", SuiteKind::coco},
};

void declare_preprocess(Schema& schema, PreprocessOptions& preprocess, const std::string& above) {
  schema.section("preprocess", str("how images become the model's input; what is not written comes from ", above));
  schema.add("preprocess.resize", preprocess.resize, "the shorter side becomes so long")
      .range(1, 1 << 14)
      .units("pixels");
  schema.add("preprocess.crop", preprocess.crop, "side of the square cut from the centre: the model's image size")
      .range(1, 1 << 14)
      .units("pixels");
  schema.add("preprocess.interpolation", preprocess.interpolation, "bicubic or bilinear, as Pillow's");
}

void declare_suite(Schema& schema, SuiteOptions& suite) {
  schema.add("name", suite.name, "of the suite in results.json and of predictions/NAME.csv").required();
  schema.add("kind", suite.kind, "which data set, and so which classes and figures", kinds).required();
  schema.add("data", suite.data, "its folder, as it is distributed").required();
  declare_preprocess(schema, suite.preprocess,
                     "the top-level section; imagenet_c and imagenet9 are resized by this one only");
  schema.add("class_map", suite.class_map, "CSV with the columns folder,index: which class a folder is")
      .when("kind=folder");
  const char* const c = "kind=imagenet_c";
  schema.add("corruptions", suite.corruptions, "which of the 19; all that are there").when(c);
  schema.add("severities", suite.severities, "which of 1 to 5; all that are there").when(c);
  schema.add("every", suite.every, "every so many-th image in path order, the first included").range(1, 1e9);
  schema.add("generate", suite.generate, "corrupt the images of `data`, a clean validation set, on the way").when(c);
  schema.add("seed", suite.seed, "of what is generated").when(c);
  schema.add("frost", suite.frost, "folder of frost's pictures; the installed ones").when(c);
  schema.add("variations", suite.variations, "folders of the backgrounds challenge").when("kind=imagenet9");
  schema.add("train", suite.train, "folder of the images whose classes vote").when("kind=knn");
  schema.add("k", suite.k, "neighbours that vote").range(1, 1e6).when("kind=knn");
  schema.add("temperature", suite.temperature, "a vote weighs exp(cosine / temperature)")
      .range(0, 1e6)
      .above_low()
      .when("kind=knn");
  const char* const s = "kind=imagenet_s";
  schema.add("masks", suite.masks, "folder of the masks: CLASS/STEM.png for each CLASS/STEM.* of `data`").when(s);
  schema
      .add("threshold_split", suite.threshold_split,
           "images that a pseudo-mask's fixed threshold is chosen on; it is measured on the others",
           {{"every_second", ThresholdSplit::every_second}})
      .when(s);
  schema.add("maps", suite.maps, "write all maps to analysis/NAME.safetensors").when(s);
  schema
      .add("attention_of", suite.attention_of,
           "blocks whose attention entropy is measured besides the last ViT block's: numbers from 0, or llm")
      .when(s);
  schema
      .add("filtering", suite.filtering,
           "images on which the language block is taken apart (Eq. 5), beside a permuted and a random one; 0: none")
      .range(0, 1e6)
      .when(s);
}

void check_preprocess(const PreprocessOptions& preprocess, const std::string& prefix, std::vector<Problem>& found) {
  const auto& filter = preprocess.interpolation;
  if (filter && *filter != "bicubic" && *filter != "bilinear")
    found.push_back(
        {prefix + "preprocess.interpolation", str("expected one of bicubic, bilinear, found `", escape(*filter), "`")});
}

// A name is also a file's: predictions/NAME.csv.
std::string wrong_with_name(const std::string& name) {
  const bool plain = std::all_of(name.begin(), name.end(), [](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) || c == '_' || c == '-' || c == '.';
  });
  if (name.empty()) return "is required";
  return plain && name.front() != '.' ? "" : "names a file too: letters, digits, `_`, `-` and `.`, not first";
}

void check_cells(const SuiteOptions& suite, const std::string& prefix, std::vector<Problem>& found) {
  for (const std::string& corruption : suite.corruptions)
    if (!is_corruption(corruption))
      found.push_back(
          {prefix + "corruptions", str("`", escape(corruption), "` is none of ", join(corruption_order(), ", "))});
  for (const std::string& severity : suite.severities)
    if (severity.size() != 1 || severity < "1" || severity > "5")
      found.push_back({prefix + "severities", str("expected 1 to 5, found `", escape(severity), "`")});
}

void check_suite(const SuiteOptions& suite, const std::string& prefix, const Written& written,
                 std::vector<Problem>& found) {
  if (const std::string wrong = wrong_with_name(suite.name); !wrong.empty()) found.push_back({prefix + "name", wrong});
  if (!written.has(prefix + "kind")) found.push_back({prefix + "kind", "is required"});
  if (suite.kind == SuiteKind::coco)
    found.push_back({prefix + "kind", str(kind_name(suite.kind), " is not in this version")});
  if (suite.data.empty()) found.push_back({prefix + "data", "is required: the suite's folder"});
  if (suite.kind == SuiteKind::knn && suite.train.empty())
    found.push_back({prefix + "train", "is required: the folder whose images vote"});
  if (suite.kind == SuiteKind::imagenet_s && suite.masks.empty())
    found.push_back({prefix + "masks", "is required: the folder of the masks"});
  if (suite.kind == SuiteKind::imagenet9 && suite.variations.empty())
    found.push_back({prefix + "variations", "is empty: there is nothing to look at"});
  for (const char* key : {"seed", "frost"})
    if (!suite.generate && written.has(prefix + key))
      found.push_back({prefix + key, "is for what is generated, and `generate` is false"});
  check_cells(suite, prefix, found);
  check_preprocess(suite.preprocess, prefix, found);
}

}  // namespace

std::string kind_name(SuiteKind kind) {
  for (const auto& [name, value] : kinds)
    if (value == kind) return name;
  return "";
}

void declare(Schema& schema, EvalConfig& config) {
  schema.add_entries("suites", config.suites, "what the model is evaluated on, one after another", declare_suite);
  declare_preprocess(schema, config.preprocess, "the weights");
  schema.add("predictions", config.predictions, "write predictions/NAME.csv, a line an image");
  schema.add("precision", config.precision, "type of the matrix products",
             {{"float32", Precision::float32}, {"bfloat16", Precision::bfloat16}});
  schema.add("batch_size", config.batch_size, "images that a rank reads at a time; no figure depends on it")
      .range(1, 1 << 20);
  schema.add("workers", config.workers, "threads that read and decode; 0: one a core, less one").range(0, 4096);
  schema.add("device", config.device, "auto takes a GPU where there is one",
             {{"auto", DeviceChoice::automatic}, {"cpu", DeviceChoice::cpu}, {"cuda", DeviceChoice::cuda}});
  schema
      .add("threads", config.threads,
           "threads of the model's arithmetic on the CPU; 0: all cores, or a rank's share of them")
      .range(0, 4096);
}

std::vector<Problem> check_eval(const EvalConfig& config, const Written& written) {
  std::vector<Problem> found;
  if (config.suites.empty()) found.push_back({"suites", "nothing to evaluate on is named"});
  std::set<std::string> names;
  for (std::size_t i = 0; i < config.suites.size(); ++i) {
    const SuiteOptions& suite = config.suites[i];
    const std::string prefix = str("suites.", suite.name.empty() ? std::to_string(i) : suite.name, ".");
    if (!suite.name.empty() && !names.insert(suite.name).second)
      found.push_back({prefix + "name", "two suites have this name"});
    check_suite(suite, prefix, written, found);
  }
  check_preprocess(config.preprocess, "", found);
  return found;
}

}  // namespace luvit
