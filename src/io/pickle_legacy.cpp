// The container before torch 1.6, still written by `_use_new_zipfile_serialization=False`: five pickles one after
// another (magic number, protocol, the machine, the object, storage keys), then each storage's count and bytes.
#include "luvit/core/error.h"
#include "luvit/core/text.h"
#include "pickle_content.h"

namespace luvit {
namespace {

using Kind = PickleNode::Kind;

constexpr std::string_view magic("\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19", 10);
constexpr std::int64_t protocol = 1001;

void place_storage(const std::string& key, PickleStorage& storage, ByteReader& in) {
  auto elements = in.number<std::int64_t>();
  if (elements != storage.elements)
    in.fail(str("storage '", escape(key), "' has ", elements, " elements, expected ", storage.elements));
  auto item = static_cast<std::int64_t>(c10::elementSize(storage.type));
  std::int64_t bytes = 0;
  if (__builtin_mul_overflow(elements, item, &bytes) || static_cast<std::uint64_t>(bytes) > in.left())
    in.fail(str("cut short: storage '", escape(key), "' needs ", elements, " elements of ", item, " bytes, ", in.left(),
                " bytes are left"));
  storage.begin = in.position();
  storage.bytes = static_cast<std::uint64_t>(bytes);
  in.skip(storage.bytes);
}

}  // namespace

bool is_torch_legacy(const InputFile& file) {
  std::string head(std::min<std::uint64_t>(file.size(), 32), '\0');
  file.read_at(0, head.data(), head.size());
  return head.size() > 2 && head[0] == '\x80' && head.find(magic) != std::string::npos;
}

void read_torch_legacy(const InputFile& file, PickleContent& content) {
  ByteReader in(file, 0, largest_pickle, "its pickle");
  if (const PickleNode* n = run_pickle(in, content); n->kind != Kind::bytes || n->text != magic)
    in.fail("torch's magic number is missing");
  if (const PickleNode* n = run_pickle(in, content); n->kind != Kind::integer || n->integer != protocol)
    in.fail("torch's protocol is not 1001");
  const PickleNode* little = run_pickle(in, content)->find("little_endian");
  if (!little || little->integer != 1) in.fail("the numbers in it are not little-endian");
  content.root = run_pickle(in, content);
  const PickleNode* keys = run_pickle(in, content);

  std::map<std::string_view, PickleStorage*> waiting;
  for (PickleStorage& storage : content.storages) waiting.emplace(storage.key, &storage);
  ByteReader data(file, in.position(), file.size(), "its storages");
  for (const PickleNode* key : keys->items) {
    auto found = key->kind == Kind::text ? waiting.find(key->text) : waiting.end();
    if (found == waiting.end()) data.fail("a storage that nothing refers to, or a second time");
    place_storage(found->second->key, *found->second, data);
    waiting.erase(found);
  }
  if (!waiting.empty()) data.fail(str("the storage '", escape(waiting.begin()->first), "' is missing from it"));
}

}  // namespace luvit
