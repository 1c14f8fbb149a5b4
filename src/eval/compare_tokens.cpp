#include "compare_tokens.h"

#include "luvit/core/error.h"
#include "luvit/core/text.h"
#include "luvit/report/analysed_images.h"
#include "pair_count.h"

namespace luvit {
namespace {

// Images whose background lies above the object, among those that both models tell it of.
Pairs shares_of(const std::vector<AnalysedImage>& a, const std::vector<AnalysedImage>& b,
                const BootstrapOptions& bootstrap) {
  PairCount count;
  for (std::size_t i = 0; i < a.size(); ++i)
    if (a[i].used() && b[i].used()) count.add(a[i].gap() > 0, b[i].gap() > 0);
  return pairs_of(count, bootstrap);
}

}  // namespace

SuitePairs compare_tokens(const std::string& suite, const fs::path& file_a, const fs::path& file_b,
                          const BootstrapOptions& bootstrap) {
  const std::vector<AnalysedImage> a = read_analysed_images(file_a), b = read_analysed_images(file_b);
  if (const auto why = not_the_same_images(a, b))
    throw DataError(str(escape(file_a.string()), " and ", escape(file_b.string()), ": ", *why),
                    "both models must have looked at the same images with the same masks");
  SuitePairs pairs;
  pairs.name = suite;
  pairs.metric = "share_bg_above_fg";
  pairs.all = shares_of(a, b, bootstrap);
  pairs.means = paired_token_means(a, b, bootstrap);
  return pairs;
}

}  // namespace luvit
