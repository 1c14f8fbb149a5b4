#pragma once
#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "luvit/core/files.h"

namespace luvit {

// A foreign JSON object (config.json, params.json …) of which some keys are wanted; the others are none of our
// business. A wanted one of the wrong type is a DataError naming the place; null counts as absent.
class JsonObject {
 public:
  JsonObject(const std::string& text, std::string place);
  explicit JsonObject(const fs::path& file);

  std::optional<std::int64_t> integer(const char* key) const;
  std::optional<double> number(const char* key) const;
  std::optional<std::string> text(const char* key) const;
  bool flag(const char* key) const;  // absent: false
  std::optional<JsonObject> object(const char* key) const;
  const nlohmann::json* find(const char* key) const;
  const nlohmann::json& json() const { return json_; }
  const std::string& place() const { return place_; }

 private:
  JsonObject(nlohmann::json json, std::string place);
  [[noreturn]] void wrong(const char* key, const char* expected) const;
  nlohmann::json json_;
  std::string place_;
};

}  // namespace luvit
