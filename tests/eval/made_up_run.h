#pragma once
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "luvit/eval/evaluated_run.h"

namespace luvit {

// An evaluation's folder, as far as other programs read it.
class MadeUpRun {
 public:
  explicit MadeUpRun(const std::filesystem::path& folder) : folder_(folder) {
    std::filesystem::create_directories(folder / "predictions");
    results_ = {{"suites", nlohmann::ordered_json::object()}, {"provenance", nlohmann::ordered_json::object()}};
  }

  MadeUpRun& suite(const std::string& name, nlohmann::ordered_json content) {
    results_["suites"][name] = content.is_null() ? nlohmann::ordered_json::object() : std::move(content);
    return *this;
  }
  MadeUpRun& provenance(nlohmann::ordered_json content) {
    results_["provenance"] = std::move(content);
    return *this;
  }
  struct Line {
    std::string path;
    int label, choice;
  };
  MadeUpRun& predictions(const std::string& name, const std::vector<Line>& lines) {
    std::string text = "path,label,pred1,pred2,pred3,pred4,pred5,confidence\r\n";
    for (const Line& line : lines)
      text += "\"" + line.path + "\"," + std::to_string(line.label) + "," + std::to_string(line.choice) +
              ",-1,-1,-1,-1,0.5\r\n";
    return raw_predictions(name, text);
  }
  MadeUpRun& raw_predictions(const std::string& name, const std::string& text) {
    std::ofstream(folder_ / "predictions" / (name + ".csv"), std::ios::binary) << text;
    return *this;
  }
  MadeUpRun& analysis(const std::string& name, const std::string& lines) {
    std::filesystem::create_directories(folder_ / "analysis");
    std::ofstream(folder_ / "analysis" / (name + ".csv"), std::ios::binary)
        << "path,fg_cells,bg_cells,entropy_fg,entropy_bg,iou_magnitude,iou_frequency\r\n"
        << lines;
    return *this;
  }
  EvaluatedRun read() const {
    write();
    return read_evaluation(folder_);
  }
  std::string write() const {
    std::ofstream(folder_ / "results.json") << results_.dump(1);
    return folder_.string();
  }

 private:
  std::filesystem::path folder_;
  nlohmann::ordered_json results_;
};

}  // namespace luvit
