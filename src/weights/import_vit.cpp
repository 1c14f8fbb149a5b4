#include "import_vit.h"

#include "luvit/core/error.h"
#include "luvit/core/text.h"
#include "opened_weights.h"
#include "vit_shapes.h"

namespace luvit {

namespace {

// A head-less file of a pooled classifier keeps the norm of the head that is gone; an encoder has no use for it.
bool drop_stray_norm(ForeignVit& vit, ModelKind kind) {
  if (kind != ModelKind::encoder) return false;
  return vit.tensors.erase("fc_norm.weight") + vit.tensors.erase("fc_norm.bias") > 0;
}

NamedTensors take(const ForeignVit& vit, std::vector<NamedTensor> wanted) {
  const at::NoGradGuard no_gradients;
  NamedTensors taken;
  for (const auto& [name, tensor, role] : wanted) taken.emplace_back(name, vit.read(name).to(at::kFloat));
  return taken;
}

std::string list(const std::vector<double>& values) {
  std::vector<std::string> parts;
  for (const double value : values) parts.push_back(exact(value));
  return join(parts, " ");
}

std::string report_of(const VitDescription& vit) {
  const OpenedModel& model = vit.model;
  const ModelOptions& o = model.options;
  std::ostringstream out;
  out << "  kind        " << kind_name(model.kind) << '\n'
      << "  sizes       image_size " << o.image_size << ", patch_size " << o.patch_size << ", dim " << o.dim
      << ", depth " << o.depth << ", mlp_ratio " << exact(o.mlp_ratio) << '\n'
      << "  heads       " << o.heads << " (" << vit.heads_from << ")\n";
  if (model.kind == ModelKind::pretraining)
    out << "  decoder     dim " << o.decoder.dim << ", depth " << o.decoder.depth << ", heads " << o.decoder.heads
        << " (" << vit.decoder_heads_from << ")\n"
        << "  mae         mask_ratio " << exact(model.masking.mask_ratio) << ", norm_pix "
        << (model.masking.norm_pix ? "true" : "false") << " (" << vit.masking_from << ")\n";
  if (model.kind == ModelKind::classifier)
    out << "  head        " << o.classes << " classes" << (model.classes.empty() ? "" : " with names") << ", pool "
        << (o.pool == Pool::mean ? "mean" : "cls") << '\n';
  out << "  pos_embed   " << (o.pos_embed == PosEmbed::sincos ? "sincos" : "learned") << " (" << vit.pos_embed_from
      << ")\n"
      << "  preprocess  resize " << model.preprocess.resize << ", crop " << model.preprocess.crop << ", "
      << model.preprocess.interpolation << ", mean " << list(model.preprocess.mean) << ", std "
      << list(model.preprocess.std) << " (" << vit.preprocess_from << ")\n";
  return out.str();
}

}  // namespace

std::string import_vit(const TensorSource& source, const VitNotes& notes, const fs::path& out,
                       const ImportOptions& options) {
  ForeignVit vit(source);
  const VitDescription description = describe_vit(vit, notes, options);
  const bool dropped = drop_stray_norm(vit, description.model.kind);
  require_consistent(description.model, source.path());
  const auto model = make_model(description.model);
  require_exactly(model->named_tensors(), vit.tensors, source.path(),
                  "the plain ViTs of MAE and timm can be imported; registers, layer scale and the like cannot");
  const NamedTensors tensors = take(vit, model->named_tensors());
  write_safetensors(out, tensors, model_metadata(description.model));
  return str("from ", source.path(), ", a ViT\n", report_of(description), "  tensors     ", tensors.size(),
             ", as float32", dropped ? "; fc_norm.* left out (there is no head)" : "", "\nwrote ", out.string(), '\n');
}

}  // namespace luvit
