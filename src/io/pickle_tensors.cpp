// How torch takes tensors apart for a pickle: torch/_utils.py (_rebuild_*), torch/serialization.py (persistent_id).
#include <array>

#include "luvit/core/text.h"
#include "pickle_content.h"

namespace luvit {
namespace {

using Kind = PickleNode::Kind;

struct NamedType {
  std::string_view storage, dtype;  // torch.FloatStorage, torch.float32
  at::ScalarType type;
};

constexpr std::array<NamedType, 21> types = {{{"FloatStorage", "float32", at::kFloat},
                                              {"HalfStorage", "float16", at::kHalf},
                                              {"BFloat16Storage", "bfloat16", at::kBFloat16},
                                              {"DoubleStorage", "float64", at::kDouble},
                                              {"LongStorage", "int64", at::kLong},
                                              {"IntStorage", "int32", at::kInt},
                                              {"ShortStorage", "int16", at::kShort},
                                              {"CharStorage", "int8", at::kChar},
                                              {"ByteStorage", "uint8", at::kByte},
                                              {"BoolStorage", "bool", at::kBool},
                                              {"ComplexFloatStorage", "complex64", at::kComplexFloat},
                                              {"ComplexDoubleStorage", "complex128", at::kComplexDouble},
                                              {"UntypedStorage", "", at::kByte},
                                              {"", "uint16", at::kUInt16},
                                              {"", "uint32", at::kUInt32},
                                              {"", "uint64", at::kUInt64},
                                              {"", "float8_e4m3fn", at::kFloat8_e4m3fn},
                                              {"", "float8_e5m2", at::kFloat8_e5m2},
                                              {"", "float8_e4m3fnuz", at::kFloat8_e4m3fnuz},
                                              {"", "float8_e5m2fnuz", at::kFloat8_e5m2fnuz},
                                              {"", "float8_e8m0fnu", at::kFloat8_e8m0fnu}}};

// The part after the last dot: torch.FloatStorage, torch.cuda.FloatStorage and torch.storage.UntypedStorage alike.
std::string_view last_part(std::string_view name) {
  return name.substr(name.rfind('.') + 1);
}

const NamedType* find_type(const PickleNode& node, std::string_view NamedType::*name) {
  if (node.kind != Kind::object || !node.text.starts_with("torch.")) return nullptr;
  for (const NamedType& t : types)
    if (!(t.*name).empty() && t.*name == last_part(node.text)) return &t;
  return nullptr;
}

std::vector<std::int64_t> sizes(const PickleNode& node, const ByteReader& in) {
  constexpr std::size_t most_dimensions = 64;  // LibTorch's own limit
  if ((node.kind != Kind::tuple && node.kind != Kind::list) || node.items.size() > most_dimensions)
    in.fail("a tensor's sizes are no tuple of at most 64 numbers");
  std::vector<std::int64_t> out;
  for (const PickleNode* n : node.items) {
    if (n->kind != Kind::integer || n->integer < 0) in.fail("a tensor's sizes and strides must be numbers ≥ 0");
    out.push_back(n->integer);
  }
  return out;
}

// torch.Size(…), an object here, counts as the tuple it was made from.
const PickleNode& plain_tuple(const PickleNode& node) {
  bool is_size = node.kind == Kind::object && node.text == "torch.Size" && node.items.size() == 1 &&
                 node.items[0]->items.size() == 1;
  return is_size ? *node.items[0]->items[0] : node;
}

// (storage, offset, size, stride, …)
PickleNode* rebuild_tensor(const PickleNode::Items& arguments, const NamedType* type, PickleContent& content,
                           const ByteReader& in) {
  if (arguments.size() < 4 || arguments[0]->kind != Kind::storage || arguments[1]->kind != Kind::integer ||
      arguments[1]->integer < 0)
    in.fail("a tensor without storage, offset, sizes and strides");
  PickleNode* tensor = content.add(Kind::tensor, in);
  tensor->integer = arguments[0]->integer;
  tensor->type = type ? type->type : content.storages[static_cast<std::size_t>(tensor->integer)].type;
  tensor->offset = arguments[1]->integer;
  tensor->shape = sizes(plain_tuple(*arguments[2]), in);
  tensor->strides = sizes(*arguments[3], in);
  if (tensor->shape.size() != tensor->strides.size()) in.fail("a tensor with more sizes than strides, or fewer");
  return tensor;
}

// OrderedDict() as Python 3 writes it, OrderedDict([[key, value], …]) as Python 2 did.
PickleNode* rebuild_dict(const PickleNode::Items& arguments, PickleContent& content, const ByteReader& in) {
  PickleNode* dict = content.add(Kind::dict, in);
  if (arguments.empty()) return dict;
  content.charge(arguments[0]->items.size(), in);
  for (const PickleNode* pair : arguments[0]->items) {
    if (pair->items.size() != 2) in.fail("an OrderedDict of something other than pairs");
    dict->entries.emplace_back(pair->items[0], pair->items[1]);
  }
  return dict;
}

PickleNode* rebuild_opaque(const std::string& function, const PickleNode& arguments, PickleContent& content,
                           const ByteReader& in) {
  PickleNode* node = content.add(Kind::object, in);
  node->text = content.intern(function);
  node->items.push_back(&arguments);
  return node;
}

}  // namespace

PickleNode* rebuild(const std::string& function, const PickleNode& arguments, PickleContent& content,
                    const ByteReader& in) {
  const PickleNode::Items& given = arguments.items;
  if (function == "collections.OrderedDict") return rebuild_dict(given, content, in);
  if (function == "torch._utils._rebuild_tensor" || function == "torch._utils._rebuild_tensor_v2")
    return rebuild_tensor(given, nullptr, content, in);
  if (function == "torch._utils._rebuild_tensor_v3") {
    const NamedType* type = given.size() > 6 ? find_type(*given[6], &NamedType::dtype) : nullptr;
    if (!type) in.fail("a tensor of a type that LibTorch does not have");
    return rebuild_tensor(given, type, content, in);
  }
  bool parameter =
      function == "torch._utils._rebuild_parameter" || function == "torch._utils._rebuild_parameter_with_state";
  if (parameter && !given.empty() && given[0]->kind == Kind::tensor) {
    PickleNode* copy = content.add(Kind::tensor, in);
    *copy = *given[0];
    return copy;
  }
  // A tensor's subclass or extra attributes: (function, type, arguments, state).
  if (function == "torch._tensor._rebuild_from_type_v2" && given.size() == 4 && given[0]->kind == Kind::object &&
      given[0]->text != function && given[2]->kind == Kind::tuple)
    return rebuild(std::string(given[0]->text), *given[2], content, in);
  return rebuild_opaque(function, arguments, content, in);
}

PickleNode* rebuild_persistent(const PickleNode& id, PickleContent& content, const ByteReader& in) {
  const PickleNode::Items& parts = id.items;
  // ('module', class, source file, source): the older container keeps the code of pickled classes beside them.
  if (id.kind == Kind::tuple && parts.size() == 4 && parts[0]->is_text("module") && parts[1]->kind == Kind::object) {
    PickleNode* node = content.add(Kind::object, in);
    node->text = parts[1]->text;
    return node;
  }
  // ('storage', class, key, device, elements[, view])
  if (id.kind != Kind::tuple || parts.size() < 5 || !parts[0]->is_text("storage"))
    in.fail("a reference to something other than a storage");
  const NamedType* type = find_type(*parts[1], &NamedType::storage);
  if (!type) in.fail(str("a storage of the unknown kind '", escape(parts[1]->text), "'"));
  if (parts[2]->kind != Kind::text || parts[2]->text.empty() || parts[2]->text.size() > 256)
    in.fail("a storage without a name");
  if (parts[4]->kind != Kind::integer || parts[4]->integer < 0) in.fail("a storage without a size");
  if (parts.size() > 5 && parts[5]->kind != Kind::none) in.fail("a storage inside another, as torch before 0.4 wrote");
  PickleNode* node = content.add(Kind::storage, in);
  node->integer = content.storage(std::string(parts[2]->text), type->type, parts[4]->integer, in);
  return node;
}

}  // namespace luvit
