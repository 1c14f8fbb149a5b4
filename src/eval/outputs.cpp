#include "luvit/eval/outputs.h"

#include "luvit/core/error.h"
#include "luvit/core/text.h"

namespace luvit {
namespace {

const std::vector<std::string>& names() {  // in the order of the enum
  static const std::vector<std::string> all = {"logits", "features", "encoder", "attention", "entropy", "mae"};
  return all;
}

std::string trimmed(const std::string& text) {
  const auto first = text.find_first_not_of(' '), last = text.find_last_not_of(' ');
  return first == std::string::npos ? "" : text.substr(first, last - first + 1);
}

Output parse_output(const std::string& name) {
  const auto found = std::find(names().begin(), names().end(), name);
  if (found != names().end()) return static_cast<Output>(found - names().begin());
  const std::string near = nearest(name, names());
  throw UsageError(
      str("--emit: '", name, "' is not an output; known are ", join(names(), ", ")),
      near.empty() ? "separate several by commas, as in --emit logits,entropy" : str("did you mean ", near, "?"));
}

}  // namespace

std::string output_name(Output output) {
  return names()[static_cast<std::size_t>(output)];
}

Outputs parse_outputs(const std::string& list) {
  Outputs outputs;
  std::istringstream in(list);
  for (std::string name; std::getline(in, name, ',');) outputs.insert(parse_output(trimmed(name)));
  if (outputs.empty()) throw UsageError(str("--emit is empty; known outputs are ", join(names(), ", ")));
  return outputs;
}

void check_outputs(const Outputs& outputs, ModelKind kind, const std::string& path) {
  const auto require = [&](Output output, ModelKind wanted, const char* tensors) {
    if (outputs.count(output) == 0 || kind == wanted) return;
    throw UsageError(str("--emit ", output_name(output), " needs a model of kind ", kind_name(wanted), " (", tensors,
                         "), but ", path, " is of kind ", kind_name(kind)),
                     "every model has features, encoder, attention and entropy");
  };
  require(Output::logits, ModelKind::classifier, "head.*");
  require(Output::mae, ModelKind::pretraining, "decoder_pred.*");
}

}  // namespace luvit
