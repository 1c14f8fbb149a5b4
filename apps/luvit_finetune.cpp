#include "luvit/core/error.h"
#include "luvit/train/finetune_program.h"

int main(int argc, char** argv) {
  return luvit::run_main("luvit_finetune", luvit::finetune_program, argc, argv);
}
