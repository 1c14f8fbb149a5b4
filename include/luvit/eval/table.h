#pragma once
#include "luvit/eval/evaluated_run.h"

namespace luvit {

// The paper's tables with our figures beside the printed ones.

struct TableRun {
  std::string row;  // the paper's key ("3h") or a name of one's own; "": recognised by what the run says of its weights
  EvaluatedRun run;
};
// "DIR", or "ROW=DIR" where nothing of that whole name exists.
TableRun read_table_run(const std::string& word);

// One of our figures, a fraction: one evaluation's, or the mean over seeds.
struct TableFigure {
  std::vector<double> values;  // one a seed, in the order given
  double mean = 0;
  // Over seeds: 99%, Student's t. Of one evaluation: 95%, over images (for IN-C over source images).
  std::optional<Interval> interval;
};

struct TableRow {
  std::string key, name;                     // the paper's; of a row of its own: "" and what to call it
  std::vector<std::string> runs;             // folders
  std::size_t seeds = 0;                     // different weights among them
  std::vector<std::optional<double>> paper;  // fractions, by column
  std::vector<std::optional<TableFigure>> ours;
};

struct FilledTable {
  int number = 0;
  std::string title;
  std::vector<std::string> columns;
  std::vector<TableRow> rows;  // the paper's in its order, then those of their own
  std::vector<std::string> notes;
  std::vector<std::string> warnings;  // suites that no column shows in full, seeds given twice …
};

// UsageError for a number that is none of 1, 3, 4, 5, 6 and 7.
FilledTable fill_table(int number, const std::vector<TableRun>& runs);

std::string table_as_text(const FilledTable& table);
std::string table_as_markdown(const FilledTable& table);
std::string table_as_csv(const FilledTable& table);  // a record for each row and column
std::string table_as_json(const FilledTable& table);

}  // namespace luvit
