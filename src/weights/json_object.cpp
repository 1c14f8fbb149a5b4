#include "json_object.h"

#include "luvit/core/error.h"
#include "luvit/core/text.h"
#include "luvit/io/json_text.h"

namespace luvit {
namespace {

nlohmann::json parse(const std::string& text, const std::string& place) {
  require_sound_json(text, place);
  return nlohmann::json::parse(text);
}

}  // namespace

JsonObject::JsonObject(nlohmann::json json, std::string place) : json_(std::move(json)), place_(std::move(place)) {
  if (!json_.is_object()) throw DataError(str(escape(place_), ": not a JSON object"));
}
JsonObject::JsonObject(const std::string& text, std::string place) : JsonObject(parse(text, place), place) {}
JsonObject::JsonObject(const fs::path& file) : JsonObject(read_file(file), file.string()) {}

const nlohmann::json* JsonObject::find(const char* key) const {
  auto found = json_.find(key);
  return found == json_.end() || found->is_null() ? nullptr : &*found;
}

void JsonObject::wrong(const char* key, const char* expected) const {
  throw DataError(
      str(escape(place_), ": '", key, "' is ", escape(json_.at(key).dump().substr(0, 60)), ", expected ", expected));
}

std::optional<std::int64_t> JsonObject::integer(const char* key) const {
  const auto* value = find(key);
  if (!value) return {};
  constexpr std::int64_t largest = 1 << 30;  // no size of a model comes near
  if (!value->is_number_integer() || *value < -largest || *value > largest) wrong(key, "a whole number");
  return value->get<std::int64_t>();
}

std::optional<double> JsonObject::number(const char* key) const {
  const auto* value = find(key);
  if (!value) return {};
  if (!value->is_number()) wrong(key, "a number");
  return value->get<double>();
}

std::optional<std::string> JsonObject::text(const char* key) const {
  const auto* value = find(key);
  if (!value) return {};
  if (!value->is_string()) wrong(key, "a string");
  return value->get<std::string>();
}

bool JsonObject::flag(const char* key) const {
  const auto* value = find(key);
  if (value && !value->is_boolean()) wrong(key, "true or false");
  return value && value->get<bool>();
}

std::optional<JsonObject> JsonObject::object(const char* key) const {
  const auto* value = find(key);
  if (!value) return {};
  return JsonObject(*value, str(place_, " ", key));
}

}  // namespace luvit
