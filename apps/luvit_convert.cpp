#include <iostream>

#include "luvit/config/options_parser.h"
#include "luvit/core/error.h"
#include "luvit/core/text.h"
#include "luvit/core/version.h"
#include "luvit/weights/export.h"
#include "luvit/weights/import.h"
#include "luvit/weights/inspect.h"

namespace {

constexpr const char* usage = R"(luvit_convert: weights in and out. What a file is, is found from its content.

  luvit_convert inspect PATH [--json]
  luvit_convert import PATH --out OUT.safetensors [--layer N] [--heads H] [--decoder-heads H] [--mean M --std S --resize R]
  luvit_convert export W --out PATH --format timm|merged|peft|luvit

`luvit_convert COMMAND --help` says more; --version tells the version.
)";

int inspect_command(int argc, char** argv) {
  std::string path;
  bool json = false;
  luvit::OptionsParser parser("luvit_convert inspect", "Says what a file or folder is, and its tensors and metadata.");
  parser.positional("PATH", path, "any weights: this project's, MAE's, timm's, Meta's, Hugging Face's, peft's");
  parser.required("PATH");
  parser.flag("--json", json, "as JSON: kind, tensors, metadata");
  if (!parser.parse(argc, argv)) return 0;
  const luvit::Inspection found = luvit::inspect(path);
  std::cout << (json ? inspection_json(found) : inspection_text(found));
  return 0;
}

int import_command(int argc, char** argv) {
  std::string path, out;
  luvit::ImportOptions options;
  luvit::OptionsParser parser("luvit_convert import", "Brings foreign weights in.");
  parser.positional("PATH", path,
                    "MAE's .pth or timm's safetensors (a model file), Meta's or Hugging Face's LLaMA-family folder (a "
                    "block file), peft's folder (an adapter file)");
  parser.add("--out", out, "the safetensors file to write");
  parser.add("--layer", options.layer, "which block of a language model; -1 is the last", -1);
  parser.add("--heads", options.heads, "of a ViT; else as the file says, else 64 wide", 1);
  parser.add("--decoder-heads", options.decoder_heads, "of an MAE decoder; else as the file says, else 32 wide", 1);
  parser.numbers("--mean", options.mean, 3,
                 "of a ViT's images, e.g. 0.5 0.5 0.5; else as the file says, else ImageNet's");
  parser.numbers("--std", options.std, 3, "the same");
  parser.add("--resize", options.resize, "shorter side before the crop; else as the file says, else the crop", 1,
             1 << 14);
  for (const char* name : {"PATH", "--out"}) parser.required(name);
  if (!parser.parse(argc, argv)) return 0;
  std::cout << luvit::import_weights(path, out, options);
  return 0;
}

int export_command(int argc, char** argv) {
  std::string path, out, format;
  luvit::OptionsParser parser("luvit_convert export", "Writes a model for others.");
  parser.positional("W", path, "a weights file or a checkpoint folder");
  parser.add("--out", out, "the file to write; for peft a folder");
  parser.choice("--format", format, {"timm", "merged", "peft", "luvit"},
                "timm: a VisionTransformer's state dict, and the call that loads it; merged: LoRA added into the "
                "block's weights; peft: an adapter folder for the block's own model; luvit: one complete file");
  for (const char* name : {"W", "--out", "--format"}) parser.required(name);
  if (!parser.parse(argc, argv)) return 0;
  std::cout << luvit::export_weights(path, luvit::parse_export_format(format), out);
  return 0;
}

int convert_program(int argc, char** argv) {
  if (argc < 2) throw luvit::UsageError("no command given", "`luvit_convert --help` lists the three");
  const std::string command = argv[1];
  if (command == "inspect") return inspect_command(argc - 1, argv + 1);
  if (command == "import") return import_command(argc - 1, argv + 1);
  if (command == "export") return export_command(argc - 1, argv + 1);
  if (command == "--help" || command == "-h") {
    std::cout << usage;
    return 0;
  }
  if (command == "--version") {
    std::cout << luvit::version_report();
    return 0;
  }
  const std::string near = luvit::nearest(command, {"inspect", "import", "export", "--help", "--version"});
  throw luvit::UsageError(luvit::str("'", command, "' is no command", near.empty() ? "" : "; the nearest is " + near),
                          "`luvit_convert --help` lists the three");
}

}  // namespace

int main(int argc, char** argv) {
  return luvit::run_main("luvit_convert", convert_program, argc, argv);
}
