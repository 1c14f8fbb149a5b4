#include "suite_plan.h"

#include <algorithm>
#include <set>

#include "class_tables.h"
#include "corrupted_images.h"
#include "corruption_cells.h"
#include "luvit/core/error.h"
#include "luvit/core/text.h"
#include "luvit/data/image_tree.h"
#include "luvit/eval/pictures.h"
#include "model_classes.h"

namespace luvit {
namespace {

constexpr const char* wordnet_meaning = "a WordNet id of the 1000 classes";
constexpr std::int64_t images_of_class = 50;        // in the validation set, and so in each cell of ImageNet-C
constexpr std::int64_t images_of_variation = 4050;  // of ImageNet-9
constexpr const char* in9_names[] = {
    "dog", "bird", "wheeled vehicle", "reptile", "carnivore", "insect", "musical instrument", "primate", "fish"};

class Planner {
 public:
  Planner(const SuiteOptions& options, const OpenedModel& model)
      : model_(model), classes_(model), key_("suites." + options.name) {
    plan_.options = options;
    plan_.classes = model.options.classes;
  }

  SuitePlan plan() {
    switch (plan_.options.kind) {
      case SuiteKind::imagenet:
        plan_subsets_of_all();
        plan_clean();
        break;
      case SuiteKind::imagenet_sketch:
        plan_folder(classes_.wordnet(key_), wordnet_meaning, 50889);
        break;
      case SuiteKind::imagenet_v2:
        plan_folder(labels_of_v2(), "a class's number, 0 to 999, or a WordNet id", 10000);
        break;
      case SuiteKind::imagenet_a:
        plan_subset(imagenet_a_classes(), "a WordNet id of ImageNet-A's 200 classes", 7500);
        break;
      case SuiteKind::imagenet_r:
        plan_subset(imagenet_r_classes(), "a WordNet id of ImageNet-R's 200 classes", 30000);
        break;
      case SuiteKind::imagenet_c:
        plan_.options.generate ? plan_generated() : plan_corruptions();
        break;
      case SuiteKind::imagenet9:
        plan_backgrounds();
        break;
      case SuiteKind::knn:
        plan_neighbours();
        break;
      case SuiteKind::imagenet_s:
        plan_masks();
        break;
      default:
        plan_any_folder();
    }
    return std::move(plan_);
  }

 private:
  void plan_folder(const FolderLabels& labels, const std::string& meaning, std::optional<std::int64_t> expected) {
    FoundImages found = find_images(root(), "", labels, meaning);
    warn_of_missing(found, labels, "");
    if (expected) warn_of_count(found, *expected);
    add_part("", found);
  }

  void plan_clean() {
    const FolderLabels labels = classes_.wordnet(key_);
    plan_folder(labels, wordnet_meaning, images_of_class * std::ssize(labels));
  }

  // Shards hold numbers: they are the classes.
  void plan_shards() {
    const auto images = open_shards(root(), plan_.options.every);
    for (std::int64_t i = 0; i < images->size(); ++i)
      if (images->label(i) >= plan_.classes)
        throw DataError(
            str(images->name(i), ": class ", images->label(i), ", expected one of ", plan_.classes, " classes"),
            str("the numbers are places among the classes of ", plan_.train ? key_ + ".train" : "the model",
                ", from 0"));
    plan_.parts.push_back({"", images});
  }

  void plan_any_folder() {
    if (!is_folder(root())) return plan_shards();
    std::string meaning = str("a folder that ", plan_.options.class_map, " names");
    const FolderLabels labels = plan_.options.class_map.empty()
                                    ? classes_.names(key_, meaning)
                                    : read_class_map(plan_.options.class_map, classes_.count());
    plan_folder(labels, meaning, {});
  }

  // Labels of some of the 1000 classes; predictions are made among them.
  void plan_subset(const std::vector<std::int64_t>& subset, const std::string& meaning, std::int64_t expected) {
    const std::vector<std::int64_t> of = classes_.of_all(key_);
    FolderLabels labels;
    for (const std::int64_t i : subset) {
      const auto place = static_cast<std::size_t>(i);
      labels[imagenet_wnids()[place]] = of[place];
      plan_.scoring.subset.push_back(of[place]);
    }
    std::sort(plan_.scoring.subset.begin(), plan_.scoring.subset.end());
    plan_folder(labels, meaning, expected);
  }

