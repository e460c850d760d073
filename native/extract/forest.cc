#include "native/extract/forest.h"

#include <algorithm>
#include <bit>
#include <cmath>

#include "native/base/cpu.h"

namespace millrace::extract {
namespace {

void score_scalar(const Scorer::View& view, const float* values, size_t trees, uint32_t* words, float* sums) {
  for (size_t i = 0; i < trees * 8; ++i) words[i] = view.start[i / 8];
  for (size_t c = 0; c < view.column_count; ++c)
    for (size_t k = 0; k < 8; ++k)
      for (uint32_t s = view.columns[c].first; s < view.columns[c].end && values[8 * c + k] > view.splits[s].value; ++s)
        words[8 * view.splits[s].tree + k] &= view.splits[s].keep;
  for (size_t t = 0; t < trees; ++t)
    for (size_t k = 0; k < 8; ++k) sums[k] += view.leaves[32 * t + static_cast<size_t>(std::countr_zero(words[8 * t + k])) % 32];
}

}  // namespace

float sum_trees(const Forest& forest, const float* row) {
  float sum = forest.bias;
  for (uint32_t t = 0; t < forest.trees; ++t) {
    const auto* tree = forest.nodes + forest.roots[t];
    uint32_t at = 0;
    while (tree[at].feature != kLeaf) at = row[tree[at].feature] <= tree[at].value ? at + 1 : tree[at].other;
    sum += tree[at].value;
  }
  return sum;
}

Scorer::Scorer(const Forest& forest, uint32_t same_from, uint32_t same_end)
    : leaves_(size_t(forest.trees) * 32, 0.f), trees_(forest.trees), bias_(forest.bias) {
  struct Keyed {
    uint16_t feature;
    Split split;
  };
  std::vector<Keyed> all;
  for (uint32_t t = 0; t < trees_; ++t) {
    const auto* tree = forest.nodes + forest.roots[t];
    // Nodes stand in the order parent, left, right, so the leaves to the left of a split are those between it and `other`.
    std::vector<uint32_t> leaves_before{0};
    uint32_t leaves = 0, open = 1;
    size_t size = 0;
    for (; open; ++size) {
      if (tree[size].feature == kLeaf) {
        if (leaves < 32) leaves_[size_t(t) * 32 + leaves] = tree[size].value;
        ++leaves;
        --open;
      } else {
        ++open;
      }
      leaves_before.push_back(leaves);
    }
    for (size_t i = 0; i < size; ++i) {
      if (tree[i].feature == kLeaf) continue;
      const uint32_t from = leaves_before[i], to = leaves_before[tree[i].other];
      const uint32_t gone = static_cast<uint32_t>(((uint64_t(1) << to) - 1) & ~((uint64_t(1) << from) - 1));
      all.push_back({tree[i].feature, {tree[i].value, ~gone, t}});
    }
  }
  std::stable_sort(all.begin(), all.end(), [](const Keyed& a, const Keyed& b) {
    return a.feature != b.feature ? a.feature < b.feature : a.split.value < b.split.value;
  });
  for (uint32_t i = 0; i < all.size(); ++i) {
    auto& columns = all[i].feature >= same_from && all[i].feature < same_end ? same_ : columns_;
    if (columns.empty() || columns.back().feature != all[i].feature) columns.push_back({all[i].feature, i, i});
    columns.back().end = i + 1;
    splits_.push_back(all[i].split);
  }
}

void Scorer::sum(const float* rows, std::span<const uint32_t> which, size_t stride, float* out) const {
  const size_t count = which.size();
  std::vector<uint32_t> start(trees_, 0xffffffffu);
  for (const auto& column : same_)
    for (uint32_t s = column.first; count && s < column.end && rows[which[0] * stride + column.feature] > splits_[s].value; ++s) start[splits_[s].tree] &= splits_[s].keep;
  const View view{splits_.data(), columns_.data(), columns_.size(), leaves_.data(), start.data()};
  const auto isa = active_isa();
  const size_t lanes = isa == Isa::avx512 ? 32 : isa == Isa::avx2 ? 16 : 8;
  std::vector<float> values(lanes * columns_.size());
  std::vector<uint32_t> words(lanes * size_t(trees_));
  for (size_t begin = 0; begin < count; begin += lanes) {
    const size_t used = std::min(lanes, count - begin);
    for (size_t k = 0; k < lanes; ++k) {
      const float* row = rows + which[begin + std::min(k, used - 1)] * stride;
      for (size_t c = 0; c < columns_.size(); ++c) values[lanes * c + k] = row[columns_[c].feature];
    }
    float sums[32];
    for (float& s : sums) s = bias_;
    if (isa == Isa::avx512) {
      score_avx512(view, values.data(), trees_, words.data(), sums);
    } else if (isa == Isa::avx2) {
      score_avx2(view, values.data(), trees_, words.data(), sums);
    } else {
      score_scalar(view, values.data(), trees_, words.data(), sums);
    }
    for (size_t k = 0; k < used; ++k) out[which[begin + k]] = sums[k];
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
