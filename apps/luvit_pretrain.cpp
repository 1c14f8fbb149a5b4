#include "luvit/core/error.h"
#include "luvit/train/pretrain_program.h"

int main(int argc, char** argv) {
  return luvit::run_main("luvit_pretrain", luvit::pretrain_program, argc, argv);
}
