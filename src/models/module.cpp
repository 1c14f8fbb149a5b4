#include "luvit/models/module.h"

#include <ATen/ATen.h>

namespace luvit {

void Module::add(std::string name, at::Tensor& member, at::IntArrayRef shape, Role role) {
  member = at::empty(shape, at::TensorOptions().device(at::kMeta).dtype(at::kFloat));
  entries_.push_back({std::move(name), &member, nullptr, role});
}

void Module::add(std::string name, Module& child) {
  entries_.push_back({std::move(name), nullptr, &child, Role::trained});
}

void Module::visit(const std::string& prefix, std::vector<NamedTensor>& out) {
  for (const Entry& entry : entries_) {
    if (entry.tensor) {
      out.push_back({prefix + entry.name, entry.tensor, entry.role});
    } else {
      entry.child->visit(entry.name.empty() ? prefix : prefix + entry.name + '.', out);
    }
  }
}

std::vector<NamedTensor> Module::named_tensors() {
  std::vector<NamedTensor> out;
  visit("", out);
  return out;
}

std::vector<NamedTensor> Module::trained_tensors() {
  std::vector<NamedTensor> out = named_tensors();
  std::erase_if(out, [](const NamedTensor& named) { return named.role != Role::trained; });
  return out;
}

void Module::fix() {
  for (Entry& entry : entries_) {
    if (entry.child) entry.child->fix();
    if (entry.role == Role::trained) entry.role = Role::fixed;
  }
}

void Module::train_only(std::string_view child) {
  for (Entry& entry : entries_) {
    if (entry.name == child) continue;
    if (entry.child) entry.child->fix();
    if (entry.role == Role::trained) entry.role = Role::fixed;
  }
}

void Module::train(bool on) {
  training_ = on;
  for (const Entry& entry : entries_) {
    if (entry.child) entry.child->train(on);
  }
}

}  // namespace luvit
