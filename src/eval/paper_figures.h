#pragma once
#include <optional>
#include <string>
#include <vector>

namespace luvit {

// The paper's printed tables, as far as classification and the analyses go: facts, in % as printed.

// How a model was trained, as far as the paper's rows differ in it.
enum class Arm {
  supervised_vit,         // 3a
  supervised_llama,       // 3b, LM1+ViT/B of Pang et al.
  supervised_llama_lora,  // table 6
  mae_vit,                // 3c
  mlp_p,                  // 3d
  llama_frozen,           // 3e
  mlp_l,                  // 3f
  llama_random,           // table 4
  luvit,                  // 3h
};

struct PaperColumn {
  std::string title;   // "IN-1K"
  std::string kind;    // of the suite; "" where any kind will do
  std::string metric;  // in results.json
  std::string data;    // imagenet_s: 50, 300 or 919
  bool generated = false;
};

struct PaperRow {
  std::string key;   // "3h"
  std::string name;  // "LUViT/B"
  Arm arm;
  std::vector<std::optional<double>> figures;  // by column
};

struct PaperTable {
  int number;
  std::string title;
  std::vector<PaperColumn> columns;
  std::vector<PaperRow> rows;
  std::vector<std::string> notes;
};

// 1, 3, 4, 5, 6 or 7. UsageError otherwise.
PaperTable paper_table(int number);

}  // namespace luvit
