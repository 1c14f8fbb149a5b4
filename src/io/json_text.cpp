#include "luvit/io/json_text.h"

#include <nlohmann/json.hpp>
#include <unordered_set>

#include "luvit/core/error.h"
#include "luvit/core/text.h"

namespace luvit {
namespace {

using nlohmann::json;

constexpr std::size_t deepest = 64;

class Checks : public nlohmann::json_sax<json> {
 public:
  explicit Checks(const std::string& where) : where_(where) {}

  bool null() override { return true; }
  bool boolean(bool) override { return true; }
  bool number_integer(number_integer_t) override { return true; }
  bool number_unsigned(number_unsigned_t) override { return true; }
  bool number_float(number_float_t, const string_t&) override { return true; }
  bool string(string_t&) override { return true; }
  bool binary(binary_t&) override { return true; }

  bool start_object(std::size_t) override { return enter(); }
  bool start_array(std::size_t) override { return enter(); }
  bool end_object() override { return leave(); }
  bool end_array() override { return leave(); }
  bool key(string_t& name) override {
    if (!keys_.back().insert(name).second)
      throw DataError(str(where_, ": the JSON key '", escape(name), "' stands twice"));
    return true;
  }
  bool parse_error(std::size_t position, const std::string&, const json::exception&) override {
    throw DataError(str(where_, ": not valid JSON at byte ", position));
  }

 private:
  bool enter() {
    if (keys_.size() == deepest) throw DataError(str(where_, ": JSON nested deeper than ", deepest));
    keys_.emplace_back();
    return true;
  }
  bool leave() {
    keys_.pop_back();
    return true;
  }

  const std::string& where_;
  std::vector<std::unordered_set<std::string>> keys_;
};

}  // namespace

void require_sound_json(std::string_view text, const std::string& where) {
  std::string name = escape(where);
  Checks checks(name);
  json::sax_parse(text.begin(), text.end(), &checks);
}

}  // namespace luvit
