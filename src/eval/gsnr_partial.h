#pragma once
#include "gsnr.h"

namespace luvit {

// What is measured of a `luvit_eval gsnr`, weights by weights, in OUT/partial: one that was stopped goes on there. Each
// file names what it is of by a hash of all that its figures hang on; under another hash it is measured anew.
class GsnrPartial {
 public:
  // `setting`: the options, the data and the program, as one text.
  GsnrPartial(fs::path folder, std::string setting) : folder_(std::move(folder)), setting_(std::move(setting)) {}

  // nullopt where nothing of these weights, by their hash, is there, or it is broken.
  std::optional<GsnrPoint> read(const GsnrWeights& weights) const;
  void write(const GsnrPoint& point) const;

 private:
  std::string key_of(const GsnrWeights& weights) const;
  fs::path folder_;
  std::string setting_;
};

}  // namespace luvit
