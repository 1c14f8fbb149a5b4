#include "luvit/eval/outputs.h"

#include <algorithm>
#include <charconv>
#include <optional>

#include "luvit/core/error.h"
#include "luvit/core/text.h"

namespace luvit {
namespace {

const std::vector<std::string> plain = {"logits", "features", "encoder", "attention", "entropy", "mae"};
const std::vector<std::string> of_language_block = {"l1", "llm_attn", "llm_ffn", "llm", "l2", "attention.llm"};
const std::vector<std::string> of_each_block = {"block.", "attention."};

bool contains(const std::vector<std::string>& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

// K of "block.K" and "attention.K".
std::optional<std::int64_t> block_number(const std::string& name) {
  for (const std::string& prefix : of_each_block) {
    if (name.compare(0, prefix.size(), prefix) != 0) continue;
    std::int64_t block = -1;
    std::from_chars(name.data() + prefix.size(), name.data() + name.size(), block);
    if (block >= 0 && name == str(prefix, block)) return block;  // no leading zero, nothing after it
  }
  return std::nullopt;
}

std::vector<std::string> known_names() {
  std::vector<std::string> names = plain;
  names.insert(names.end(), {"block.K", "attention.K"});
  names.insert(names.end(), of_language_block.begin(), of_language_block.end());
  return names;
}

std::string trimmed(const std::string& text) {
  const auto first = text.find_first_not_of(' '), last = text.find_last_not_of(' ');
  return first == std::string::npos ? "" : text.substr(first, last - first + 1);
}

std::string parse_output(const std::string& name) {
  if (contains(plain, name) || contains(of_language_block, name) || block_number(name)) return name;
  const std::string near = nearest(name, known_names());
  throw UsageError(
      str("--emit: '", name, "' is not an output; known are ", join(known_names(), ", "), " (K: a block, from 0)"),
      near.empty() ? "separate several by commas, as in --emit logits,entropy" : str("did you mean ", near, "?"));
}

}  // namespace

Outputs parse_outputs(const std::string& list) {
  Outputs outputs;
  std::istringstream in(list);
  for (std::string name; std::getline(in, name, ',');) outputs.insert(parse_output(trimmed(name)));
  if (outputs.empty()) throw UsageError(str("--emit is empty; known outputs are ", join(known_names(), ", ")));
  return outputs;
}

void check_outputs(const Outputs& outputs, const OpenedModel& model, const std::string& path) {
  const auto require = [&](const char* output, ModelKind wanted, const char* tensors) {
    if (outputs.count(output) == 0 || model.kind == wanted) return;
    throw UsageError(str("--emit ", output, " needs a model of kind ", kind_name(wanted), " (", tensors, "), but ",
                         path, " is of kind ", kind_name(model.kind)),
                     "every model has features, encoder, attention, entropy and its blocks");
  };
  require("logits", ModelKind::classifier, "head.*");
  require("mae", ModelKind::pretraining, "decoder_pred.*");
  for (const std::string& output : outputs) {
    if (const auto block = block_number(output); block && *block >= model.options.depth)
      throw UsageError(str("--emit ", output, ": ", path, " has ", model.options.depth, " ViT blocks"),
                       str("they count from 0: the last one is block.", model.options.depth - 1));
    if (contains(of_language_block, output) && model.options.fusion.kind != FusionKind::llama)
      throw UsageError(str("--emit ", output, " needs a fused language block, and ", path, " has none"),
                       "fusion.kind: llama has l1, llm_attn, llm_ffn, llm, l2 and attention.llm");
  }
}

}  // namespace luvit
