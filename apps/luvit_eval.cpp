#include <cstring>

#include "luvit/core/error.h"
#include "luvit/corruptions/corrupt_program.h"
#include "luvit/eval/commands.h"
#include "luvit/eval/eval_program.h"

namespace {

// A command has its word first; without one, a model is evaluated.
int program(int argc, char** argv) {
  constexpr struct {
    const char* word;
    int (*body)(int argc, char** argv);
  } commands[] = {{"corrupt", luvit::corrupt_program}, {"compare", luvit::compare_program},
                  {"seeds", luvit::seeds_program},     {"table", luvit::table_program},
                  {"report", luvit::report_program},   {"gsnr", luvit::gsnr_program}};
  for (const auto& command : commands)
    if (argc > 1 && std::strcmp(argv[1], command.word) == 0) return command.body(argc - 1, argv + 1);
  return luvit::eval_program(argc, argv);
}

}  // namespace

int main(int argc, char** argv) {
  return luvit::run_main("luvit_eval", program, argc, argv);
}
