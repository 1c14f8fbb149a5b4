#include "luvit/eval/table.h"

#include <algorithm>
#include <cmath>

#include "luvit/core/text.h"
#include "luvit/statistics/samples.h"
#include "paper_figures.h"
#include "recognised_arm.h"
#include "suite_figure.h"

namespace luvit {
namespace {

// Runs of one row: those of the same weights together, for they may have different suites.
struct Group {
  std::string key, name;
  std::vector<const EvaluatedRun*> runs;
  std::vector<std::vector<const EvaluatedRun*>> seeds;

  void add(const EvaluatedRun& run) {
    runs.push_back(&run);
    for (auto& seed : seeds)
      if (!run.weights_sha256.empty() && seed.front()->weights_sha256 == run.weights_sha256) {
        seed.push_back(&run);
        return;
      }
    seeds.push_back({&run});
  }
};

class TableFilling {
 public:
  explicit TableFilling(int number) : paper_(paper_table(number)) {
    table_.number = number;
    table_.title = paper_.title;
    table_.notes = paper_.notes;
    for (const PaperRow& row : paper_.rows) groups_.push_back({row.key, row.name, {}, {}});
  }

  void place(const TableRun& run) {
    if (!run.row.empty()) {
      if (std::none_of(paper_.rows.begin(), paper_.rows.end(), [&](const auto& row) { return row.key == run.row; }) &&
          std::isdigit(static_cast<unsigned char>(run.row.front())))
        note_once(str(run.row, " is no row of this table, so it is taken for a name of your own."));
      group(run.row).add(run.run);
      return;
    }
    const RecognisedArm found = recognise_arm(run.run);
    const std::string folder = run.run.name();
    if (const PaperRow* row = row_of(found.arm)) {
      group(row->key).add(run.run);
      if (!found.size.empty()) table_.notes.push_back(str(folder, " is not of the paper's size: ", found.size, "."));
    } else {
      group(run_of_same_weights(run.run).value_or(folder)).add(run.run);
      table_.notes.push_back(
          str(folder, " is no row of the paper's: ", found.arm ? "its model is not in this table" : found.why, "."));
    }
  }

  FilledTable fill() {
    add_generated_columns();
    for (const PaperColumn& column : paper_.columns) table_.columns.push_back(column.title);
    for (const Group& group : groups_) table_.rows.push_back(filled(group));
    for (const Group& group : groups_) warn_of_unseen(group);
    for (const Group& group : groups_) warn_of_others(group);
    return std::move(table_);
  }

 private:
  const PaperRow* row_of(const std::optional<Arm>& arm) const {
    for (const PaperRow& row : paper_.rows)
      if (arm && row.arm == *arm) return &row;
    return nullptr;
  }

  Group& group(const std::string& name) {
    for (Group& one : groups_)
      if (one.key == name || (one.key.empty() && one.name == name)) return one;
    return groups_.emplace_back(Group{"", name, {}, {}});
  }

  std::optional<std::string> run_of_same_weights(const EvaluatedRun& run) const {
    for (const Group& one : groups_)
      for (const EvaluatedRun* other : one.runs)
        if (one.key.empty() && !run.weights_sha256.empty() && other->weights_sha256 == run.weights_sha256)
          return one.name;
    return std::nullopt;
  }

  // Corruptions that we made are not ImageNet-C: they have columns of their own, with nothing printed beside them.
  void add_generated_columns() {
    bool any = false;
    for (const Group& one : groups_)
      for (const EvaluatedRun* run : one.runs)
        for (const EvaluatedSuite& suite : run->suites)
          any = any || (suite.generated && (suite.metric("acc19") || suite.metric("acc15")));
    const bool shows_in_c = std::any_of(paper_.columns.begin(), paper_.columns.end(),
                                        [](const auto& column) { return column.kind == "imagenet_c"; });
    if (!any || !shows_in_c) return;
    for (const auto& [title, metric] : {std::pair("generated", "acc19"), std::pair("generated (15)", "acc15")})
      paper_.columns.push_back({title, "imagenet_c", metric, {}, true});
    table_.notes.push_back("Generated: corruptions made by this program on the fly, not the published ImageNet-C.");
  }

  std::optional<TableFigure> figure(const Group& group, const PaperColumn& column) {
    TableFigure figure;
    const EvaluatedRun* last_run = nullptr;
    const EvaluatedSuite* last_suite = nullptr;
    for (const auto& seed : group.seeds)
      if (const auto [run, suite] = find(seed, column); suite) {
        figure.values.push_back(*suite->metric(column.metric));
        note_incomplete(*run, *suite);
        last_run = run;
        last_suite = suite;
      }
    if (figure.values.empty()) return std::nullopt;
    if (figure.values.size() < group.seeds.size())
      table_.warnings.push_back(str(group.name, ", ", column.title, ": ", figure.values.size(), " of ",
                                    group.seeds.size(), " seeds have it"));
    const SampleSummary summary = summary_of(figure.values, 0.99);
    figure.mean = summary.mean;
    figure.interval = figure.values.size() > 1 ? summary.interval : image_interval(*last_run, *last_suite, column);
    return figure;
  }

