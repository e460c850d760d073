#include "native/tokenizer/bpe_long.h"

#include <algorithm>
#include <bit>
#include <functional>
#include <utility>

namespace millrace::tokenizer {
namespace {

constexpr uint32_t kNone = ~0u;
// How many places of a rank are asked for before they are needed.
constexpr uint32_t kAhead = 12;

template <class T>
void reserve(std::vector<T>& items, size_t n) {
  if (items.capacity() >= n) return;
  items.clear();
  items.reserve(n);
  prefer_large_pages(items.data(), n * sizeof(T));
}

class Merger {
 public:
  Merger(const Merges& merges, std::string_view piece, Scratch& scratch)
      : merges_(merges), s_(scratch), n_(static_cast<uint32_t>(piece.size())) {
    const size_t ranks = merges.ids.size();
    if (s_.last.size() != ranks) {
      s_.last.assign(ranks, kNone);
      s_.ends.assign(ranks, 0);
      s_.some.assign(ranks / 64 + 1, 0);
      s_.words.assign(s_.some.size() / 64 + 1, 0);
    }
    reserve(s_.symbols, n_);
    s_.symbols.resize(n_);
    s_.pairs.clear();
    reserve(s_.pairs, n_ + n_ / 2);  // what is not used is not touched
    for (uint32_t i = 0; i < n_; ++i) s_.symbols[i] = {merges.bytes[static_cast<uint8_t>(piece[i])], i - 1, i + 1};
    sort(piece);
  }

  void run() {
    while ((rank_ = lowest()) != kNone) {
      clear(rank_);
      const uint32_t begin = taken_, end = std::max(begin, s_.ends[rank_]);
      s_.ends[rank_] = 0;
      taken_ = end;
      if (merges_.lowers[rank_]) {
        one_by_one(begin, end);
        continue;
      }
      for (uint32_t i = begin; i < end; ++i) {
        if (i + kAhead < end) fetch(s_.first[i + kAhead]);
        merge_at(s_.first[i]);
      }
      uint32_t ring[kAhead], count = 0;
      drain([&](uint32_t at) {
        fetch(at);
        uint32_t& slot = ring[count % kAhead];
        if (count >= kAhead) merge_at(slot);
        slot = at;
        ++count;
      });
      for (uint32_t i = count < kAhead ? 0 : count - kAhead; i < count; ++i) merge_at(ring[i % kAhead]);
    }
  }

  void ids(std::vector<uint32_t>& out) const {
    for (uint32_t i = 0; i < n_; i = s_.symbols[i].next) out.push_back(s_.symbols[i].id);
  }

 private:
  void set(uint32_t rank) {
    s_.some[rank >> 6] |= uint64_t{1} << (rank & 63);
    s_.words[rank >> 12] |= uint64_t{1} << (rank >> 6 & 63);
  }
  void clear(uint32_t rank) {
    if ((s_.some[rank >> 6] &= ~(uint64_t{1} << (rank & 63))) == 0) s_.words[rank >> 12] &= ~(uint64_t{1} << (rank >> 6 & 63));
  }
  uint32_t lowest() const {
    for (size_t w = 0; w < s_.words.size(); ++w)
      if (s_.words[w]) {
        const size_t word = w << 6 | static_cast<size_t>(std::countr_zero(s_.words[w]));
        return static_cast<uint32_t>(word << 6 | static_cast<size_t>(std::countr_zero(s_.some[word])));
      }
    return kNone;
  }

  // Pairs of bytes by rank, and by place within one.
  void sort(std::string_view piece) {
    uint32_t total = 0;
    for (uint32_t i = 0; i + 1 < n_; ++i)
      if (const uint32_t rank = merges_.ranks.of_bytes(piece[i], piece[i + 1]); rank != kNone) {
        if (s_.ends[rank]++ == 0) set(rank);
        ++total;
      }
    reserve(s_.first, total);
    s_.first.resize(total);
    uint32_t sum = 0;
    for (size_t w = 0; w < s_.words.size(); ++w)
      for (uint64_t words = s_.words[w]; words; words &= words - 1) {
        const size_t word = w << 6 | static_cast<size_t>(std::countr_zero(words));
        for (uint64_t some = s_.some[word]; some; some &= some - 1) {
          uint32_t& end = s_.ends[word << 6 | static_cast<size_t>(std::countr_zero(some))];
          sum += std::exchange(end, sum);
        }
      }
    for (uint32_t i = 0; i + 1 < n_; ++i)
      if (const uint32_t rank = merges_.ranks.of_bytes(piece[i], piece[i + 1]); rank != kNone) s_.first[s_.ends[rank]++] = i;
  }

  void fetch(uint32_t at) const { __builtin_prefetch(&s_.symbols[at]); }

