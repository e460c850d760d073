#pragma once
#include <cstddef>
#include <cstdint>

namespace millrace::extract {

// Gradient-boosted trees as LightGBM trains them, without missing values and categories. A node is a split (row[feature] <= value goes to the
// next node, else to `other`) or, with kLeaf, a value to add. Sums run in the order of the trees in float, so they are the same everywhere.
struct ForestNode {
  float value;
  uint16_t feature;
  uint16_t other;  // relative to the tree's first node
};
inline constexpr uint16_t kLeaf = 0xffff;

struct Forest {
  const ForestNode* nodes;
  const uint32_t* roots;
  uint32_t trees;
  float bias;
};

// Raw sums of `count` rows that lie `stride` floats apart.
void sum_trees(const Forest& forest, const float* rows, size_t count, size_t stride, float* out);

// 1 / (1 + exp(-x)) by arithmetic alone: the C library's exp differs between machines in its last bit. Error below 1e-6.
float logistic(float x);

// log2(1 + x), straight between powers of two, for x >= 0; alike the same everywhere. Trees ask only for order.
float rough_log2(float x);

}  // namespace millrace::extract
