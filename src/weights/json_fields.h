#pragma once
#include <limits>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "luvit/core/error.h"
#include "luvit/core/text.h"
#include "luvit/io/json_text.h"

namespace luvit {

template <typename Enum>
using Names = std::vector<std::pair<const char*, Enum>>;

// A struct's fields are declared once, in a function over a visitor; FieldWriter makes JSON of them, FieldReader
// fills them from JSON, and what nobody declared is an error.
class FieldWriter {
 public:
  static constexpr bool reading = false;

  template <typename Value, typename... Range>
  void field(const char* key, const Value& value, const Range&...) {
    out_[key] = value;
  }
  void field(const char* key, const std::optional<std::string>& value) {
    out_[key] = value ? nlohmann::ordered_json(*value) : nlohmann::ordered_json();
  }
  template <typename Enum>
  void choice(const char* key, const Enum& value, const Names<Enum>& names) {
    for (const auto& [name, one] : names)
      if (one == value) out_[key] = name;
  }
  template <typename Fields>
  void object(const char* key, Fields fields) {
    FieldWriter inner;
    fields(inner);
    out_[key] = std::move(inner.out_);
  }
  std::string text() const { return out_.dump(); }

 private:
  nlohmann::ordered_json out_ = nlohmann::ordered_json::object();
};

class FieldReader {
 public:
  static constexpr bool reading = true;

  // place: "w.safetensors: luvit.model", for messages.
  FieldReader(const nlohmann::json& in, std::string place) : in_(in), place_(std::move(place)) {
    if (!in.is_object()) throw wrong("", "an object");
  }

  void field(const char* key, std::int64_t& value, std::int64_t low, std::int64_t high) {
    const auto* found = find(key);
    if (!found) return;
    if (!found->is_number_integer() || *found < low || *found > high)
      throw wrong(key, str("an integer from ", low, " to ", high));
    value = found->get<std::int64_t>();
  }
  void field(const char* key, double& value, double low, double high) {
    const auto* found = find(key);
    if (!found) return;
    if (!found->is_number() || !(*found >= low && *found <= high))
      throw wrong(key, str("a number from ", exact(low), " to ", exact(high)));
    value = found->get<double>();
  }
  void field(const char* key, bool& value) { take(key, value, &nlohmann::json::is_boolean, "true or false"); }
  void field(const char* key, std::string& value) { take(key, value, &nlohmann::json::is_string, "a string"); }
  void field(const char* key, std::optional<std::string>& value) {
    const auto* found = find(key);
    if (!found || found->is_null()) return;
    if (!found->is_string()) throw wrong(key, "a string or null");
    value = found->get<std::string>();
  }
  void field(const char* key, std::vector<std::string>& value) {
    take_list(key, value, &nlohmann::json::is_string, "a list of strings");
  }
  void field(const char* key, std::vector<double>& value) {
    take_list(key, value, &nlohmann::json::is_number, "a list of numbers");
  }
  template <typename Enum>
  void choice(const char* key, Enum& value, const Names<Enum>& names) {
    const auto* found = find(key);
    if (!found) return;
    std::vector<std::string> allowed;
    for (const auto& [name, one] : names) {
      allowed.push_back(name);
      if (*found != name) continue;
      value = one;
      return;
    }
    throw wrong(key, join(allowed, " | "));
  }
  template <typename Fields>
  void object(const char* key, Fields fields) {
    const auto* found = find(key);
    if (!found) return;
    FieldReader inner(*found, place_ + " " + key);
    fields(inner);
    inner.require_all_known();
  }

  void require_all_known() const {
    for (const auto& [key, value] : in_.items()) {
      if (std::find(known_.begin(), known_.end(), key) != known_.end() || key.starts_with("x-")) continue;
      const std::string near = nearest(key, known_);
      throw DataError(
          str(place_, " has an unknown key, '", key, "'", near.empty() ? "" : str("; the nearest is ", near)),
          str("the keys here are ", join(known_, ", ")));
    }
  }

 private:
  const nlohmann::json* find(const char* key) {
    known_.push_back(key);
    const auto found = in_.find(key);
    return found == in_.end() ? nullptr : &*found;
  }
  template <typename Value>
  void take(const char* key, Value& value, bool (nlohmann::json::*is)() const noexcept, const char* expected) {
    const auto* found = find(key);
    if (!found) return;
    if (!(found->*is)()) throw wrong(key, expected);
    value = found->get<Value>();
  }
  template <typename Value>
  void take_list(const char* key, Value& value, bool (nlohmann::json::*is)() const noexcept, const char* expected) {
    const auto* found = find(key);
    if (!found) return;
    if (!found->is_array()) throw wrong(key, expected);
    for (const auto& item : *found)
      if (!(item.*is)()) throw wrong(key, expected);
    value = found->get<Value>();
  }
  DataError wrong(const std::string& key, const std::string& expected) const {
    const std::string got = key.empty() ? in_.dump() : in_.at(key).dump();
    return DataError(str(place_, key.empty() ? "" : " ", key, " is ", got.substr(0, 60), "; expected ", expected),
                     "the file was written by another program or has been edited");
  }

  const nlohmann::json& in_;
  std::string place_;
  std::vector<std::string> known_;
};

// fields(visitor) over the object in `text`.
template <typename Fields>
void read_fields(const std::string& text, const std::string& place, Fields fields) {
  require_sound_json(text, place);
  const auto json = nlohmann::json::parse(text);
  FieldReader reader(json, place);
  fields(reader);
  reader.require_all_known();
}

template <typename Fields>
std::string write_fields(Fields fields) {
  FieldWriter writer;
  fields(writer);
  return writer.text();
}

}  // namespace luvit
