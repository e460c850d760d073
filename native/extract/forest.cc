#include "native/extract/forest.h"

#include <bit>
#include <cmath>

namespace millrace::extract {

void sum_trees(const Forest& forest, const float* rows, size_t count, size_t stride, float* out) {
  for (size_t i = 0; i < count; ++i) out[i] = forest.bias;
  // A tree stays in the first cache while it passes over the rows; eight rows at a time hide each other's loads.
  constexpr size_t kLanes = 8;
  for (uint32_t t = 0; t < forest.trees; ++t) {
    const auto* tree = forest.nodes + forest.roots[t];
    size_t i = 0;
    for (; i + kLanes <= count; i += kLanes) {
      uint32_t at[kLanes] = {};
      for (bool open = true; open;) {
        open = false;
        for (size_t k = 0; k < kLanes; ++k) {
          const auto& node = tree[at[k]];
          if (node.feature == kLeaf) continue;
          at[k] = rows[(i + k) * stride + node.feature] <= node.value ? at[k] + 1 : node.other;
          open = true;
        }
      }
      for (size_t k = 0; k < kLanes; ++k) out[i + k] += tree[at[k]].value;
    }
    for (; i < count; ++i) {
      uint32_t at = 0;
      while (tree[at].feature != kLeaf) at = rows[i * stride + tree[at].feature] <= tree[at].value ? at + 1 : tree[at].other;
      out[i] += tree[at].value;
    }
  }
}

float logistic(float x) {
  const double t = x < -30 ? -30 : x > 30 ? 30 : double(x);
  // e^-t = 2^k e^r with |r| <= ln2 / 2, and Taylor's series for e^r: nine terms leave less than 1e-9.
  const double k = std::nearbyint(-t * 1.4426950408889634);
  const double r = -t - k * 0.6931471805599453;
  double sum = 1;
  for (int i = 9; i > 0; --i) sum = 1 + r * sum / i;
  return static_cast<float>(1 / (1 + std::ldexp(sum, static_cast<int>(k))));
}

float rough_log2(float x) {
  if (!(x > 0)) return 0;
  const auto bits = std::bit_cast<uint32_t>(1 + x);
  return static_cast<float>(bits - 0x3f800000u) * (1.f / 8388608.f);
}

}  // namespace millrace::extract
