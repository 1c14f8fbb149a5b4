#pragma once

namespace luvit {

// Commands of luvit_eval over finished evaluations. argv[0] is the command's word; what they find goes to stdout, what
// they leave out to stderr as warnings. Returns 0; errors are thrown.

int compare_program(int argc, char** argv);  // compare A B --out O.json
int seeds_program(int argc, char** argv);    // seeds A… [--against B…] --out O.json
int table_program(int argc, char** argv);    // table DIR… --paper 1|3|4|5|6|7 --format text|markdown|csv|json

}  // namespace luvit
