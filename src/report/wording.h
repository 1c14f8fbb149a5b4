#pragma once
#include <string>

#include "luvit/report/page.h"
#include "results.h"

namespace luvit {

// What a kind of suite is called, and what it shows, in a sentence. A generated ImageNet-C is never called so.
std::string kind_name(const SuiteResult& suite);
std::string kind_meaning(const SuiteResult& suite);

enum class Measure { share, points, nats, number };  // points: a difference of shares

// What a key of results.json is called and means; one that is not known keeps its own name and has no meaning.
struct Wording {
  std::string name, meaning;
  Measure measure = Measure::number;
};
Wording wording_of(const std::string& key, bool generated);
std::string value_text(const Wording& wording, double value, std::int64_t n);

// Figures, each with what it means.
struct FigureRow {
  Wording wording;
  double value;
  std::int64_t n;  // of how many images
};
void add_figures(Page& page, const std::vector<FigureRow>& rows);

}  // namespace luvit