  void note_incomplete(const EvaluatedRun& run, const EvaluatedSuite& suite) {
    for (const std::string& lack : suite.incomplete) note_once(str(run.name(), ", ", suite.name, ": ", lack, "."));
  }

  void note_once(const std::string& note) {
    if (std::find(table_.notes.begin(), table_.notes.end(), note) == table_.notes.end()) table_.notes.push_back(note);
  }

  // The first suite that fits, and only that one.
  std::pair<const EvaluatedRun*, const EvaluatedSuite*> find(const std::vector<const EvaluatedRun*>& seed,
                                                             const PaperColumn& column) {
    std::pair<const EvaluatedRun*, const EvaluatedSuite*> found = {nullptr, nullptr};
    for (const EvaluatedRun* run : seed)
      for (const EvaluatedSuite& suite : run->suites) {
        if (!fits(suite, column) || !suite.metric(column.metric)) continue;
        if (!found.second) {
          found = {run, &suite};
        } else {
          const std::string line =
              str(run->name(), ": suite ", escape(suite.name), " is left out; ", escape(found.second->name), " of ",
                  found.first->name(), " stands for it already");
          if (std::find(table_.warnings.begin(), table_.warnings.end(), line) == table_.warnings.end())
            table_.warnings.push_back(line);
        }
      }
    return found;
  }

  TableRow filled(const Group& group) {
    TableRow row{group.key, group.name, {}, group.seeds.size(), {}, {}};
    for (const EvaluatedRun* run : group.runs) row.runs.push_back(run->file.parent_path().string());
    const auto printed = std::find_if(paper_.rows.begin(), paper_.rows.end(),
                                      [&](const PaperRow& one) { return !group.key.empty() && one.key == group.key; });
    for (std::size_t i = 0; i < paper_.columns.size(); ++i) {
      row.paper.push_back(std::nullopt);
      if (printed != paper_.rows.end() && i < printed->figures.size() && printed->figures[i])
        row.paper.back() = std::round(*printed->figures[i] * 100) / 10000;  // 0.836, not 0.8359999
      row.ours.push_back(figure(group, paper_.columns[i]));
    }
    return row;
  }

  void warn_of_unseen(const Group& group) {
    for (const EvaluatedRun* run : group.runs) {
      const bool any = std::any_of(run->suites.begin(), run->suites.end(), [&](const EvaluatedSuite& suite) {
        return std::any_of(paper_.columns.begin(), paper_.columns.end(), [&](const PaperColumn& column) {
          return fits(suite, column) && suite.metric(column.metric);
        });
      });
      if (any) continue;
      std::vector<std::string> there, wanted;
      for (const EvaluatedSuite& suite : run->suites) there.push_back(str(suite.name, " (", suite.kind, ")"));
      for (const PaperColumn& column : paper_.columns) {
        const std::string kind = str(column.kind, column.data.empty() ? "" : " with " + column.data + " in its name");
        if (std::find(wanted.begin(), wanted.end(), kind) == wanted.end()) wanted.push_back(kind);
      }
      table_.warnings.push_back(str(run->file.string(), " has no suite that this table shows: it has ",
                                    join(there, ", "), "; the table is of ", join(wanted, ", ")));
    }
  }

  void warn_of_others(const Group& group) {
    for (const auto& seed : group.seeds)
      if (trained_as(*seed.front()) != trained_as(*group.seeds.front().front())) {
        table_.warnings.push_back(str(group.name, ": ", seed.front()->name(), " was not trained as ",
                                      group.seeds.front().front()->name(),
                                      " (provenance differs): they are no two seeds of one row"));
        return;
      }
  }

  PaperTable paper_;
  FilledTable table_;
  std::vector<Group> groups_;
};

}  // namespace

TableRun read_table_run(const std::string& word) {
  const auto equals = word.find('=');
  if (path_exists(word) || equals == std::string::npos || equals == 0) return {"", read_evaluation(word)};
  return {word.substr(0, equals), read_evaluation(word.substr(equals + 1))};
}

FilledTable fill_table(int number, const std::vector<TableRun>& runs) {
  TableFilling filling(number);
  for (const TableRun& run : runs) filling.place(run);
  return filling.fill();
}

}  // namespace luvit
