#pragma once
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "luvit/core/files.h"
#include "luvit/data/dataset.h"

namespace luvit {

// The label of each class folder, by the folder's name.
using FolderLabels = std::map<std::string, std::int64_t>;

// Images of an evaluation: FOLDER/CLASS/IMAGE, labelled by the class folder's name, in the byte order of paths.
class SuiteImages : public Dataset {
 public:
  struct Labelled {
    std::string path;  // relative to the suite's folder
    std::int64_t label = -1;
  };
  SuiteImages(std::string root, std::vector<Labelled> images) : root_(std::move(root)), images_(std::move(images)) {}

  std::int64_t size() const override { return std::ssize(images_); }
  void read(std::int64_t index, std::vector<std::uint8_t>& buffer) const override;
  std::int64_t label(std::int64_t index) const override { return at(index).label; }
  std::string name(std::int64_t index) const override { return root_ + "/" + at(index).path; }
  const std::vector<std::string>& classes() const override { return no_classes_; }
  virtual std::string path(std::int64_t index) const { return at(index).path; }

 private:
  const Labelled& at(std::int64_t index) const { return images_.at(static_cast<std::size_t>(index)); }
  std::string root_;
  std::vector<Labelled> images_;
  std::vector<std::string> no_classes_;
};

// What a folder of class folders holds.
struct FoundImages {
  std::vector<SuiteImages::Labelled> images;
  std::vector<std::string> class_folders;  // those with images, sorted
  std::int64_t skipped = 0;                // hidden ones and files that are no images
};
// Below root/below, whose class folders must be in `labels`: DataError listing those that are not, with what they
// should be (`meaning`: "a WordNet id of the 1000 classes"); and where there is no image, or one outside the class
// folders. Paths are relative to root.
FoundImages find_images(const std::string& root, const std::string& below, const FolderLabels& labels,
                        const std::string& meaning);

// The same of tar shards (a path, a glob, braces), whose .cls are the labels: path SHARD.tar:MEMBER, the shard's own
// folder left out.
std::shared_ptr<const SuiteImages> open_shards(const std::string& source, std::int64_t every);

// The first three, for messages.
std::string some_of(const std::vector<std::string>& names);

// Every so many-th of them, the first included.
void keep_every(FoundImages& found, std::int64_t every);

}  // namespace luvit