  // One clean pass also answers for the classes of ImageNet-A and -R alone.
  void plan_subsets_of_all() {
    if (classes_.count() != std::ssize(imagenet_wnids())) return;
    const std::vector<std::int64_t> of = classes_.of_all(key_);
    const std::array<std::vector<std::int64_t>, 2> subsets = {imagenet_a_classes(), imagenet_r_classes()};
    for (std::size_t i = 0; i < subsets.size(); ++i) {
      for (const std::int64_t c : subsets[i]) plan_.scoring.also[i].push_back(of[static_cast<std::size_t>(c)]);
      std::sort(plan_.scoring.also[i].begin(), plan_.scoring.also[i].end());
    }
  }

  // Folders are class numbers as distributed; sorted as text they would be in another order.
  FolderLabels labels_of_v2() const {
    FolderLabels labels = classes_.wordnet(key_);
    const std::vector<std::int64_t> of = classes_.of_all(key_);
    for (std::size_t i = 0; i < of.size(); ++i) labels[std::to_string(i)] = of[i];
    return labels;
  }

  void plan_corruptions() {
    std::vector<std::string> others;
    const std::vector<CorruptionCell> cells = find_corruption_cells(root(), others);
    if (cells.empty())
      throw DataError(str(root(), ": no corruption is there; found ",
                          others.empty() ? "no folder" : "the folders " + escape(join(others, ", "))),
                      "expected is [GROUP/]CORRUPTION/SEVERITY/WNID/IMAGE, as the archives hold it");
    if (!others.empty()) warn(str("passed over, being no corruption: ", escape(join(others, ", "))));
    const FolderLabels labels = classes_.wordnet(key_);
    std::vector<std::string> lacking;
    for (const CorruptionCell& cell : cells)
      if (wanted(cell)) add_cell(cell, labels, lacking);
    warn_of_missing_cells();
    if (!lacking.empty())
      warn(str(lacking.size(), " of ", plan_.parts.size(), " cells have not the ", images_of_class * std::ssize(labels),
               " images of ", labels.size(), " classes: ", some_of(lacking)));
  }

  void add_cell(const CorruptionCell& cell, const FolderLabels& labels, std::vector<std::string>& lacking) {
    FoundImages found = find_images(root(), cell.folder, labels, wordnet_meaning);
    const std::size_t classes = found.class_folders.size();
    const std::int64_t images = std::ssize(found.images);
    if (classes != labels.size() || images != images_of_class * std::ssize(labels))
      lacking.push_back(str(cell.folder, " has ", images, " of ", classes));
    add_part(str(cell.corruption, "/", cell.severity), found);
  }

  void plan_generated() {
    const FolderLabels labels = classes_.wordnet(key_);
    FoundImages found = find_images(root(), "", labels, wordnet_meaning);
    warn_of_missing(found, labels, "");
    warn_of_count(found, images_of_class * std::ssize(labels));
    plan_.skipped += found.skipped;
    keep_every(found, plan_.options.every);
    const auto clean = std::make_shared<const SuiteImages>(root(), std::move(found.images));
    for (const std::string& corruption : by_name(corruption_order()))
      for (int severity = 1; severity <= 5; ++severity)
        if (const CorruptionCell cell{corruption, severity, str(corruption, "/", severity)}; wanted(cell))
          plan_.parts.push_back({cell.folder, corrupted_images(clean, cell, plan_.options)});
  }

  static std::vector<std::string> by_name(std::vector<std::string> names) {
    std::sort(names.begin(), names.end());
    return names;
  }

  bool wanted(const CorruptionCell& cell) const {
    const auto asked = [](const std::vector<std::string>& list, const std::string& one) {
      return list.empty() || std::find(list.begin(), list.end(), one) != list.end();
    };
    return asked(plan_.options.corruptions, cell.corruption) &&
           asked(plan_.options.severities, std::to_string(cell.severity));
  }

  // What was asked for by name must be there; of all there may be, one line tells what is not: "snow, fog/3".
  void warn_of_missing_cells() {
    std::vector<std::string> missing;
    std::size_t count = 0;
    for (const std::string& corruption : corruption_order()) {
      std::vector<std::string> cells;
      for (int severity = 1; severity <= 5; ++severity) {
        const std::string name = str(corruption, "/", severity);
        const bool there =
            std::any_of(plan_.parts.begin(), plan_.parts.end(), [&](const auto& part) { return part.name == name; });
        if (!there && wanted({corruption, severity, ""})) cells.push_back(name);
      }
      count += cells.size();
      if (cells.size() == 5) cells = {corruption};
      missing.insert(missing.end(), cells.begin(), cells.end());
    }
    if (count == 0) return;
    const std::string text =
        str(count, " of ", count + plan_.parts.size(), " cells are not there: ", join(missing, ", "));
    if (!plan_.options.corruptions.empty() || !plan_.options.severities.empty())
      throw DataError(str(root(), ": ", text), str("what ", key_, ".corruptions and .severities name must be there"));
    warn(text);
  }

