#include "tar_index.h"

#include "image_names.h"
#include "luvit/core/error.h"
#include "luvit/core/input_file.h"
#include "luvit/core/text.h"
#include "tar_members.h"

namespace luvit {
namespace {

// WebDataset's rule: the key is the path up to the first dot of the file's name, the rest is the kind.
struct MemberName {
  std::string key, kind;
};

MemberName split_name(const std::string& member) {
  const auto slash = member.rfind('/');
  const auto start = slash == std::string::npos ? 0 : slash + 1;
  const auto dot = member.find('.', start);
  if (dot == std::string::npos) return {member, ""};
  return {member.substr(0, dot), member.substr(dot + 1)};
}

bool hidden(const std::string& member) {
  if (!member.empty() && member[0] == '.' && member.substr(0, 2) != "./") return true;
  for (auto slash = member.find('/'); slash != std::string::npos; slash = member.find('/', slash + 1)) {
    if (slash + 1 < member.size() && member[slash + 1] == '.') return true;
  }
  return false;
}

std::int64_t read_class(const InputFile& file, const TarMember& member, const std::string& path) {
  std::string digits(static_cast<std::size_t>(std::min<std::int64_t>(member.size, 32)), '\0');
  file.read_at(static_cast<std::uint64_t>(member.offset), digits.data(), digits.size());
  const auto first = digits.find_first_not_of(" \t\r\n"), last = digits.find_last_not_of(" \t\r\n");
  if (first != std::string::npos) digits = digits.substr(first, last - first + 1);
  if (first == std::string::npos || digits.size() > 9 || digits.find_first_not_of("0123456789") != std::string::npos) {
    throw DataError(str(path, ":", member.name, ": '", digits, "' is no class number"),
                    "a .cls member holds the class as decimal digits");
  }
  return std::stoll(digits);
}

// Collects images and classes; the members of one key follow one another in a WebDataset shard.
class Grouping {
 public:
  Grouping(const InputFile& file, const std::string& path) : file_(file), path_(path) {}

  void add(const TarMember& member) {
    if (hidden(member.name)) return;
    const auto [key, kind] = split_name(member.name);
    if (key != key_) start(key);
    if (is_image_extension(kind)) {
      if (!member.plain) return odd(member.name);
      index.images.push_back({member.name, member.offset, member.size, label_});
    } else if (kind == "cls" && member.plain) {
      label_ = read_class(file_, member, path_);
      for (std::size_t i = first_; i < index.images.size(); ++i) index.images[i].label = label_;
    } else {
      if (has_image_extension(member.name) && member.plain) return odd(member.name);
      ++index.other_members;
    }
  }

  TarIndex index;

 private:
  void start(const std::string& key) {
    key_ = key;
    first_ = index.images.size();
    label_ = -1;
  }
  void odd(const std::string& member) {
    if (index.left_out++ == 0) index.first_left_out = member;
    ++index.other_members;
  }

  const InputFile& file_;
  const std::string& path_;
  std::string key_;
  std::size_t first_ = 0;
  std::int64_t label_ = -1;
};

}  // namespace

TarIndex index_tar(const InputFile& file, const std::string& path) {
  Grouping grouping(file, path);
  TarReader reader(file, path);
  while (const auto member = reader.next()) grouping.add(*member);
  return std::move(grouping.index);
}

}  // namespace luvit