  // Gives every place of rank_'s list to `take`, which may make lists of other ranks. The list is empty then.
  template <class Take>
  void drain(Take take) {
    const uint32_t end = s_.last[rank_];
    if (end == kNone) return;
    s_.last[rank_] = kNone;
    for (uint32_t node = s_.pairs[end].link, next;; node = next) {
      next = s_.pairs[node].link;
      __builtin_prefetch(&s_.pairs[next]);
      const uint32_t at = s_.pairs[node].at;
      s_.pairs[node].link = free_;
      free_ = node;
      take(at);
      if (node == end) return;
    }
  }

  uint32_t rank_of(uint32_t left, uint32_t right) {
    if (left != left_ || right != right_) {
      left_ = left;
      right_ = right;
      known_ = merges_.ranks.find(left, right);
    }
    return known_;
  }

  // The pair at `at` is new: it waits for its rank.
  void wait(uint32_t at) {
    const Scratch::Symbol& symbol = s_.symbols[at];
    if (symbol.next >= n_) return;
    const uint32_t rank = rank_of(symbol.id, s_.symbols[symbol.next].id);
    if (rank == kNone) return;
    if (rank <= rank_) {
      s_.urgent.push_back(static_cast<uint64_t>(rank) << 32 | at);
      std::push_heap(s_.urgent.begin(), s_.urgent.end(), std::greater<>());
      return;
    }
    uint32_t node = free_;
    if (node != kNone) {
      free_ = s_.pairs[node].link;
      s_.pairs[node].at = at;
    } else {
      node = static_cast<uint32_t>(s_.pairs.size());
      s_.pairs.push_back({at, kNone});
    }
    uint32_t& last = s_.last[rank];
    if (last == kNone) {
      set(rank);
      s_.pairs[node].link = node;
    } else {
      s_.pairs[node].link = std::exchange(s_.pairs[last].link, node);
    }
    last = node;
  }

  bool is_pair(uint32_t at, uint32_t rank) const {
    const Scratch::Symbol& symbol = s_.symbols[at];
    return symbol.id == merges_.ranks.left(rank) && symbol.next < n_ && s_.symbols[symbol.next].id == merges_.ranks.right(rank);
  }

  void join(uint32_t at, uint32_t id) {
    Scratch::Symbol& symbol = s_.symbols[at];
    Scratch::Symbol& right = s_.symbols[symbol.next];
    symbol.id = id;
    symbol.next = right.next;
    right.id = kNone;
    if (symbol.next < n_) s_.symbols[symbol.next].previous = at;
  }

  // The pair of rank_ at `at`, if it is still there; of a symbol's run, all of it.
  void merge_at(uint32_t at) {
    if (!is_pair(at, rank_)) return;
    const uint32_t id = merges_.ids[rank_], part = merges_.ranks.left(rank_);
    const bool runs = part == merges_.ranks.right(rank_);
    if (runs)
      while (at > 0 && s_.symbols[s_.symbols[at].previous].id == part) at = s_.symbols[at].previous;
    const uint32_t first = at;
    join(at, id);
    while (runs && s_.symbols[at].next < n_ && is_pair(s_.symbols[at].next, rank_)) {
      at = s_.symbols[at].next;
      join(at, id);
    }
    if (first > 0) wait(s_.symbols[first].previous);
    for (uint32_t i = first; i != at; i = s_.symbols[i].next) wait(i);
    wait(at);
  }

  // All pairs of rank_ where merges may bring lower ranks about: the lowest first, among equals the leftmost.
  void one_by_one(uint32_t begin, uint32_t end) {
    const auto add = [&](uint32_t at) { s_.urgent.push_back(static_cast<uint64_t>(rank_) << 32 | at); };
    for (uint32_t i = begin; i < end; ++i) add(s_.first[i]);
    drain(add);
    std::make_heap(s_.urgent.begin(), s_.urgent.end(), std::greater<>());
    while (!s_.urgent.empty()) {
      const auto at = static_cast<uint32_t>(s_.urgent.front()), rank = static_cast<uint32_t>(s_.urgent.front() >> 32);
      std::pop_heap(s_.urgent.begin(), s_.urgent.end(), std::greater<>());
      s_.urgent.pop_back();
      if (!is_pair(at, rank)) continue;
      join(at, merges_.ids[rank]);
      if (at > 0) wait(s_.symbols[at].previous);
      wait(at);
    }
  }

  const Merges& merges_;
  Scratch& s_;
  const uint32_t n_;
  uint32_t rank_ = 0;
  uint32_t taken_ = 0;  // of `first`
  uint32_t free_ = kNone;
  uint32_t left_ = kNone, right_ = kNone, known_ = kNone;
};

}  // namespace

void merge_long(const Merges& merges, std::string_view piece, Scratch& scratch, std::vector<uint32_t>& out) {
  Merger merger(merges, piece, scratch);
  merger.run();
  merger.ids(out);
}

}  // namespace millrace::tokenizer
