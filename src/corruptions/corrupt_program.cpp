#include "luvit/corruptions/corrupt_program.h"

#include <chrono>
#include <cmath>
#include <iostream>

#include "luvit/config/options_parser.h"
#include "luvit/core/text.h"
#include "luvit/corruptions/corrupt_folder.h"

namespace luvit {
namespace {

std::string counted(std::int64_t n, const char* one, const char* many) {
  return luvit::str(n, " ", n == 1 ? one : many);
}

}  // namespace

int corrupt_program(int argc, char** argv) {
  std::string in, out, corruption, flavour, frost;
  std::int64_t severity = 0, seed = 0;
  OptionsParser parser("luvit_eval corrupt", "Corrupts a folder of images as ImageNet-C's authors did theirs.");
  const auto& names = corruption_names();
  parser.add("--in", in, "folder of images, at any depth");
  parser.add("--out", out, "folder for the corrupted ones: folders and stems kept; and seeds.csv");
  parser.choice("--corruption", corruption, {names.begin(), names.end()}, "which one");
  parser.add("--severity", severity, "1 (weak) … 5 (strong)", 1, 5);
  parser.choice(
      "--flavour", flavour, {"imagenet_c", "imagecorruptions"},
      "imagenet_c: resized to 256, 224 cut out, JPEG of quality 85, as the published files; imagecorruptions: "
      "the package 1.1.2, the size kept, PNG");
  parser.add("--seed", seed, "of everything random");
  parser.add("--frost", frost, "folder with frost1.png … frost5.jpg; default: imagecorruptions' in .venv");
  for (const char* name : {"--in", "--out", "--corruption", "--severity", "--flavour"}) parser.required(name);
  if (!parser.parse(argc, argv)) return 0;

  const auto start = std::chrono::steady_clock::now();
  const CorruptedFolder done = corrupt_folder({.in = in,
                                               .out = out,
                                               .corruption = parse_corruption(corruption),
                                               .severity = static_cast<int>(severity),
                                               .flavour = parse_flavour(flavour),
                                               .seed = static_cast<std::uint64_t>(seed),
                                               .frost = frost});
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
  const double seconds = std::round(took.count() * 1000) / 1000;
  std::cout << luvit::str(corruption, " ", severity, " (", flavour, "): ", counted(done.images, "image", "images"),
                          " to ", escape(out), " in ", seconds, " s; skipped ",
                          counted(done.other_files, "file that is no image", "files that are no images"), ", ",
                          done.hidden, " hidden\n");
  return 0;
}

}  // namespace luvit
