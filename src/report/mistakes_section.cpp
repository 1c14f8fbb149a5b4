#include <map>

#include "luvit/core/error.h"
#include "luvit/core/text.h"
#include "luvit/data/dataset.h"
#include "numbers.h"
#include "sections.h"

namespace luvit {
namespace {

constexpr std::int64_t thumbnail_side = 224;

// A path out of a file of predictions must not lead out of the suite's folder.
bool stays_within(const fs::path& path) {
  if (path.is_absolute()) return false;
  for (const fs::path& part : path)
    if (part == "..") return false;
  return true;
}

// Corruptions that are generated have no files: below CORRUPTION/SEVERITY/ the path is that of the clean image.
fs::path file_of(const SuiteResult& suite, const fs::path& path) {
  const fs::path folder = suite.data;
  if (!suite.generated) return folder / path;
  fs::path clean;
  int part = 0;
  for (const fs::path& name : path)
    if (part++ >= 2) clean /= name;
  return folder / clean;
}

// Pictures of the images that a suite's paths name. None where the data are not at hand (moved, or on another machine):
// the report is still of use.
class Thumbnails {
 public:
  explicit Thumbnails(const SuiteResult& suite) : suite_(suite) {}

  Picture operator()(const std::string& path) {
    if (suite_.data.empty()) return {};
    try {
      if (!is_folder(suite_.data)) return of_shards(path);
      return stays_within(path) ? picture_of(file_of(suite_, path), thumbnail_side) : Picture{};
    } catch (const DataError&) {
      return {};
    }
  }

 private:
  Picture of_shards(const std::string& path) {
    if (!shards_) {
      shards_ = open_dataset({suite_.data}, /*labels_wanted=*/false);
      for (std::int64_t i = 0; i < shards_->size(); ++i) place_of_.emplace(path_of_shard_member(shards_->name(i)), i);
    }
    const auto place = place_of_.find(path);
    std::vector<std::uint8_t> buffer;
    return place == place_of_.end() ? Picture{} : picture_of(shards_->image(place->second, buffer), thumbnail_side);
  }

  const SuiteResult& suite_;
  std::unique_ptr<Dataset> shards_;
  std::map<std::string, std::int64_t> place_of_;
};

// "class 17" stays on one line.
std::string unbroken(std::string name) {
  for (std::size_t at = 0; (at = name.find(' ', at)) != std::string::npos;) name.replace(at, 1, "\u00a0");
  return name;
}

void add_gallery(Report& report, const SuiteResult& suite, const PredictionsRead& read) {
  std::vector<GalleryItem> items;
  Thumbnails thumbnail(suite);
  std::size_t without = 0;
  for (const Mistake& mistake : read.worst) {
    items.push_back({thumbnail(mistake.path),
                     {str(unbroken(report.class_names(suite, mistake.label)), " → ",
                          unbroken(report.class_names.answer(suite, mistake.prediction))),
                      str(percent_text(mistake.confidence, 0), "% sure"), mistake.path}});
    without += items.back().picture.bytes.empty();
  }
  report.page.heading(suite.name);
  report.page.paragraph(str(count_text(read.wrong), " of ", count_text(read.n), " images were named wrong."));
  if (suite.generated && !items.empty())
    report.page.warning("The model saw these images corrupted; the pictures, where shown, are the clean sources.");
  report.page.gallery(items);
  if (without > 0)
    report.page.paragraph(str(without, " of the pictures could not be read below ",
                              suite.data.empty() ? "the suite’s folder, which results.json does not name" : suite.data,
                              "."));
}

}  // namespace

void add_mistakes(Report& report) {
  bool first = true;
  for (const SuiteResult& suite : report.run.suites) {
    const auto read = report.predictions.find(suite.name);
    if (read == report.predictions.end() || suite.kind == "imagenet9") continue;
    if (first) {
      report.page.section("Worst mistakes");
      report.page.paragraph(str(
          "The images on which the model was most sure of a wrong class: right class → answer. The ", mistakes_shown,
          " most confident ones of a suite, each pair of classes once. Classes are called by "
          "their folders. Some of these will be mistakes of the labels, not of the model."));
    }
    first = false;
    add_gallery(report, suite, read->second);
  }
}

}  // namespace luvit
