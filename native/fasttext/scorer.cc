// The losses of facebookresearch/fastText (src/loss.cc), for prediction only. Numbers pass through float where they do there: ranks and
// pruning depend on it.
#include "native/fasttext/scorer.h"

#include <algorithm>

#include "native/fasttext/real.h"

namespace millrace::fasttext {
namespace {

using Pair = std::pair<float, int32_t>;

constexpr int kSigmoidPlaces = 512, kMostSigmoid = 8;
constexpr int64_t kNoCount = 1'000'000'000'000'000;

float log_of(float probability) { return static_cast<float>(log_exact(static_cast<double>(probability) + 1e-5)); }
bool better(const Pair& a, const Pair& b) { return a.first > b.first; }

void keep(const Pair& pair, size_t k, Scorer::Best& best) {
  best.push_back(pair);
  std::push_heap(best.begin(), best.end(), better);
  if (best.size() <= k) return;
  std::pop_heap(best.begin(), best.end(), better);
  best.pop_back();
}

void softmax(std::vector<float>& output) {
  const float most = *std::max_element(output.begin(), output.end());
  float sum = 0;
  for (float& value : output) {
    value = static_cast<float>(exp_exact(value - most));
    sum += value;
  }
  for (float& value : output) value /= sum;
}

}  // namespace

void Scorer::make(Loss loss, const Matrix& output, const Dictionary& dictionary) {
  output_ = &output;
  loss_ = loss;
  for (int i = 0; i <= kSigmoidPlaces; ++i) {
    const float x = static_cast<float>(i * 2 * kMostSigmoid) / kSigmoidPlaces - kMostSigmoid;
    sigmoids_.push_back(static_cast<float>(1.0 / (1.0 + static_cast<float>(exp_exact(-x)))));
  }
  if (loss != Loss::hierarchical) return;
  // Huffman's tree over the labels, which are sorted by falling count: two queues, the leaves from the end and the nodes in order.
  const auto labels = static_cast<int32_t>(dictionary.labels());
  tree_.resize(2 * static_cast<size_t>(labels) - 1);
  std::vector<int64_t> counts(tree_.size(), kNoCount);
  for (int32_t i = 0; i < labels; ++i) counts[i] = dictionary.label_count(i);
  int32_t leaf = labels - 1, node = labels;
  for (size_t i = labels; i < tree_.size(); ++i) {
    const auto least = [&] { return leaf >= 0 && counts[leaf] < counts[node] ? leaf-- : node++; };
    tree_[i].left = least();
    tree_[i].right = least();
    counts[i] = counts[tree_[i].left] + counts[tree_[i].right];
  }
}

void Scorer::score(const float* hidden, size_t k, Scratch& scratch, Best& best) const {
  best.clear();
  if (loss_ == Loss::hierarchical) {
    walk(hidden, k, scratch, best);
  } else {
    auto& output = scratch.output;
    output.resize(output_->rows());
    for (size_t i = 0; i < output.size(); ++i) output[i] = output_->dot(hidden, i);
    if (loss_ == Loss::softmax) {
      softmax(output);
    } else {
      for (float& x : output) {
        const bool inside = x >= -kMostSigmoid && x <= kMostSigmoid;
        const auto place = inside ? static_cast<size_t>((x + kMostSigmoid) * kSigmoidPlaces / kMostSigmoid / 2) : 0;
        x = inside ? sigmoids_[place] : x > 0 ? 1.0f : 0.0f;
      }
    }
    for (size_t i = 0; i < output.size(); ++i) {
      if (!(output[i] >= 0)) continue;
      const float logarithm = log_of(output[i]);
      if (best.size() == k && logarithm < best.front().first) continue;
      keep({logarithm, static_cast<int32_t>(i)}, k, best);
    }
  }
  std::sort_heap(best.begin(), best.end(), better);
}

// Depth first, left before right, leaving out what cannot be among the best: fastText's recursion with a stack of its own.
void Scorer::walk(const float* hidden, size_t k, Scratch& scratch, Best& best) const {
  const float least = log_of(0);
  const auto labels = static_cast<int32_t>(output_->rows());
  auto& open = scratch.open;
  open.assign(1, {0.0f, static_cast<int32_t>(tree_.size()) - 1});
  while (!open.empty()) {
    const auto [score, node] = open.back();
    open.pop_back();
    if (score < least || (best.size() == k && score < best.front().first)) continue;
    const Node& at = tree_[node];
    if (at.left < 0) {
      keep({score, node}, k, best);
      continue;
    }
    const float product = output_->dot(hidden, static_cast<uint64_t>(node - labels));
    const auto right = static_cast<float>(1.0 / (1.0f + static_cast<float>(exp_exact(-product))));
    open.push_back({score + log_of(right), at.right});
    open.push_back({score + log_of(static_cast<float>(1.0 - right)), at.left});
  }
}

}  // namespace millrace::fasttext
