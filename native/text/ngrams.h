#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "native/text/interner.h"
#include "native/text/tokens.h"

namespace millrace::text {

// Repetition of word n-grams as datatrove measures it (gopher_repetition_filter.py, after Rae et al. 2021, table A1). All comparisons are exact.
class NGrams {
 public:
  // For n = 2, 3, 4 the length of the most frequent n-gram, its words joined by a space, times how often it occurs, in characters; -1 where
  // there are fewer than n words. Of several the first one. False if collisions used up the budget.
  bool top(const Tokens& tokens, double (&out)[3]);

  // For n = 5 … 10 the characters in n-grams, words joined by nothing, that occurred before: on one the search goes on behind it, else at the
  // next word. Equal are n-grams that are equal when joined, wherever their words end. False if collisions used up the budget.
  bool repeated(const Scan& scan, const Tokens& tokens, double (&out)[6]);

 private:
  void find_candidates(const Scan& scan, const Tokens& tokens);

  Interner seen_;
  PairInterner pairs_;
  std::string joined_;
  std::vector<uint32_t> bytes_;       // [words + 1] where each word begins in joined_
  std::vector<uint32_t> grams_, places_, candidates_;
  std::vector<uint8_t> prefix_counts_;
  std::vector<uint32_t> prefixes_;
};

}  // namespace millrace::text
