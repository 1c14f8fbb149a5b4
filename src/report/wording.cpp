#include "wording.h"

#include <algorithm>
#include <array>

#include "luvit/core/text.h"
#include "numbers.h"

namespace luvit {
namespace {

struct KindWording {
  const char *kind, *name, *meaning;
};

constexpr std::array<KindWording, 11> kinds = {{
    {"imagenet", "ImageNet-1K", "the benchmark's own validation photographs of its 1000 classes."},
    {"imagenet_a", "ImageNet-A",
     "natural photographs of 200 classes, collected because a ResNet-50 misread them; scored over these 200."},
    {"imagenet_r", "ImageNet-R",
     "paintings, toys, sculptures and other renditions of 200 classes; scored over these 200."},
    {"imagenet_v2", "ImageNet-V2", "a second test set, collected ten years later after the first one's recipe."},
    {"imagenet_sketch", "ImageNet-Sketch", "black-and-white drawings of the 1000 classes."},
    {"imagenet_c", "ImageNet-C",
     "ImageNet's validation images under 19 kinds of corruption, each at 5 severities, as published. Top-1 is over all "
     "that were looked at; they are forms of the same images, so the interval is narrower than it should be."},
    {"imagenet9", "ImageNet-9",
     "objects of nine groups on their own background, on another image's of the same group, and on a random one's: how "
     "much the model leans on the background. Top-1 is over all variations together."},
    {"imagenet_s", "ImageNet-S",
     "images with masks of the object: where attention is spread widely and where narrowly, and which tokens stand "
     "out. "
     "No class is asked for."},
    {"folder", "a folder of images", "images of your own, one folder a class."},
    {"coco", "COCO", "objects to be found with their boxes or masks."},
    {"knn", "nearest neighbours",
     "no classifier: an image gets the class of the training images whose frozen features are most alike."},
}};

struct KeyWording {
  const char *key, *name, *meaning;
  Measure measure;
};

constexpr std::array<KeyWording, 31> keys = {{
    {"n", "images", "", Measure::number},
    {"top1", "top-1", "share of images whose class is the model's first answer.", Measure::share},
    {"interval95", "95% interval", "Wilson's interval of top-1: what the luck of the draw of images alone leaves open.",
     Measure::share},
    {"top5", "top-5", "share of images whose class is among the model's first five answers.", Measure::share},
    {"nll", "NLL",
     "mean negative log-likelihood of the right class in nats. Lower is better; guessing among K classes gives ln K.",
     Measure::nats},
    {"ece", "ECE",
     "expected calibration error: how far confidence is from accuracy, on average over images in 15 equal bins of "
     "confidence. 0 is perfect.",
     Measure::share},
    {"top1_all", "top-1 over all classes",
     "the same share when the model may answer with any of its classes, not only with the suite's.", Measure::share},
    {"clean_top1", "top-1 on clean images of these classes",
     "what the run's ImageNet suite gives over the same classes, among these.", Measure::share},
    {"clean_drop", "drop from clean images", "how much lower top-1 is than on those.", Measure::points},
    {"brier", "Brier score",
     "mean squared distance between the predicted probabilities and the truth, from 0 (perfect) to 2.",
     Measure::number},
    {"rms_calibration", "RMS calibration error",
     "root mean square of confidence minus accuracy over bins of 100 images of neighbouring confidence.",
     Measure::share},
    {"rms_calibration_published", "RMS calibration error, as published",
     "the same as the script of ImageNet-A computes it, which leaves its last bin out.", Measure::share},
    {"aurra", "AURRA",
     "accuracy on the most confident answers, averaged over how many of them are taken: high where the model knows "
     "what it knows.",
     Measure::share},
    {"acc19", "accuracy over 19 corruptions", "plain mean of top-1 over 19 corruptions and 5 severities.",
     Measure::share},
    {"acc15", "accuracy over 15 corruptions",
     "the same over the 15 corruptions of the benchmark, without the 4 extra ones. Papers print either: compare like "
     "with like.",
     Measure::share},
    {"mce", "mCE",
     "error on each of the 15 corruptions divided by AlexNet's, averaged: AlexNet has 100%, lower is better.",
     Measure::share},
    {"relative_mce", "relative mCE",
     "the same for the error that corruption adds to the clean one: how much is lost, compared with what AlexNet "
     "loses.",
     Measure::share},
    {"original", "original", "top-1 on the images as they are.", Measure::share},
    {"mixed_same", "mixed-same", "top-1 with the background of another image of the same group.", Measure::share},
    {"mixed_rand", "mixed-rand", "top-1 with the background of an image of any group.", Measure::share},
    {"mixed_next", "mixed-next", "top-1 with the background of an image of the next group.", Measure::share},
    {"no_fg", "no foreground", "top-1 with the object cut out in black.", Measure::share},
    {"only_bg_b", "background, box black", "top-1 with the object's box in black.", Measure::share},
    {"only_bg_t", "background, box filled", "top-1 with the object's box filled from the background.", Measure::share},
    {"only_fg", "foreground only", "top-1 with the background in black.", Measure::share},
    {"gap_os", "original − mixed-same", "what is lost when only the background changes, to one of the same group.",
     Measure::points},
    {"gap_or", "original − mixed-rand", "what is lost with a background that says nothing about the object.",
     Measure::points},
    {"gap_sr", "mixed-same − mixed-rand", "the benchmark's background gap: what a fitting background is worth.",
     Measure::points},
    {"skipped", "files passed over", "hidden files and files that are no images, in the suite's folder.",
     Measure::number},
    {"k", "neighbours", "how many of the nearest training images vote.", Measure::number},
    {"temperature", "temperature", "a neighbour's vote is exp(similarity / temperature).", Measure::number},
}};

}  // namespace

std::string kind_name(const SuiteResult& suite) {
  if (suite.generated) return "generated corruptions";
  for (const KindWording& known : kinds)
    if (suite.kind == known.kind) return known.name;
  return suite.kind.empty() ? no_value : suite.kind;
}

std::string kind_meaning(const SuiteResult& suite) {
  if (suite.generated)
    return "clean images corrupted here while they were read. They are not the published files, and their figures are "
           "not comparable with any that were measured on those.";
  for (const KindWording& known : kinds)
    if (suite.kind == known.kind) return known.meaning;
  return "";
}

Wording wording_of(const std::string& key, bool generated) {
  // A part of a suite: "classes_a.top1".
  if (const std::size_t dot = key.find('.'); dot != std::string::npos) {
    Wording inner = wording_of(key.substr(dot + 1), generated);
    const std::string part = key.substr(0, dot);
    inner.name = str(part == "classes_a"   ? "ImageNet-A's classes"
                     : part == "classes_r" ? "ImageNet-R's classes"
                                           : part,
                     ": ", inner.name);
    return inner;
  }
  for (const KeyWording& known : keys) {
    if (key != known.key) continue;
    const bool of_corruptions = key.starts_with("acc1") || key.ends_with("mce");
    return {str(known.name, generated && of_corruptions ? " (generated)" : ""), known.meaning, known.measure};
  }
  return {key, "", Measure::number};
}

std::string value_text(const Wording& wording, double value, std::int64_t n) {
  switch (wording.measure) {
    case Measure::share:
      return percent_text(value, n) + "%";
    case Measure::points:
      return points_text(value, n) + " points";
    case Measure::nats:
      return decimal(value, 3);
    default:
      return number_text(value);
  }
}

void add_figures(Page& page, const std::vector<FigureRow>& rows) {
  std::vector<std::pair<std::string, std::string>> terms;
  for (const FigureRow& row : rows)
    terms.emplace_back(str(row.wording.name, ": ", value_text(row.wording, row.value, row.n)), row.wording.meaning);
  if (!terms.empty()) page.terms(terms);
}

}  // namespace luvit
