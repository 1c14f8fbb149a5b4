#pragma once
#include <ATen/core/Tensor.h>

#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace luvit {

// How a tensor takes part in training.
enum class Role {
  trained,
  fixed,   // computed, never trained (sin-cos positions); saved with the model
  frozen,  // a pretrained block's; kept in the storage type, never trained, not repeated in checkpoints
};

struct NamedTensor {
  std::string name;
  at::Tensor* tensor;  // the module's own member
  Role role;
};

// A tree of named tensors: torch::nn::Module without its headers (which cost every file 5 s to compile) and
// without shared ownership. Children and tensors are plain members that register themselves; a module can
// therefore not be moved. Tensors are made on the `meta` device: a model costs nothing until its weights
// come, from initial values or from a file.
class Module {
 public:
  Module() = default;
  Module(const Module&) = delete;
  Module& operator=(const Module&) = delete;
  virtual ~Module() = default;

  // All tensors below this module in registration order, by dotted path.
  std::vector<NamedTensor> named_tensors();
  // The same, only those with Role::trained.
  std::vector<NamedTensor> trained_tensors();

  // From here on only the tensors of the child of that name train; all others that did are fixed.
  void train_only(std::string_view child);

  // Turned on by the loop for dropout and drop path; reaches all children.
  void train(bool on);
  bool training() const { return training_; }

 protected:
  void add(std::string name, at::Tensor& member, at::IntArrayRef shape, Role role = Role::trained);
  void add(std::string name, Module& child);  // "": its tensors keep their names

 private:
  // One line of the list, so that tensors and children keep the order they were added in.
  struct Entry {
    std::string name;
    at::Tensor* tensor;  // or
    Module* child;
    Role role;
  };
  void visit(const std::string& prefix, std::vector<NamedTensor>& out);
  void fix();  // whatever trains
  std::vector<Entry> entries_;
  bool training_ = false;
};

}  // namespace luvit