  void plan_backgrounds() {
    const std::vector<std::int64_t> of = classes_.of_all(key_), label_of = imagenet9_label_of();
    plan_.scoring.label_of.assign(static_cast<std::size_t>(classes_.count()), -1);
    for (std::size_t i = 0; i < of.size(); ++i) plan_.scoring.label_of[static_cast<std::size_t>(of[i])] = label_of[i];
    FolderLabels labels;
    for (std::int64_t label = 0; label < 9; ++label) labels[str("0", label, "_", in9_names[label])] = label;
    for (const std::string& variation : by_name(plan_.options.variations)) {
      FoundImages found = find_images(root(), variation + "/val", labels, "the nine of ImageNet-9, 00_dog to 08_fish");
      warn_of_missing(found, labels, variation + ": ");
      if (const auto n = std::ssize(found.images); n != images_of_variation)
        warn(str(variation, ": ", n, " images; the data set has ", images_of_variation));
      add_part(variation, found);
    }
  }

  // Labels are places in the list of the training folder's classes.
  void plan_neighbours() {
    plan_voters_and_asked();
    if (std::error_code none; fs::equivalent(plan_.options.train, plan_.options.data, none))
      warn("the images that vote are those that are asked for: each is its own nearest neighbour");
    if (plan_.options.k > plan_.train->size())
      warn(str("k is ", plan_.options.k, ", but only ", plan_.train->size(), " images vote"));
  }

  void plan_voters_and_asked() {
    if (!is_folder(plan_.options.train)) {
      if (is_folder(root()) && path_exists(plan_.options.train))
        throw DataError(str(root(), " is a folder, ", key_, ".train is not: ", plan_.options.train),
                        "shards number their classes, folders name them: both have to be of one kind");
      plan_.train = open_shards(plan_.options.train, /*every=*/1);
      plan_.classes = 0;
      for (std::int64_t i = 0; i < plan_.train->size(); ++i)
        plan_.classes = std::max(plan_.classes, plan_.train->label(i) + 1);
      return plan_shards();
    }
    const auto folders = open_classes(plan_.options.train);
    plan_.classes = std::ssize(folders);
    FoundImages train = find_images(plan_.options.train, "", folders, "");
    plan_.skipped += train.skipped;
    plan_.train = std::make_shared<const SuiteImages>(plan_.options.train, std::move(train.images));
    plan_folder(folders, str("a class folder of ", plan_.options.train), {});
  }

  // Folders may be any: only what is object and what is not counts.
  void plan_masks() {
    settle_blocks();
    const auto folders = is_folder(root()) ? open_classes(root()) : FolderLabels();
    plan_.classes = std::ssize(folders);
    FoundImages found = find_images(root(), "", folders, "");
    const std::int64_t all = std::ssize(found.images);
    add_part("", found);
    const SuiteImages& images = *plan_.parts.at(0).images;
    std::vector<std::string> missing;
    for (std::int64_t i = 0; i < images.size(); ++i) {
      plan_.masks.push_back(str(plan_.options.masks, "/", fs::path(images.path(i)).replace_extension(".png").string()));
      if (!path_exists(plan_.masks.back())) missing.push_back(plan_.masks.back());
    }
    if (!missing.empty())
      throw DataError(
          str(missing.front(), ": no mask of this name; ", missing.size(), " of ", images.size(), " images have none"),
          str("expected is ", key_, ".masks/CLASS/STEM.png for each CLASS/STEM.* of .data"));
    const std::int64_t others = std::ssize(list_images(plan_.options.masks).images) - all;
    if (others > 0) warn(str(others, " masks in ", plan_.options.masks, " belong to no image"));
  }

