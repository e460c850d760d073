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
    level_of(2).reset(words.size());
    for (uint32_t i = 0; i + 1 < words.size(); ++i) level_of(2).add(i, words[i], words[i + 1]);
    go_on(2, words.size(), most, visit);
  }

  // The same where the 2-grams are known already; ids below counts.size().
  template <class Visit>
  void run(size_t words, std::span<const Gram> grams, std::span<const uint32_t> counts, int most, Visit&& visit) {
    exhausted_ = false;
    visit(2, grams, counts);
    if (most < 3 || words < 3) return;
    narrow(grams, counts, 3);
    go_on(3, words, most, visit);
  }

  // True if collisions used up the budget of a table: what was found is wrong.
  bool exhausted() const { return exhausted_; }

 private:
  // What n-grams of one length are; those of the next length are made from it in the other one.
  struct Level {
    PairInterner pairs;
    std::vector<Gram> grams;

    std::span<const uint32_t> counts() const { return {pairs.size() ? &pairs.counts()[0] : nullptr, pairs.size()}; }
    void reset(size_t most) {
      grams.clear();
      grams.reserve(most);
      pairs.reset(most);
    }
    void add(uint32_t at, uint32_t left, uint32_t right) {
      const size_t before = pairs.size();
      const uint32_t id = pairs.add(left, right);
      grams.push_back({at, id, id == before});
    }
  };

  template <class Visit>
  void go_on(int n, size_t words, int most, Visit&& visit) {
    for (;; ++n) {
      Level& level = level_of(n);
      exhausted_ |= level.pairs.exhausted();
      visit(n, std::span<const Gram>(level.grams), level.counts());
      if (n >= most || words < static_cast<size_t>(n) + 1) return;
      narrow(level.grams, level.counts(), n + 1);
    }
  }

  Level& level_of(int n) { return levels_[n % 2]; }

  // From the n-grams to the (n+1)-grams, n + 1 = to: two neighbours that both repeat.
  void narrow(std::span<const Gram> grams, std::span<const uint32_t> counts, int to) {
    Level& next = level_of(to);
    next.reset(grams.size());
    const Gram* last = nullptr;
    for (const Gram& gram : grams) {
      if (counts[gram.id] < 2) continue;
      if (last && last->at + 1 == gram.at) next.add(last->at, last->id, gram.id);
      last = &gram;
    }
  }

  Level levels_[2];  // of even n, of odd n
  bool exhausted_ = false;
};

// The most frequent of them, the first seen of several: its place and count; {0, 1} where none repeats.
struct TopGram {
  uint32_t at = 0, count = 1;
};
inline TopGram top_gram(std::span<const Gram> grams, std::span<const uint32_t> counts) {
  TopGram top;
  for (const Gram& gram : grams)
    if (counts[gram.id] > top.count) top = {gram.at, counts[gram.id]};  // its first place, as that comes before the others
  return top;
}

}  // namespace millrace::text
