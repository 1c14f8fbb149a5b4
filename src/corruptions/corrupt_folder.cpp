#include "luvit/corruptions/corrupt_folder.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <exception>
#include <map>
#include <mutex>
#include <set>
#include <thread>
#include <vector>

#include "luvit/core/error.h"
#include "luvit/core/output_path.h"
#include "luvit/core/text.h"
#include "luvit/data/image_tree.h"
#include "luvit/io/csv.h"

namespace luvit {
namespace {

// Calls work(0) … work(n-1) on all cores. Of several failures the first place's comes out.
void for_each_place(std::size_t n, const std::function<void(std::size_t)>& work) {
  std::atomic<std::size_t> next{0};
  std::mutex mutex;
  std::map<std::size_t, std::exception_ptr> errors;
  {
    std::vector<std::jthread> threads;
    const std::size_t count = std::min<std::size_t>(n, std::max(1u, std::thread::hardware_concurrency()));
    for (std::size_t t = 0; t < count; ++t) {
      threads.emplace_back([&] {
        for (std::size_t i = next++; i < n; i = next++) {
          try {
            work(i);
          } catch (...) {
            const std::lock_guard lock(mutex);
            errors.emplace(i, std::current_exception());
            next = n;  // no new ones
          }
        }
      });
    }
  }
  if (!errors.empty()) std::rethrow_exception(errors.begin()->second);
}

// Whole under its name, but perhaps not yet on the disk: tens of thousands of files are synced together.
void write_whole(const fs::path& path, const std::string& bytes) {
  const fs::path temporary = fs::path(path).concat(temporary_suffix);
  FileLayer& layer = file_layer();
  try {
    auto file = layer.create(temporary);
    file->write(bytes.data(), bytes.size());
    file->close();
    layer.rename(temporary, path);
  } catch (...) {
    std::error_code ignored;
    fs::remove(temporary, ignored);
    throw;
  }
}

// All that was written to the folder's file system is on the disk.
void sync_file_system(const fs::path& folder) {
  const int descriptor = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  const int failed = descriptor < 0 || ::syncfs(descriptor) != 0 ? errno : 0;
  if (descriptor >= 0) ::close(descriptor);
  if (failed != 0)
    throw RunError(str(escape(folder.string()), ": cannot be synced to the disk: ", std::strerror(failed)));
}

bool lies_in(const fs::path& path, const fs::path& folder) {
  const fs::path inner = fs::weakly_canonical(path), outer = fs::weakly_canonical(folder);
  return std::mismatch(outer.begin(), outer.end(), inner.begin(), inner.end()).first == outer.end();
}

class FolderCorrupter {
 public:
  explicit FolderCorrupter(const CorruptFolderOptions& options) : options_(options) {
    if (lies_in(options.out, options.in) || lies_in(options.in, options.out)) {
      throw UsageError(str("--out ", escape(options.out.string()), " and --in ", escape(options.in.string()),
                           ": one lies in the other"),
                       "name a folder of its own for what is written");
    }
    require_output_folder("--out", options.out);
    tree_ = list_images(options.in.string());
    if (tree_.images.empty()) {
      throw DataError(str(options.in.string(), ": no image in this folder; found ", tree_.other_files, " other files"),
                      "expected are images (jpg jpeg png webp bmp tif tiff) at any depth");
    }
    name_outputs();
    if (options.corruption == Corruption::frost) {
      frost_ = Frost(options.frost.empty() ? installed_frost() : options.frost);
    }
  }

  CorruptedFolder run() {
    const FolderLock lock(options_.out);
    std::set<fs::path> folders;
    for (const fs::path& output : outputs_) folders.insert((options_.out / output).parent_path());
    for (const fs::path& folder : folders) file_layer().make_folder(folder);
    const fs::path seeds = options_.out / "seeds.csv";
    if (path_exists(seeds)) file_layer().remove_all(seeds);  // of an earlier run, which this one writes over
    for_each_place(outputs_.size(), [this](std::size_t i) { corrupt_one(i); });
    std::string table = csv_record({"path", "seed"});
    for (const std::string& path : tree_.images) table += csv_record({path, std::to_string(seed_of(path))});
    sync_file_system(options_.out);
    write_durably(seeds, table);
    return {static_cast<std::int64_t>(outputs_.size()), tree_.other_files, tree_.hidden};
  }

 private:
  bool official() const { return options_.flavour == Flavour::imagenet_c; }
  std::uint32_t seed_of(const std::string& path) const {
    return corruption_seed(options_.seed, options_.corruption, options_.severity, path);
  }

  void name_outputs() {
    std::map<fs::path, std::string> origin;
    for (const std::string& path : tree_.images) {
      fs::path output = fs::path(path).replace_extension(official() ? ".JPEG" : ".png");
      const auto [found, is_new] = origin.emplace(output, path);
      if (!is_new) {
        throw DataError(str(options_.in.string(), ": ", escape(found->second), " and ", escape(path),
                            " would both become ", escape(output.string())),
                        "rename one of them, or leave it out");
      }
      outputs_.push_back(std::move(output));
    }
  }

  void corrupt_one(std::size_t i) const {
    const std::string& path = tree_.images[i];
    const std::string name = (options_.in / path).string(), encoded = read_file(name);
    Image image = decode({reinterpret_cast<const std::uint8_t*>(encoded.data()), encoded.size()}, name);
    if (official()) image = imagenet_c_view(image, name);
    image = corrupt(image, options_.corruption, options_.severity, options_.flavour, seed_of(path), frost_, name);
    write_whole(options_.out / outputs_[i],
                official() ? encode_jpeg(image, imagenet_c_quality, /*optimize=*/true) : encode_png(image, true));
  }

  const CorruptFolderOptions& options_;
  ImageTree tree_;
  std::vector<fs::path> outputs_;  // of tree_.images, relative
  Frost frost_;
};

}  // namespace

CorruptedFolder corrupt_folder(const CorruptFolderOptions& options) {
  return FolderCorrupter(options).run();
}

}  // namespace luvit
