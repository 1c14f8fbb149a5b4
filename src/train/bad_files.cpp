#include "luvit/train/bad_files.h"

#include <nlohmann/json.hpp>

#include "luvit/core/error.h"
#include "luvit/core/log.h"
#include "luvit/core/text.h"

namespace luvit {

namespace {

using json = nlohmann::json;

// File names are bytes, JSON is UTF-8: as arrays of bytes they pass through whole.
std::string packed(const std::vector<BadFile>& files) {
  json all = json::array();
  for (const auto& [name, reason, index, epoch] : files)
    all.push_back(
        {json::binary({name.begin(), name.end()}), json::binary({reason.begin(), reason.end()}), index, epoch});
  const std::vector<std::uint8_t> bytes = json::to_cbor(all);
  return {bytes.begin(), bytes.end()};
}

std::vector<BadFile> unpacked(const std::string& bytes) {
  const auto text = [](const json& value) { return std::string(value.get_binary().begin(), value.get_binary().end()); };
  std::vector<BadFile> files;
  for (const json& file : json::from_cbor(bytes)) files.push_back({text(file[0]), text(file[1]), file[2], file[3]});
  return files;
}

}  // namespace

BadFiles::BadFiles(Team& team, RunFolder& folder, std::int64_t max_bad)
    : team_(team), folder_(folder), max_bad_(max_bad) {
  std::vector<BadFile> known;
  for (const std::int64_t place : folder.known_bad_files()) known.push_back({"", "", place, 0});
  for (const BadFile& file : unpacked(team.from_leader(packed(known)))) places_.insert(file.index);
}

void BadFiles::tell() {
  const auto all = team_.ranks().gather_text(packed(untold_));
  untold_.clear();
  for (const auto& of_one : all)
    for (const BadFile& file : unpacked(of_one)) {
      if (!places_.insert(file.index).second) continue;
      log_info(str("unreadable image: ", escape(file.reason)));
      folder_.bad_file(file);
      if (first_reasons_.size() < 3) first_reasons_.push_back(file.reason);
    }
  if (count() <= max_bad_) return;
  team_.part(/*teller=*/0);
  throw DataError(str(count(), count() == 1 ? " unreadable image" : " unreadable images", ", more than data.max_bad = ",
                      max_bad_, ": ", join(first_reasons_, "; "), count() > 3 ? "; …" : ""),
                  "repair or remove what is listed, or raise data.max_bad: others then stand in for it");
}

}  // namespace luvit
