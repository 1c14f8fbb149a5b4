#pragma once

namespace luvit {

// Commands of luvit_eval beside the evaluation itself. argv[0] is the command's word; what they find goes to stdout,
// what they leave out to stderr as warnings. Errors are thrown.

int compare_program(int argc, char** argv);  // compare A B --out O.json
int seeds_program(int argc, char** argv);    // seeds A… [--against B…] --out O.json
int table_program(int argc, char** argv);    // table DIR… --paper 1|3|4|5|6|7 --format text|markdown|csv|json
int report_program(int argc, char** argv);   // report [NAME=]DIR… --output DIR
int gsnr_program(int argc, char** argv);     // gsnr RUN… --data D --out DIR; argv is the tail of the program's own

}  // namespace luvit
