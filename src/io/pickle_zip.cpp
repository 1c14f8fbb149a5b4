// The zip container that torch.save writes since 1.6: ARCHIVE/data.pkl, ARCHIVE/data/KEY, all stored uncompressed.
// Layout by PKWARE's APPNOTE.TXT, sections 4.3 and 4.5.3.
#include "luvit/core/error.h"
#include "luvit/core/text.h"
#include "pickle_content.h"

namespace luvit {
namespace {

constexpr std::uint32_t local_signature = 0x04034b50, entry_signature = 0x02014b50, end_signature = 0x06054b50,
                        end64_signature = 0x06064b50, locator64_signature = 0x07064b50;
constexpr std::uint32_t in_extra = 0xffffffff;  // a 32-bit field whose value stands in the zip64 extra field
constexpr std::uint64_t end_size = 22, locator_size = 20;

struct Record {
  std::uint64_t header = 0, size = 0;
  bool stored = true;
};
struct Directory {
  std::uint64_t begin = 0, size = 0, entries = 0;
};

[[noreturn]] void fail(const InputFile& file, const std::string& what) {
  throw DataError(str(escape(file.path()), ": ", what));
}

std::uint64_t find_end(const InputFile& file) {
  // It is the last thing in the file, but for a comment of at most 64 KB.
  std::uint64_t tail = std::min<std::uint64_t>(file.size(), end_size + 0xffff);
  std::string bytes(tail, '\0');
  file.read_at(file.size() - tail, bytes.data(), tail);
  std::size_t found = tail < end_size ? std::string::npos : bytes.rfind("PK\5\6", tail - end_size);
  if (found == std::string::npos) fail(file, "cut short: a zip file without its directory at the end");
  return file.size() - tail + found;
}

Directory find_directory(const InputFile& file) {
  std::uint64_t end = find_end(file);
  Directory out;
  ByteReader in(file, end + 10, file.size(), "the zip directory's end");
  out.entries = in.number<std::uint16_t>();
  out.size = in.number<std::uint32_t>();
  out.begin = in.number<std::uint32_t>();
  if (end < locator_size) return out;
  ByteReader locator(file, end - locator_size, end, "the zip64 locator");
  if (locator.number<std::uint32_t>() != locator64_signature) return out;
  locator.number<std::uint32_t>();
  ByteReader end64(file, locator.number<std::uint64_t>(), end, "the zip64 directory's end");
  if (end64.number<std::uint32_t>() != end64_signature) end64.fail("its signature is missing");
  end64.text(8 + 2 + 2 + 4 + 4 + 8);
  out.entries = end64.number<std::uint64_t>();
  out.size = end64.number<std::uint64_t>();
  out.begin = end64.number<std::uint64_t>();
  return out;
}

// The values that did not fit 32 bits, in the order in which they are asked for.
void read_extra(const std::string& extra, std::uint64_t& size, std::uint64_t& packed, std::uint64_t& header) {
  auto number = [&](std::size_t at, std::size_t bytes) {
    std::uint64_t value = 0;
    for (std::size_t i = bytes; i-- > 0;) value = value << 8 | static_cast<unsigned char>(extra[at + i]);
    return value;
  };
  for (std::size_t at = 0; at + 4 <= extra.size();) {
    std::uint64_t id = number(at, 2), length = number(at + 2, 2);
    std::size_t next = at + 4, stop = next + length;
    if (stop > extra.size()) return;
    for (std::uint64_t* field : {&size, &packed, &header}) {
      if (id != 1 || *field != in_extra || next + 8 > stop) continue;
      *field = number(next, 8);
      next += 8;
    }
    at = stop;
  }
}

std::map<std::string, Record> read_directory(const InputFile& file) {
  Directory where = find_directory(file);
  if (where.begin > file.size() || where.size > file.size() - where.begin || where.size > largest_pickle)
    fail(file, "its zip directory does not lie inside it");
  ByteReader in(file, where.begin, where.begin + where.size, "the zip directory");
  std::map<std::string, Record> records;
  for (std::uint64_t i = 0; i < where.entries; ++i) {
    if (in.number<std::uint32_t>() != entry_signature) in.fail("an entry without its signature");
    in.text(4);
    bool encrypted = in.number<std::uint16_t>() & 1;
    bool packed_method = in.number<std::uint16_t>() != 0;
    in.text(8);
    std::uint64_t packed = in.number<std::uint32_t>(), size = in.number<std::uint32_t>();
    auto name_length = in.number<std::uint16_t>(), extra_length = in.number<std::uint16_t>(),
         comment_length = in.number<std::uint16_t>();
    in.text(8);
    std::uint64_t header = in.number<std::uint32_t>();
    std::string name = in.text(name_length);
    read_extra(in.text(extra_length), size, packed, header);
    in.text(comment_length);
    Record record{header, size, !encrypted && !packed_method && packed == size};
    if (!records.emplace(name, record).second) in.fail(str("'", escape(name), "' stands in it twice"));
  }
  return records;
}

// Where a record's bytes begin; the local header before them has lengths of its own.
std::uint64_t begin_of(const InputFile& file, const std::string& name, const Record& record) {
  if (!record.stored) fail(file, str("'", escape(name), "' in it is compressed; torch stores its records as they are"));
  ByteReader in(file, record.header, file.size(), str("the zip record '", escape(name), "'"));
  if (in.number<std::uint32_t>() != local_signature) in.fail("its signature is missing");
  in.text(22);
  auto name_length = in.number<std::uint16_t>(), extra_length = in.number<std::uint16_t>();
  in.text(std::uint64_t{name_length} + extra_length);
  if (record.size > in.left()) in.fail(str("cut short: ", record.size, " bytes expected, ", in.left(), " left"));
  return in.position();
}

// The folder inside the archive, with its slash: the one that holds data.pkl.
std::string find_root(const InputFile& file, const std::map<std::string, Record>& records) {
  for (const auto& [name, record] : records) {
    std::size_t slash = name.find('/');
    if (slash == std::string::npos || name.substr(slash) != "/data.pkl") continue;
    std::string root = name.substr(0, slash + 1);
    if (records.count(root + "constants.pkl"))
      throw DataError(str(escape(file.path()), ": a TorchScript program; expected a state dict by torch.save"),
                      "torch.save(torch.jit.load(FILE).state_dict(), OTHER) makes one");
    return root;
  }
  throw DataError(str(escape(file.path()), ": a zip file that torch.save did not write (no data.pkl in it)"));
}

}  // namespace

bool is_zip(const InputFile& file) {
  std::uint32_t signature = 0;
  if (file.size() < end_size) return false;
  file.read_at(0, &signature, sizeof signature);
  return signature == local_signature;
}

void read_torch_zip(const InputFile& file, PickleContent& content) {
  auto records = read_directory(file);
  std::string root = find_root(file, records);
  if (auto order = records.find(root + "byteorder"); order != records.end()) {
    ByteReader in(file, begin_of(file, order->first, order->second), file.size(), "its byteorder record");
    if (order->second.size != 6 || in.text(6) != "little") in.fail("the numbers in it are not little-endian");
  }
  const auto& [name, record] = *records.find(root + "data.pkl");
  if (record.size > largest_pickle)
    fail(file, str("its data.pkl has ", record.size, " bytes, at most ", largest_pickle, " expected"));
  std::uint64_t begin = begin_of(file, name, record);
  ByteReader in(file, begin, begin + record.size, "data.pkl");
  content.root = run_pickle(in, content);

  for (PickleStorage& storage : content.storages) {
    auto found = records.find(root + "data/" + storage.key);
    if (found == records.end()) fail(file, str("the storage '", escape(storage.key), "' is missing from it"));
    storage.begin = begin_of(file, found->first, found->second);
    storage.bytes = found->second.size;
    auto item = static_cast<std::uint64_t>(c10::elementSize(storage.type));
    if (storage.bytes % item != 0 || storage.bytes / item != static_cast<std::uint64_t>(storage.elements))
      fail(file, str("the storage '", escape(storage.key), "' has ", storage.bytes, " bytes, expected ",
                     storage.elements, " elements of ", item));
  }
}

}  // namespace luvit
