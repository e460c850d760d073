#pragma once
#include <cstdint>
#include <utility>
#include <vector>

#include "native/fasttext/dictionary.h"
#include "native/fasttext/matrix.h"

namespace millrace::fasttext {

enum class Loss : int32_t { hierarchical = 1, negative = 2, softmax = 3, one_vs_all = 4 };

// From the mean of a text's rows to its most probable labels, by the loss that the model was trained with.
class Scorer {
 public:
  // (logarithm of probability + 1e-5 as fastText ranks by, label), best first
  using Best = std::vector<std::pair<float, int32_t>>;
  struct Scratch {
    std::vector<float> output;
    std::vector<std::pair<float, int32_t>> open;  // (score, node)
  };

  void make(Loss loss, const Matrix& output, const Dictionary& dictionary);
  // The `k` best labels. Where two tie, the order is fastText's, which keeps the one that it meets last.
  void score(const float* hidden, size_t k, Scratch& scratch, Best& best) const;

 private:
  struct Node {
    int32_t left = -1, right = -1;
  };

  void walk(const float* hidden, size_t k, Scratch& scratch, Best& best) const;

  const Matrix* output_ = nullptr;
  Loss loss_ = Loss::softmax;
  std::vector<Node> tree_;  // leaves are the labels, in order; the root is the last
  std::vector<float> sigmoids_;
};

}  // namespace millrace::fasttext
