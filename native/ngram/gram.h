#pragma once
#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

namespace millrace::ngram {

// An n-gram on its way through training; what `a` and `b` hold is said by each step. Packed: billions of them lie on disk.
#pragma pack(push, 4)
template <size_t K>
struct Gram {
  std::array<uint32_t, K> words;
  uint64_t a, b;
};
#pragma pack(pop)

template <size_t A, size_t B>
int compare_words(const std::array<uint32_t, A>& x, size_t x_end, const std::array<uint32_t, B>& y, size_t y_end, size_t count) {
  for (size_t i = 1; i <= count; ++i)
    if (x[x_end - i] != y[y_end - i]) return x[x_end - i] < y[y_end - i] ? -1 : 1;
  return 0;
}

// By the last word, then the one before it, and so on: an n-gram follows its suffix.
struct SuffixOrder {
  template <size_t K>
  bool operator()(const Gram<K>& x, const Gram<K>& y) const {
    return compare_words(x.words, K, y.words, K, K) < 0;
  }
};

// N-grams of one context stand together; contexts are in suffix order.
struct ContextOrder {
  template <size_t K>
  bool operator()(const Gram<K>& x, const Gram<K>& y) const {
    const int contexts = compare_words(x.words, K - 1, y.words, K - 1, K - 1);
    return contexts != 0 ? contexts < 0 : x.words[K - 1] < y.words[K - 1];
  }
};

}  // namespace millrace::ngram
