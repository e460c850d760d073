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

  // Words joined by nothing, 48 zeros or more behind them; starts[words + 1]: where each begins.
  struct Joined {
    const char* text = nullptr;
    const uint32_t* starts = nullptr;
    size_t words = 0;
    bool ascii = true;
  };
  // Valid until the next call.
  Joined join(const Scan& scan, const Tokens& tokens);

  // Looks for where n-grams of 5 … 10 words can repeat, for the two below, which ask `joined` again.
  void find_candidates(const Joined& joined);

  // The characters in n-grams of n = 5 … 10 words, joined by nothing, that occurred before: on one the search goes on behind it, else at the
  // next word. Equal are n-grams that are equal when joined, wherever their words end. False if collisions used up the budget.
  bool repeated(size_t n, double& out);

  // No less than that, from the candidates alone; of all n at the first call.
  double repeated_bound(size_t n);

 private:
  // A word at which an n-gram may begin that repeats or is repeated.
  struct Candidate {
    uint32_t word;
    uint8_t twice;         // bytes from there on that may occur twice: one of kPrefixes; 0 where no prefix was
    uint8_t before;        // bytes from there on that may have occurred before
    uint8_t short_twice;   // bit n - 5: an n-gram below the shortest prefix may occur twice
    uint8_t short_before;  // and may have occurred before
  };
  void find_short(size_t n);

  Interner seen_;
  PairInterner pairs_;
  Joined all_;
  std::string joined_;
  std::vector<uint32_t> starts_;
  std::vector<uint32_t> grams_, places_, hashes_, others_;
  std::vector<Candidate> candidates_;
  size_t candidate_count_ = 0, again_ = 0;  // how many candidates_; others_ ends as those that may be a repetition
  bool bounds_known_ = false;
  double bounds_[6];  // of n = 5 … 10
  std::vector<uint64_t> bits_;
};

}  // namespace millrace::text
