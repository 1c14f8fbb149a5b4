#pragma once
#include "luvit/eval/classification.h"
#include "luvit/eval/evaluated_run.h"

namespace luvit {

// Whether a line of predictions is right: its choice is its label, but in ImageNet-9, where a choice stands for the
// label that its class is mapped to, or for none.
class CorrectAnswer {
 public:
  explicit CorrectAnswer(const std::string& kind);
  bool operator()(const PredictionLine& line) const;

 private:
  Scoring scoring_;
};

// The parts of a path of ImageNet-C, "fog/3/n01440764/a.JPEG", with or without a group folder before it. DataError
// naming the file where it has no such parts.
struct CorruptedPath {
  std::string_view corruption;  // fog
  std::string_view source;      // n01440764/a.JPEG, the same in all cells
};
CorruptedPath parse_corrupted(std::string_view path, const fs::path& file);

// "mixed_same" of "mixed_same/val/00_dog/a.JPEG".
std::string variation_of(std::string_view path);

}  // namespace luvit
