#include "suite_figure.h"

#include <algorithm>
#include <unordered_map>

#include "correct.h"
#include "corruption_cells.h"
#include "luvit/statistics/paired.h"

namespace luvit {
namespace {

bool in_benchmark(std::string_view corruption) {
  const auto& names = corruption_order();
  const auto end = names.begin() + benchmark_size;
  return std::find(names.begin(), end, corruption) != end;
}

Interval by_source_images(const fs::path& file, bool benchmark_only) {
  const CorrectAnswer correct("imagenet_c");
  std::unordered_map<std::string, Cluster> sources;
  PredictionReader reader(file);
  for (PredictionLine line; reader.next(line);) {
    const CorruptedPath parts = parse_corrupted(line.path, file);
    if (benchmark_only && !in_benchmark(parts.corruption)) continue;
    Cluster& source = sources.try_emplace(std::string(parts.source), Cluster{0, 0}).first->second;
    source.sum += correct(line);
    ++source.rows;
  }
  std::vector<Cluster> clusters;
  for (const auto& [name, cluster] : sources) clusters.push_back(cluster);
  return bootstrap_interval(std::move(clusters));
}

std::optional<Interval> of_imagenet9(const fs::path& file, const std::string& metric) {
  const CorrectAnswer correct("imagenet9");
  std::map<std::string, Share> variations;
  PredictionReader reader(file);
  for (PredictionLine line; reader.next(line);) {
    Share& share = variations[variation_of(line.path)];
    share.successes += correct(line);
    ++share.n;
  }
  const Share original = variations["original"], same = variations["mixed_same"], rand = variations["mixed_rand"];
  if (metric == "gap_os") return newcombe_interval(same, original);
  if (metric == "gap_or") return newcombe_interval(rand, original);
  if (metric == "gap_sr") return newcombe_interval(rand, same);
  const auto found = variations.find(metric);
  if (found == variations.end() || found->second.n == 0) return std::nullopt;
  return wilson_interval(found->second.successes, found->second.n);
}

}  // namespace

// The split of ImageNet-S is in the folder's name (ImageNetS919/validation) or in the suite's (ins919).
bool fits(const EvaluatedSuite& suite, const PaperColumn& column) {
  if (suite.kind != column.kind || suite.generated != column.generated) return false;
  if (column.data.empty()) return true;
  const auto ends = [&](std::string text) {
    std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) { return std::tolower(c); });
    for (const std::string& word : {"imagenets" + column.data, "ins" + column.data}) {
      const auto at = text.find(word);
      if (at != std::string::npos && (at + word.size() == text.size() || !std::isdigit(text[at + word.size()])))
        return true;
    }
    return false;
  };
  return ends(suite.data) || ends(suite.name);
}

std::optional<Interval> image_interval(const EvaluatedRun& run, const EvaluatedSuite& suite,
                                       const PaperColumn& column) {
  if (column.metric == "top1") return suite.interval95;
  if (const auto found = suite.intervals.find(column.metric); found != suite.intervals.end()) return found->second;
  const fs::path file = run.predictions(suite);
  if (!path_exists(file)) return std::nullopt;
  if (column.metric == "acc19" || column.metric == "acc15") return by_source_images(file, column.metric == "acc15");
  if (suite.kind == "imagenet9") return of_imagenet9(file, column.metric);
  return std::nullopt;
}

}  // namespace luvit
