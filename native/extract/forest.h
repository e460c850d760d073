#pragma once
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

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

// Raw sum of one row, from node to node.
float sum_trees(const Forest& forest, const float* row);

// The same trees for many rows, by QuickScorer (Lucchese et al., SIGIR 2015): every split that a row fails clears, in the tree's word of
// leaves, those to its left; the lowest one that is left is the row's. Splits are sorted by feature and threshold, so a feature ends at the
// first split that no row of a handful fails. Trees have at most 32 leaves.
class Scorer {
 public:
  // Features from `same_from` up to `same_end` have one value in all rows of a call: their splits are looked at once.
  explicit Scorer(const Forest& forest, uint32_t same_from = 0, uint32_t same_end = 0);
  // Raw sums of the rows that `which` numbers; row i begins at rows + i * stride, its sum goes to out[i]. The same bits as sum_trees, on any
  // instruction set.
  void sum(const float* rows, std::span<const uint32_t> which, size_t stride, float* out) const;

  struct Split {
    float value;
    uint32_t keep;  // leaves that remain for a row above the value
    uint32_t tree;
  };
  struct Column {
    uint32_t feature, first, end;
  };
  struct View {
    const Split* splits;
    const Column* columns;
    size_t column_count;
    const float* leaves;    // 32 a tree
    const uint32_t* start;  // leaves that are left of each tree before any of the columns
  };

 private:
  std::vector<Split> splits_;
  std::vector<Column> columns_, same_;
  std::vector<float> leaves_;  // 32 a tree
  uint32_t trees_;
  float bias_;
};

// Some rows at once, as many as lanes (8; 16 under AVX2, 32 under AVX-512): `values` holds a value of each a column, `words` has room for one of each a tree,
// and to `sums` is added the leaf of every tree.
void score_avx2(const Scorer::View& view, const float* values, size_t trees, uint32_t* words, float* sums);
void score_avx512(const Scorer::View& view, const float* values, size_t trees, uint32_t* words, float* sums);

// 1 / (1 + exp(-x)) by arithmetic alone: the C library's exp differs between machines in its last bit. Error below 1e-6.
float logistic(float x);

// log2(1 + x), straight between powers of two, for x >= 0; alike the same everywhere. Trees ask only for order.
float rough_log2(float x);

}  // namespace millrace::extract
