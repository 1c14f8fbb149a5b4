#pragma once
#include <memory>
#include <string>
#include <vector>

#include "luvit/data/image.h"
#include "luvit/data/options.h"

namespace luvit {

// The samples of a set by place: for folders the byte-sorted list of relative paths, for tars shard then member
// order, for a list of sources one after another. Thread-safe for reading.
class Dataset {
 public:
  virtual ~Dataset() = default;
  virtual std::int64_t size() const = 0;
  // The encoded image. `buffer` is reused between calls. DataError naming the sample if it cannot be read.
  virtual void read(std::int64_t index, std::vector<std::uint8_t>& buffer) const = 0;
  // The picture, decoded; `buffer` as above.
  virtual Image image(std::int64_t index, std::vector<std::uint8_t>& buffer) const;
  virtual std::int64_t label(std::int64_t index) const = 0;     // -1: none
  virtual std::string name(std::int64_t index) const = 0;       // path, or shard.tar:member
  virtual const std::vector<std::string>& classes() const = 0;  // in label order; empty without labels
  virtual bool numbered() const { return false; }               // classes() are shards' numbers: nobody named them
};

// Opens what data.train or data.val names. With labels wanted, an empty class folder or a missing .cls is an error.
// DataError tells the path tried, what was found and which layout is expected; and the config's key, where one is
// given.
std::unique_ptr<Dataset> open_dataset(const std::vector<std::string>& sources, bool labels_wanted,
                                      const std::string& key = {});

// What predictions call a sample of a tar shard: its name without the folders before the shard.
std::string path_of_shard_member(const std::string& name);

}  // namespace luvit
