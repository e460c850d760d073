#pragma once
#include <cstdint>
#include <span>
#include <vector>

#include "native/text/interner.h"

namespace millrace::text {

// An n-gram that may occur more than once.
struct Gram {
  uint32_t at;  // its first word
  uint32_t id;  // the same number for the same n-gram, rising in the order of first sight
  bool first;   // nothing before it is the same
};

// Finds the repeated n-grams of a document for n = 2, 3, … 10. An n-gram can repeat only where both (n-1)-grams in it do, so each step looks
// at what the last one left: in text that does not repeat itself, everything ends within two or three steps.
class Repeats {
 public:
  // words: numbers of the words, in order. Calls visit(n, grams, counts) for n = 2 … most, while there are n words: `grams` are those that may
  // repeat, ascending by place, counts[gram.id] how often each occurs. Every n-gram that is not in `grams` occurs once.
  template <class Visit>
  void run(std::span<const uint32_t> words, int most, Visit&& visit) {
    exhausted_ = false;
    if (words.size() < 2) return;
    next_.clear();
    pairs_.reset(words.size());
    for (uint32_t i = 0; i + 1 < words.size(); ++i) add(i, words[i], words[i + 1]);
    for (int n = 2;; ++n) {
      exhausted_ |= pairs_.exhausted();
      const std::span<const uint32_t> counts(pairs_.size() ? &pairs_.counts()[0] : nullptr, pairs_.size());
      visit(n, std::span<const Gram>(next_), counts);
      if (n == most || words.size() < static_cast<size_t>(n) + 1) return;
      live_.clear();
      for (const Gram& gram : next_)
        if (counts[gram.id] > 1) live_.push_back(gram);
      next_.clear();
      pairs_.reset(live_.size());
      for (size_t k = 0; k + 1 < live_.size(); ++k)
        if (live_[k + 1].at == live_[k].at + 1) add(live_[k].at, live_[k].id, words[live_[k].at + static_cast<uint32_t>(n)]);
    }
  }
  // True if collisions used up the budget of a table: what was found is wrong.
  bool exhausted() const { return exhausted_; }

 private:
  void add(uint32_t at, uint32_t left, uint32_t right) {
    const size_t before = pairs_.size();
    const uint32_t id = pairs_.add(left, right);
    next_.push_back({at, id, id == before});
  }

  PairInterner pairs_;
  std::vector<Gram> next_, live_;
  bool exhausted_ = false;
};

// The most frequent of them, the first seen of several: its place and count; {0, 1} where none repeats.
struct TopGram {
  uint32_t at = 0, count = 1;
};
inline TopGram top_gram(std::span<const Gram> grams, std::span<const uint32_t> counts) {
  TopGram top;
  for (const Gram& gram : grams)
    if (gram.first && counts[gram.id] > top.count) top = {gram.at, counts[gram.id]};
  return top;
}

}  // namespace millrace::text
