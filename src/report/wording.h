#pragma once
#include <string>

#include "results.h"

namespace luvit {

// What a kind of suite is called, and what it shows, in a sentence. A generated ImageNet-C is never called so.
std::string kind_name(const SuiteResult& suite);
std::string kind_meaning(const SuiteResult& suite);

enum class Measure { share, points, number };  // points: a difference of shares

// What a key of results.json is called and means; one that is not known keeps its own name and has no meaning.
struct Wording {
  std::string name, meaning;
  Measure measure = Measure::number;
};
Wording wording_of(const std::string& key, bool generated);
std::string value_text(const Wording& wording, double value, std::int64_t n);

}  // namespace luvit
