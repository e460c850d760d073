#pragma once
#include <array>
#include <cstdint>
#include <initializer_list>
#include <string_view>

namespace millrace::extract {

// Up to 64 words (lower-case ASCII, at least three bytes each) that are looked for in short texts, ASCII case aside, all at once: three
// tables say for each byte which words can have it at their first three places, so that a text without any costs one step a byte.
class WordFinder {
 public:
  constexpr WordFinder(std::initializer_list<std::string_view> words) {
    for (const auto word : words) {
      const uint64_t bit = uint64_t(1) << size_;
      words_[size_++] = word;
      for (size_t place = 0; place < 3; ++place) {
        const auto c = static_cast<unsigned char>(word[place]);
        at_[place][c] |= bit;
        if (c >= 'a' && c <= 'z') at_[place][c - 32] |= bit;
      }
    }
  }

  // Bit i is set where word i occurs.
  uint64_t find(std::string_view text) const {
    uint64_t found = 0;
    for (size_t i = 0; i + 3 <= text.size(); ++i) {
      uint64_t here = at_[0][byte(text[i])] & at_[1][byte(text[i + 1])] & at_[2][byte(text[i + 2])];
      for (; here; here &= here - 1) {
        const auto word = words_[static_cast<size_t>(__builtin_ctzll(here))];
        if (rest_is(text, i, word)) found |= here & -here;
      }
    }
    return found;
  }

  // The bits of the words from index `first` on, `count` of them.
  static constexpr uint64_t bits(size_t first, size_t count) { return ((uint64_t(1) << count) - 1) << first; }

 private:
  static unsigned char byte(char c) { return static_cast<unsigned char>(c); }
  static bool rest_is(std::string_view text, size_t at, std::string_view word) {
    if (at + word.size() > text.size()) return false;
    for (size_t i = 3; i < word.size(); ++i) {
      const char c = text[at + i];
      if ((c >= 'A' && c <= 'Z' ? c | 32 : c) != word[i]) return false;
    }
    return true;
  }

  std::array<std::array<uint64_t, 256>, 3> at_{};
  std::array<std::string_view, 64> words_{};
  size_t size_ = 0;
};

// Remembers what was found in the texts before: pages write the same class over and over. The texts must stay where they are.
class Memo {
 public:
  uint64_t find(const WordFinder& words, std::string_view text) {
    if (text.size() < 8) return words.find(text);
    uint64_t head, tail;
    __builtin_memcpy(&head, text.data(), 8);
    __builtin_memcpy(&tail, text.data() + text.size() - 8, 8);
    auto& entry = entries_[((head ^ tail * 31 ^ text.size()) * 0x9e3779b97f4a7c15ull) >> 57];
    if (entry.text != text) entry = {text, words.find(text)};
    return entry.found;
  }

 private:
  struct Entry {
    std::string_view text;
    uint64_t found = 0;
  };
  std::array<Entry, 128> entries_{};
};

}  // namespace millrace::extract
