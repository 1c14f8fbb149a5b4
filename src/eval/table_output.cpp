#include <functional>
#include <nlohmann/json.hpp>

#include "luvit/core/text.h"
#include "luvit/eval/table.h"
#include "luvit/io/csv.h"
#include "text_table.h"

namespace luvit {
namespace {

using Json = nlohmann::ordered_json;
using Line = std::vector<std::string>;

// Ours − the paper's, and the interval of ours moved by the same.
struct Beside {
  double difference;
  std::optional<Interval> interval;
};

std::optional<Beside> beside(const TableRow& row, std::size_t column) {
  const auto& paper = row.paper[column];
  const auto& ours = row.ours[column];
  if (!paper || !ours) return std::nullopt;
  Beside out{ours->mean - *paper, std::nullopt};
  if (ours->interval) out.interval = Interval{ours->interval->low - *paper, ours->interval->high - *paper};
  return out;
}

std::string spoken_runs(const TableRow& row) {
  const std::string runs = str(row.runs.size(), row.runs.size() == 1 ? " run" : " runs");
  return row.seeds == row.runs.size() ? (row.seeds > 1 ? str(row.seeds, " seeds") : "1 run")
                                      : str(runs, row.seeds == 1 ? " of one model" : str(", ", row.seeds, " seeds"));
}

std::string interval_text(const std::optional<Interval>& interval, std::string (*number)(double, int)) {
  return interval ? str(number(100 * interval->low, 2), "…", number(100 * interval->high, 2)) : "";
}

// A row of the table as lines for people, those left out in which no column has anything.
void add_row(TextRows& rows, const TableRow& row, int table) {
  const int decimals = table == 6 ? 2 : 1;  // as printed
  const std::pair<std::string, std::function<std::string(std::size_t)>> lines[] = {
      {"paper", [&](std::size_t i) { return row.paper[i] ? fixed(100 * *row.paper[i], decimals) : ""; }},
      {"ours, " + spoken_runs(row),
       [&](std::size_t i) { return row.ours[i] ? fixed(100 * row.ours[i]->mean, 2) : ""; }},
      {"  interval", [&](std::size_t i) { return row.ours[i] ? interval_text(row.ours[i]->interval, fixed) : ""; }},
      {"ours − paper",
       [&](std::size_t i) {
         const auto moved = beside(row, i);
         return moved ? with_sign(100 * moved->difference, 2) : "";
       }},
      {"  interval", [&](std::size_t i) {
         const auto moved = beside(row, i);
         return moved ? interval_text(moved->interval, with_sign) : "";
       }}};
  bool first = true;
  for (const auto& [what, cell] : lines) {
    Line line = {first ? row.key : "", first ? escape(row.name) : "", what};
    bool any = false;
    for (std::size_t i = 0; i < row.paper.size(); ++i) {
      const std::string text = cell(i);
      any = any || !text.empty();
      line.push_back(text.empty() ? "–" : text);
    }
    if (!any) continue;
    rows.push_back(std::move(line));
    first = false;
  }
}

TextRows rows_for_people(const FilledTable& table) {
  Line head = {"row", "model", ""};
  head.insert(head.end(), table.columns.begin(), table.columns.end());
  TextRows rows = {head};
  for (const TableRow& row : table.rows) add_row(rows, row, table.number);
  return rows;
}

std::vector<std::string> notes_of(const FilledTable& table) {
  std::vector<std::string> notes = table.notes;
  notes.push_back(
      "Intervals: 99% by Student's t over seeds; of one evaluation 95% over its images. The paper's figures are taken "
      "as exact.");
  for (const TableRow& row : table.rows)
    if (!row.runs.empty())
      notes.push_back(str(row.key.empty() ? escape(row.name) : row.key, ": ", escape(join(row.runs, ", "))));
  return notes;
}

std::string title_of(const FilledTable& table) {
  return str("The paper's Table ", table.number, " and ours: ", table.title);
}

Json json_of(const std::optional<Interval>& interval) {
  return interval ? Json::array({interval->low, interval->high}) : Json();
}

Json json_of(const TableRow& row, const std::vector<std::string>& columns) {
  Json json = {{"row", row.key.empty() ? Json() : Json(row.key)},
               {"name", row.name},
               {"runs", row.runs},
               {"seeds", row.seeds},
               {"paper", Json::object()},
               {"ours", Json::object()},
               {"difference", Json::object()}};
  for (std::size_t i = 0; i < columns.size(); ++i) {
    if (row.paper[i]) json["paper"][columns[i]] = *row.paper[i];
    if (const auto& ours = row.ours[i])
      json["ours"][columns[i]] = {{"mean", ours->mean},
                                  {"values", ours->values},
                                  {"level", ours->values.size() > 1 ? 0.99 : 0.95},
                                  {"interval", json_of(ours->interval)}};
    if (const auto difference = beside(row, i))
      json["difference"][columns[i]] = {{"value", difference->difference}, {"interval", json_of(difference->interval)}};
  }
  return json;
}

}  // namespace

std::string table_as_text(const FilledTable& table) {
  std::string text = title_of(table) + "\n\n" + text_table(rows_for_people(table), 3) + "\n";
  for (const std::string& note : notes_of(table)) text += "- " + note + "\n";
  return text;
}

std::string table_as_markdown(const FilledTable& table) {
  std::string text = "**" + title_of(table) + "**\n\n" + markdown_table(rows_for_people(table), 3) + "\n";
  for (const std::string& note : notes_of(table)) text += "- " + note + "\n";
  return text;
}

std::string table_as_csv(const FilledTable& table) {
  std::string text = csv_record({"table", "row", "name", "column", "paper", "ours", "low", "high", "level", "seeds",
                                 "difference", "difference_low", "difference_high"});
  for (const TableRow& row : table.rows)
    for (std::size_t i = 0; i < table.columns.size(); ++i) {
      const auto& ours = row.ours[i];
      if (!row.paper[i] && !ours) continue;
      const auto difference = beside(row, i);
      const auto low = [](const std::optional<Interval>& interval) { return interval ? exact(interval->low) : ""; };
      const auto high = [](const std::optional<Interval>& interval) { return interval ? exact(interval->high) : ""; };
      const std::optional<Interval> none, own = ours ? ours->interval : none,
                                          moved = difference ? difference->interval : none;
      text += csv_record({std::to_string(table.number), row.key, row.name, table.columns[i],
                          row.paper[i] ? exact(*row.paper[i]) : "", ours ? exact(ours->mean) : "", low(own), high(own),
                          own ? (ours->values.size() > 1 ? "0.99" : "0.95") : "",
                          ours ? std::to_string(ours->values.size()) : "",
                          difference ? exact(difference->difference) : "", low(moved), high(moved)});
    }
  return text;
}

std::string table_as_json(const FilledTable& table) {
  Json rows = Json::array();
  for (const TableRow& row : table.rows) rows.push_back(json_of(row, table.columns));
  return Json{{"table", table.number},
              {"title", table.title},
              {"columns", table.columns},
              {"rows", rows},
              {"notes", table.notes}}
             .dump(2) +
         "\n";
}

}  // namespace luvit
