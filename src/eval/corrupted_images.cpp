#include "corrupted_images.h"

#include "luvit/corruptions/corruption.h"

namespace luvit {
namespace {

class CorruptedImages : public SuiteImages {
 public:
  CorruptedImages(std::shared_ptr<const SuiteImages> clean, const CorruptionCell& cell, std::uint64_t seed,
                  const Frost& frost)
      : SuiteImages("", {}),
        clean_(std::move(clean)),
        folder_(cell.folder),
        corruption_(parse_corruption(cell.corruption)),
        severity_(cell.severity),
        seed_(seed),
        frost_(frost) {}

  std::int64_t size() const override { return clean_->size(); }
  std::int64_t label(std::int64_t index) const override { return clean_->label(index); }
  std::string name(std::int64_t index) const override { return clean_->name(index); }
  std::string path(std::int64_t index) const override { return folder_ + "/" + clean_->path(index); }
  void read(std::int64_t index, std::vector<std::uint8_t>& buffer) const override { clean_->read(index, buffer); }
  Image image(std::int64_t index, std::vector<std::uint8_t>& buffer) const override {
    const std::uint32_t seed = corruption_seed(seed_, corruption_, severity_, clean_->path(index));
    return corrupted_view(clean_->image(index, buffer), corruption_, severity_, seed, frost_, name(index));
  }

 private:
  std::shared_ptr<const SuiteImages> clean_;
  std::string folder_;
  Corruption corruption_;
  int severity_;
  std::uint64_t seed_;
  const Frost& frost_;
};

// Decoded once for all cells.
const Frost& pictures_for(const std::string& corruption, const std::string& folder) {
  static const Frost none;
  static std::map<std::string, Frost> opened;
  if (corruption != "frost") return none;
  const auto found = opened.find(folder);
  if (found != opened.end()) return found->second;
  return opened.emplace(folder, Frost(folder.empty() ? installed_frost() : fs::path(folder))).first->second;
}

}  // namespace

std::shared_ptr<const SuiteImages> corrupted_images(std::shared_ptr<const SuiteImages> clean,
                                                    const CorruptionCell& cell, const SuiteOptions& options) {
  const Frost& frost = pictures_for(cell.corruption, options.frost);
  return std::make_shared<const CorruptedImages>(std::move(clean), cell, options.seed, frost);
}

}  // namespace luvit