  // One config serves models with and without a language block: what this one has not got is said, and left out.
  void settle_blocks() {
    const bool has_block = model_.options.fusion.kind == FusionKind::llama;
    std::vector<std::string>& blocks = plan_.options.attention_of;
    for (std::string& block : blocks) {
      const bool number = !block.empty() && block.size() < 5 && block.find_first_not_of("0123456789") == block.npos;
      if (block != "llm" && (!number || std::stoll(block) >= model_.options.depth))
        throw UsageError(str(key_, ".attention_of: '", escape(block), "', expected a ViT block, 0 to ",
                             model_.options.depth - 1, ", or llm"),
                         "blocks count from 0; the last one is looked at anyway");
      if (number) block = std::to_string(std::stoll(block));  // as taps are called: "01" is block 1
    }
    if (has_block) return;
    if (std::erase(blocks, "llm") > 0) warn("attention_of: the model has no language block; llm is left out");
    if (plan_.options.filtering > 0) warn("the model has no language block: filtering is left out");
    plan_.options.filtering = 0;
  }

  static FolderLabels open_classes(const std::string& folder) {
    FolderLabels labels;
    for (const fs::path& path : list_folder(folder))
      if (const std::string name = path.filename().string(); name.front() != '.' && is_folder(path))
        labels.emplace(name, 0);
    std::int64_t next = 0;
    for (auto& [name, label] : labels) label = next++;
    return labels;
  }

  void warn_of_missing(const FoundImages& found, const FolderLabels& labels, const std::string& where) {
    const std::set<std::string> there(found.class_folders.begin(), found.class_folders.end());
    std::set<std::int64_t> have, all;
    std::string first;
    for (const auto& [name, label] : labels) {
      all.insert(label);
      if (there.contains(name)) have.insert(label);
    }
    if (have.size() == all.size()) return;
    for (const auto& [name, label] : labels)
      if (!have.contains(label) && first.empty()) first = name;
    warn(str(where, have.size(), " of ", all.size(), " class folders are there; missing: ", escape(first),
             all.size() - have.size() > 1 ? ", …" : ""));
  }

  void warn_of_count(const FoundImages& found, std::int64_t expected) {
    const std::int64_t n = std::ssize(found.images);
    if (n != expected) warn(str(n, " images; the data set has ", expected));
  }

  void add_part(const std::string& name, FoundImages& found) {
    plan_.skipped += found.skipped;
    keep_every(found, plan_.options.every);
    plan_.parts.push_back({name, std::make_shared<const SuiteImages>(root(), std::move(found.images))});
  }

  void warn(const std::string& text) { plan_.warnings.push_back(str(root(), ": ", text)); }
  const std::string& root() const { return plan_.options.data; }

  const OpenedModel& model_;
  ModelClasses classes_;
  std::string key_;
  SuitePlan plan_;
};

}  // namespace

std::int64_t SuitePlan::images() const {
  std::int64_t n = 0;
  for (const SuitePart& part : parts) n += part.images->size();
  return n;
}

Preprocess preprocess_of(const SuiteOptions& options, const PreprocessOptions& common, const OpenedModel& model) {
  Preprocess out = model.preprocess;
  const bool as_it_is = options.kind == SuiteKind::imagenet_c || options.kind == SuiteKind::imagenet9;
  if (as_it_is) out.resize = 0;
  if (common.resize && !as_it_is) out.resize = *common.resize;
  if (common.crop) out.crop = *common.crop;
  if (common.interpolation) out.interpolation = *common.interpolation;
  const PreprocessOptions& own = options.preprocess;
  if (own.resize) out.resize = *own.resize;
  if (own.crop) out.crop = *own.crop;
  if (own.interpolation) out.interpolation = *own.interpolation;
  if (out.crop != model.options.image_size)
    throw UsageError(str("suites.", options.name, ": preprocess.crop ", out.crop, ", the model takes ",
                         model.options.image_size, "×", model.options.image_size, " pixels"),
                     "leave preprocess.crop out: the weights know it");
  return out;
}

SuitePlan plan_suite(const SuiteOptions& options, const PreprocessOptions& common, const OpenedModel& model) {
  const EvaluationView view = view_of(preprocess_of(options, common, model));
  try {
    SuitePlan plan = Planner(options, model).plan();
    plan.view = view;
    return plan;
  } catch (const DataError& error) {
    const std::string key = "suites." + options.name;
    std::vector<std::string> lines = error.lines();
    if (!lines.front().starts_with(key)) lines.front() = str(key, ": ", lines.front());
    throw DataError(std::move(lines), error.hint());
  }
}

}  // namespace luvit
