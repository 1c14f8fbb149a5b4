#include "luvit/weights/export.h"

#include "export_formats.h"
#include "luvit/core/error.h"
#include "luvit/core/output_path.h"
#include "luvit/core/text.h"

namespace luvit {

namespace {

// Nothing but an earlier adapter is ever replaced by a folder.
void require_free(const fs::path& out, ExportFormat format, const fs::path& weights) {
  if (format != ExportFormat::peft) return require_output_file("--out", out, {weights, weights / "model.safetensors"});
  require_output_folder("--out", out);
  if (!path_exists(out) || path_exists(out / "adapter_config.json") || (is_folder(out) && list_folder(out).empty()))
    return;
  throw UsageError(str("--out ", out.string(), " exists and is not a peft adapter's folder"), "name a new folder");
}

}  // namespace

ExportFormat parse_export_format(const std::string& name) {
  if (name == "timm") return ExportFormat::timm;
  if (name == "merged") return ExportFormat::merged;
  if (name == "peft") return ExportFormat::peft;
  if (name == "luvit") return ExportFormat::luvit;
  throw UsageError(str("--format: '", name, "' is none of timm | merged | peft | luvit"),
                   "`luvit_convert export --help` says what each is for");
}

std::string export_weights(const fs::path& weights, ExportFormat format, const fs::path& out) {
  require_free(out, format, weights);
  LoadedModel loaded{.description = describe_model(weights), .path = weights.string()};
  if (format == ExportFormat::timm) require_plain_vit(loaded);
  loaded.model = make_model(loaded.description);
  load_model(*loaded.model, weights);
  switch (format) {
    case ExportFormat::timm:
      return export_timm(loaded, out);
    case ExportFormat::merged:
      return export_merged(loaded, out);
    case ExportFormat::peft:
      return export_peft(loaded, out);
    case ExportFormat::luvit:
      break;
  }
  save_model(out, *loaded.model, loaded.description);
  return str("wrote ", out.string(), ": a complete ", kind_name(loaded.description.kind), " file\n");
}

}  // namespace luvit
