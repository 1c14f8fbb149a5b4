#include "vit_shapes.h"

#include <array>
#include <charconv>
#include <cmath>

#include "luvit/core/error.h"
#include "luvit/core/text.h"

namespace luvit {

namespace {

const char* const plain_vit_hint =
    "the ViTs of MAE and timm's plain VisionTransformer (class token, no registers, no layer scale) can be imported";

const std::vector<std::int64_t>& shape_of(const ForeignVit& vit, const std::string& name, std::size_t rank) {
  const auto found = vit.tensors.find(name);
  if (found == vit.tensors.end())
    throw DataError(str(vit.source.path(), ": not a ViT: tensor ", name, " is missing"), plain_vit_hint);
  const auto& shape = found->second.shape;
  if (shape.size() == rank && std::all_of(shape.begin(), shape.end(), [](auto n) { return n > 0; })) return shape;
  throw DataError(str(vit.source.path(), ": tensor ", name, " has ", shape.size(), " dimensions, ", rank, " expected"),
                  plain_vit_hint);
}

std::int64_t blocks_of(const ForeignVit& vit, const std::string& list) {
  std::int64_t depth = 0;
  while (vit.has(str(list, ".", depth, ".norm1.weight"))) ++depth;
  return depth;
}

std::int64_t side_of(const ForeignVit& vit, std::int64_t positions) {
  const auto side = static_cast<std::int64_t>(std::lround(std::sqrt(static_cast<double>(positions - 1))));
  if (side > 0 && side * side == positions - 1) return side;
  throw DataError(str(vit.source.path(), ": pos_embed has ", positions, " positions; 1 + a square is expected"),
                  plain_vit_hint);
}

// The ratio that gives `hidden` when it is multiplied by dim and cut, as the models do.
double ratio_of(std::int64_t hidden, std::int64_t dim) {
  const auto width = static_cast<double>(dim);
  double ratio = static_cast<double>(hidden) / width;
  while (static_cast<std::int64_t>(width * ratio) < hidden) ratio = std::nextafter(ratio, 1e9);
  return ratio;
}

std::string stored_model_name(const PickleNode* arguments) {
  const PickleNode* name = arguments ? arguments->find("model") : nullptr;
  return name && name->kind == PickleNode::Kind::text ? std::string(name->text) : std::string();
}

// Heads of the standard sizes, by the names of MAE's and timm's model functions.
std::optional<std::int64_t> heads_of_name(const std::string& name) {
  static constexpr std::array<std::pair<const char*, std::int64_t>, 6> sizes = {
      {{"vit_tiny", 3}, {"vit_small", 6}, {"vit_base", 12}, {"vit_large", 16}, {"vit_huge", 16}, {"vit_giant", 16}}};
  for (const auto& [size, heads] : sizes)
    if (name.find(size) != std::string::npos) return heads;
  return std::nullopt;
}

// A count that the stored arguments give directly, or what their model's name implies.
std::optional<std::int64_t> stored_heads(const PickleNode* arguments, const char* key,
                                         std::optional<std::int64_t> of_name) {
  const PickleNode* count = arguments ? arguments->find(key) : nullptr;
  if (count && count->kind == PickleNode::Kind::integer) return count->integer;
  return of_name;
}

// What a file says of its heads: one that we exported, or MAE's, or a model's name.
std::optional<std::int64_t> stored_heads(const VitNotes& notes) {
  std::int64_t exported = 0;
  if (const auto own = notes.metadata.find("luvit.heads"); own != notes.metadata.end()) {
    const char *first = own->second.data(), *last = first + own->second.size();
    if (std::from_chars(first, last, exported).ec == std::errc() && exported > 0) return exported;
  }
  return stored_heads(notes.arguments, "num_heads", heads_of_name(stored_model_name(notes.arguments)));
}

struct Heads {
  std::int64_t count;
  std::string from;
};

Heads choose_heads(const ForeignVit& vit, std::int64_t dim, std::optional<std::int64_t> told, const char* option,
                   std::optional<std::int64_t> stored, const char* stored_in, std::int64_t usual_width) {
  Heads heads = told     ? Heads{*told, option}
                : stored ? Heads{*stored, stored_in}
                         : Heads{dim / usual_width, str(usual_width, " wide; ", option, " if that is wrong")};
  if (heads.count > 0 && dim % heads.count == 0) return heads;
  throw DataError(str(vit.source.path(), ": ", heads.count, " heads (", heads.from, ") do not divide the width, ", dim),
                  str("say how many there are by ", option));
}

void settle_decoder(VitDescription& out, const ForeignVit& vit, const PickleNode* arguments,
                    const ImportOptions& options) {
  DecoderOptions& decoder = out.model.options.decoder;
  decoder.dim = shape_of(vit, "decoder_embed.weight", 2)[0];
  decoder.depth = blocks_of(vit, "decoder_blocks");
  const std::string name = stored_model_name(arguments);
  // All of MAE's functions build the same decoder.
  const auto of_name = name.starts_with("mae_vit") ? std::optional<std::int64_t>(16) : std::nullopt;
  const Heads heads =
      choose_heads(vit, decoder.dim, options.decoder_heads, "--decoder-heads",
                   stored_heads(arguments, "decoder_num_heads", of_name), "the stored training arguments", 32);
  decoder.heads = heads.count;
  out.decoder_heads_from = heads.from;

  out.masking_from = "MAE's defaults";
  const PickleNode* norm_pix = arguments ? arguments->find("norm_pix_loss") : nullptr;
  const PickleNode* ratio = arguments ? arguments->find("mask_ratio") : nullptr;
  if (norm_pix && norm_pix->kind == PickleNode::Kind::boolean) {
    out.model.masking.norm_pix = norm_pix->integer != 0;
    out.masking_from = "the stored arguments";
  }
  if (ratio && ratio->kind == PickleNode::Kind::real && ratio->real >= 0 && ratio->real < 1)
    out.model.masking.mask_ratio = ratio->real;
}

void settle_positions(VitDescription& out, const ForeignVit& vit) {
  ModelOptions& model = out.model.options;
  const bool possible = model.dim % 4 == 0;
  const bool sincos = possible && at::allclose(vit.read("pos_embed").to(at::kFloat),
                                               sincos_positions(model.dim, model.grid()), 1e-5, 1e-5);
  model.pos_embed = sincos ? PosEmbed::sincos : PosEmbed::learned;
  out.pos_embed_from = sincos ? "the values are sin-cos" : "the values are not sin-cos";
}

// MAE evaluates its classifiers on a centre crop of 224 out of 256; larger ones are not cropped.
void settle_preprocess(VitDescription& out, const VitNotes& notes, const ImportOptions& options, const fs::path& path) {
  const std::int64_t size = out.model.options.image_size;
  const bool mae = out.model.kind == ModelKind::classifier && notes.arguments;
  Preprocess& view = out.model.preprocess;
  view.crop = size;
  view.resize = mae && size <= 224 ? size * 256 / 224 : size;
  out.preprocess_from = mae ? "MAE's evaluation" : "the file does not say: --mean, --std and --resize do";
  if (const auto own = notes.metadata.find("luvit.preprocess"); own != notes.metadata.end()) {
    view = preprocess_from_json(own->second, size, path.string());
    out.preprocess_from = "its metadata";
  }
  if (options.mean) view.mean = *options.mean;
  if (options.std) view.std = *options.std;
  if (options.resize) view.resize = *options.resize;
  if (options.mean || options.std || options.resize) out.preprocess_from = "as asked; the rest: " + out.preprocess_from;
}

// The classes' names, where there are as many as the head has rows.
void settle_classes(VitDescription& out, const VitNotes& notes, const fs::path& path) {
  const auto own = notes.metadata.find("luvit.classes");
  if (own == notes.metadata.end() || out.model.kind != ModelKind::classifier) return;
  out.model.classes = classes_from_json(own->second, path.string());
  if (std::ssize(out.model.classes) != out.model.options.classes)
    throw DataError(str(path.string(), ": luvit.classes has ", out.model.classes.size(), " names, the head ",
                        out.model.options.classes, " rows"),
                    "the head was replaced after the names were written");
}

}  // namespace

ForeignVit::ForeignVit(const TensorSource& from) : source(from) {
  const auto& all = from.tensors();
  const bool wrapped = !all.empty() && std::all_of(all.begin(), all.end(),
                                                   [](const auto& info) { return info.name.starts_with("module."); });
  if (wrapped) prefix = "module.";
  for (TensorInfo info : all) {
    info.name = info.name.substr(prefix.size());
    tensors.emplace(info.name, info);
  }
}

VitDescription describe_vit(const ForeignVit& vit, const VitNotes& notes, const ImportOptions& options) {
  const PickleNode* arguments = notes.arguments;
  VitDescription out{.model = {.kind = vit.has("decoder_pred.weight") ? ModelKind::pretraining
                                       : vit.has("head.weight")       ? ModelKind::classifier
                                                                      : ModelKind::encoder}};
  ModelOptions& model = out.model.options;
  model.fusion.kind = FusionKind::none;
  const auto& patches = shape_of(vit, "patch_embed.proj.weight", 4);
  const auto& positions = shape_of(vit, "pos_embed", 3);
  model.dim = patches[0];
  model.patch_size = patches[2];
  model.image_size = side_of(vit, positions[1]) * model.patch_size;
  model.depth = blocks_of(vit, "blocks");
  if (model.depth == 0) throw DataError(str(vit.source.path(), ": not a ViT: no blocks.0"), plain_vit_hint);
  model.mlp_ratio = ratio_of(shape_of(vit, "blocks.0.mlp.fc1.weight", 2)[0], model.dim);

  const Heads heads = choose_heads(vit, model.dim, options.heads, "--heads", stored_heads(notes),
                                   notes.arguments ? "the stored training arguments" : "its metadata", 64);
  model.heads = heads.count;
  out.heads_from = heads.from;
  if (out.model.kind == ModelKind::pretraining) settle_decoder(out, vit, arguments, options);
  if (out.model.kind == ModelKind::classifier) {
    model.classes = shape_of(vit, "head.weight", 2)[0];
    model.pool = vit.has("fc_norm.weight") ? Pool::mean : Pool::cls;
  }
  out.model.encoder_norm = vit.has("norm.weight");
  if (positions[2] != model.dim)
    throw DataError(str(vit.source.path(), ": pos_embed is ", positions[2], " wide, the patches ", model.dim),
                    plain_vit_hint);
  settle_positions(out, vit);
  settle_preprocess(out, notes, options, vit.source.path());
  settle_classes(out, notes, vit.source.path());
  return out;
}

}  // namespace luvit
