#pragma once
#include "luvit/weights/model_file.h"

namespace luvit {

struct LoadedModel {
  OpenedModel description;
  std::string path;  // for messages
  std::unique_ptr<Encoder> model;
};

// Each writes `out` and returns what to tell.
void require_plain_vit(const LoadedModel& loaded);  // DataError for a fused model
std::string export_timm(LoadedModel& loaded, const fs::path& out);
std::string export_merged(LoadedModel& loaded, const fs::path& out);
std::string export_peft(LoadedModel& loaded, const fs::path& out);

}  // namespace luvit
