#pragma once
#include <array>
#include <cstdint>
#include <string>

#include "native/base/error.h"
#include "native/ngram/files.h"
#include "native/ngram/model.h"
#include "native/ngram/train.h"

namespace millrace::ngram {

// How many n-grams of an order have an adjusted count of 1, 2, 3 and 4, pruned ones among them.
struct CountsOfCounts {
  std::array<uint64_t, 5> n{};
  uint64_t kept = 0, pruned = 0;
};

// D1, D2 and D3+ of an order (Chen and Goodman, equation 26). False where the counts give none, or one out of range.
bool discounts_of(const CountsOfCounts& counts, std::array<double, 3>& discounts);

// The second step of the streaming estimate: reads n-grams of the highest order in suffix order, padded with <s> in front, with their counts,
// and writes those of every order, in suffix order too, with adjusted counts: how many words stand before an n-gram, or, at the highest
// order and behind <s>, how often it occurs. One n-gram per order is in memory.
class Adjuster {
 public:
  // Records of order k go to path_of(k): k words, the count, 1 if it is kept or 0 if it is pruned.
  Error open(int order, const std::array<uint64_t, kMaxOrder>& prune, const std::array<std::string, kMaxOrder>& paths, size_t buffer);
  Error add(const uint32_t* words, uint64_t count);
  Error finish();
  const CountsOfCounts& counts(int order) const { return counts_[order - 1]; }

 private:
  struct Current {
    uint64_t adjusted, actual;
  };
  Error emit(int order, const uint32_t* words, uint64_t adjusted, uint64_t actual);

  int order_ = 0;
  std::array<uint64_t, kMaxOrder> prune_{};
  std::array<FileWriter, kMaxOrder> files_;
  std::array<CountsOfCounts, kMaxOrder> counts_;
  std::array<uint32_t, kMaxOrder> last_{};  // the words of the longest valid n-gram, at the end
  std::array<Current, kMaxOrder> current_{};
  int valid_ = 0;  // orders 1 … valid_ have an n-gram that is not emitted yet, each a suffix of the next
};

}  // namespace millrace::ngram
