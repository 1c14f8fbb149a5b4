#pragma once
#include <memory>
#include <vector>

#include "collectives.h"
#include "luvit/distributed/ranks.h"

namespace luvit {

std::unique_ptr<GradientReduction> make_gradient_reduction(std::shared_ptr<Collectives> all,
                                                           const std::vector<at::Tensor>& parameters,
                                                           Compression compression);

}  // namespace luvit
