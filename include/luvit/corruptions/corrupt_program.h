#pragma once

namespace luvit {

// `luvit_eval corrupt`: corrupts a folder of images into another one (CONTRACTS, "luvit_eval"). argv[0] is the
// command's name. Throws as every program's body does.
int corrupt_program(int argc, char** argv);

}  // namespace luvit
