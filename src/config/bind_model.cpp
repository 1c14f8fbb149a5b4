#include "luvit/config/bindings.h"

namespace luvit {
namespace {

// Far above any model; keeps products of sizes within 64 bits.
constexpr double most = 1 << 20;

void declare_lora(Schema& schema, LoraOptions& lora) {
  const char* const llama = "model.fusion.kind=llama";
  schema.section("model.fusion.lora", "low-rank updates of the frozen block's matrices");
  schema.add("model.fusion.lora.rank", lora.rank, "rank of the update; 0: no LoRA").range(0, most).when(llama);
  schema.add("model.fusion.lora.alpha", lora.alpha, "the update is scaled by alpha / rank")
      .range(0, unbounded)
      .when(llama);
  schema.add("model.fusion.lora.dropout", lora.dropout, "dropout before A, in training")
      .range(0, 1)
      .below_high()
      .when(llama);
  schema.add("model.fusion.lora.targets", lora.targets, "which matrices: any of q k v o gate up down").when(llama);
  schema.add("model.fusion.lora.weights", lora.weights, "adapter file or folder to start from").when(llama);
}

void declare_llama(Schema& schema, FusionOptions& fusion) {
  const char* const llama = "model.fusion.kind=llama";
  schema.add("model.fusion.dim", fusion.dim, "width of the block").range(1, most).when(llama);
  schema.add("model.fusion.heads", fusion.heads, "attention heads of the block").range(1, most).when(llama);
  schema.add("model.fusion.kv_heads", fusion.kv_heads, "key and value heads; fewer: grouped-query attention")
      .range(1, most)
      .when(llama);
  schema.add("model.fusion.norm_eps", fusion.norm_eps, "epsilon of the block's RMSNorm")
      .range(0, 1)
      .above_low()
      .when(llama);
  schema.add("model.fusion.weights", fusion.weights, "block file, Meta or Hugging Face folder, or `random`")
      .when(llama);
  schema.add("model.fusion.layer", fusion.layer, "which block of a whole checkpoint; -1: the last")
      .range(-1, most)
      .when(llama);
  schema
      .add("model.fusion.storage", fusion.storage, "type of the frozen weights; compute: train.precision's",
           {{"compute", Storage::compute}, {"float32", Storage::float32}})
      .when(llama);
  schema
      .add("model.fusion.residual", fusion.residual, "outer: z + L2·LLM·L1(z), L2 starting at zero",
           {{"none", Residual::none}, {"outer", Residual::outer}})
      .when(llama);
  schema
      .add("model.fusion.final_norm", fusion.final_norm,
           "RMSNorm after the block; pretrained needs a Meta or Hugging Face folder",
           {{"none", FinalNorm::none}, {"unit", FinalNorm::unit}, {"pretrained", FinalNorm::pretrained}})
      .when(llama);
}

void declare_fusion(Schema& schema, FusionOptions& fusion) {
  schema.section("model.fusion", "what stands after the last ViT block");
  schema.add("model.fusion.kind", fusion.kind, "llama: a frozen language-model block; mlp: two linear layers",
             {{"none", FusionKind::none}, {"mlp", FusionKind::mlp}, {"llama", FusionKind::llama}});
  schema.kind("model.fusion.kind");
  declare_llama(schema, fusion);
  schema.add("model.fusion.hidden", fusion.hidden, "width between the linear layers, of the block's MLP or of kind mlp")
      .range(1, most)
      .when("model.fusion.kind=llama|mlp")
      .default_when("model.fusion.kind=mlp", "4096");
  schema.add("model.fusion.bias", fusion.bias, "biases in the projections L1 and L2, or in kind mlp's layers")
      .when("model.fusion.kind=llama|mlp")
      .default_when("model.fusion.kind=mlp", "true");
  schema
      .add("model.fusion.activation", fusion.activation, "between the two linear layers",
           {{"gelu", Activation::gelu}, {"none", Activation::none}})
      .when("model.fusion.kind=mlp");
  declare_lora(schema, fusion.lora);
}

}  // namespace

void declare_model(Schema& schema, ModelOptions& options) {
  schema.section("model", "the network");
  schema.add("model.image_size", options.image_size, "side of the square input").range(1, 1 << 14).units("pixels");
  schema.add("model.patch_size", options.patch_size, "side of a patch").range(1, 1 << 14).units("pixels");
  schema.add("model.dim", options.dim, "width of the encoder").range(1, most);
  schema.add("model.depth", options.depth, "number of encoder blocks").range(1, 10000);
  schema.add("model.heads", options.heads, "attention heads of a block").range(1, most);
  schema.add("model.mlp_ratio", options.mlp_ratio, "width of a block's MLP over dim").range(0, 1000).above_low();
  schema.add("model.pool", options.pool, "what a classifier reads: mean of the patch tokens, or the class token",
             {{"mean", Pool::mean}, {"cls", Pool::cls}});
  schema.add("model.pos_embed", options.pos_embed, "sincos: fixed in pretraining, trained from there in fine-tuning",
             {{"sincos", PosEmbed::sincos}, {"learned", PosEmbed::learned}});
  schema.add("model.drop_path", options.drop_path, "rate of dropped branches in the last block, 0 in the first")
      .range(0, 1)
      .below_high();
  schema.add("model.classes", options.classes, "number of a classifier's classes").range(1, 1e7);
  declare_fusion(schema, options.fusion);
  schema.section("model.decoder", "MAE's decoder, in pretraining");
  schema.add("model.decoder.dim", options.decoder.dim, "width").range(1, most);
  schema.add("model.decoder.depth", options.decoder.depth, "number of blocks").range(1, 10000);
  schema.add("model.decoder.heads", options.decoder.heads, "attention heads of a block").range(1, most);
}

}  // namespace luvit
