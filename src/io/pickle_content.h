#pragma once
#include <deque>
#include <map>
#include <set>

#include "byte_reader.h"
#include "luvit/io/pickle.h"

namespace luvit {

// A run of bytes that tensors are views of.
struct PickleStorage {
  std::string key;                     // how the pickle names it
  at::ScalarType type;                 // Byte where the storage is untyped
  std::int64_t elements;               // as the pickle says
  std::uint64_t begin = 0, bytes = 0;  // where it lies in the file: filled in by the container
};

// Owns what a pickle refers to.
class PickleContent {
 public:
  PickleNode* add(PickleNode::Kind kind, const ByteReader& in);
  std::string_view keep(std::string text);           // an owned copy
  std::string_view intern(const std::string& name);  // the same copy for the same name
  // Counts what copying costs, so that a short pickle cannot ask for much memory.
  void charge(std::size_t units, const ByteReader& in);
  // The number of the storage with this key; a second mention must agree with the first.
  std::int64_t storage(const std::string& key, at::ScalarType type, std::int64_t elements, const ByteReader& in);

  const std::deque<PickleNode>& nodes() const { return nodes_; }
  std::vector<PickleStorage> storages;
  const PickleNode* root = nullptr;

 private:
  std::deque<PickleNode> nodes_;  // addresses stay
  std::deque<std::string> texts_;
  std::set<std::string> names_;
  std::map<std::string, std::int64_t> numbers_;  // of storages, by key
  std::size_t charged_ = 0;
};

// Runs one pickle from `in` to its STOP and returns what is left on the stack.
const PickleNode* run_pickle(ByteReader& in, PickleContent& content);

// What calling `function` with `arguments` stands for: an OrderedDict, a tensor, a parameter; otherwise an opaque
// object (torch/_utils.py, the _rebuild_* functions).
PickleNode* rebuild(const std::string& function, const PickleNode& arguments, PickleContent& content,
                    const ByteReader& in);
// What a persistent id stands for: a storage (torch/serialization.py, persistent_id).
PickleNode* rebuild_persistent(const PickleNode& id, PickleContent& content, const ByteReader& in);

// The two containers: fill `content`, storages' places included.
void read_torch_zip(const InputFile& file, PickleContent& content);
void read_torch_legacy(const InputFile& file, PickleContent& content);
bool is_zip(const InputFile& file);
bool is_torch_legacy(const InputFile& file);

// Checks that every tensor lies inside its storage, and its storage's size is what its type says.
void check_tensors(const PickleContent& content, const std::string& path);

// A pickle larger than this is not a checkpoint's.
inline constexpr std::uint64_t largest_pickle = 256 << 20;
inline constexpr std::size_t most_nodes = 4'000'000;

}  // namespace luvit
