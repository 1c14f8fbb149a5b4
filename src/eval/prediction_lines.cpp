#include "prediction_lines.h"

#include <charconv>

#include "luvit/io/csv.h"

namespace luvit {
namespace {

constexpr std::size_t flushed_at = 1 << 20;

void append(std::string& text, std::int64_t number) {
  char digits[24];
  text.append(digits, std::to_chars(digits, digits + sizeof digits, number).ptr);
  text += ',';
}

// The shortest text that reads back as this float.
void append(std::string& text, float number) {
  char digits[32];
  text.append(digits, std::to_chars(digits, digits + sizeof digits, number).ptr);
}

}  // namespace

void write_predictions(const fs::path& file, const SuitePlan& plan, const PartPredictions& predictions) {
  file_layer().make_folder(file.parent_path());
  write_durably(file, [&](FileLayer::Handle& out) {
    std::string text = csv_record({"path", "label", "pred1", "pred2", "pred3", "pred4", "pred5", "confidence"});
    for (std::size_t part = 0; part < plan.parts.size(); ++part)
      for (std::size_t i = 0; i < predictions[part].size(); ++i) {
        const Prediction& p = predictions[part][i];
        text += csv_field(plan.parts[part].images->path(static_cast<std::int64_t>(i))) + ",";
        append(text, p.label);
        for (const std::int64_t choice : p.top) append(text, choice);
        append(text, p.confidence);
        text += "\r\n";
        if (text.size() < flushed_at) continue;
        out.write(text.data(), text.size());
        text.clear();
      }
    out.write(text.data(), text.size());
  });
}

}  // namespace luvit
