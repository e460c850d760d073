#pragma once
#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "native/text/scan.h"
#include "native/text/vocabulary.h"

namespace millrace::text {

// The words of one text as far as a verdict needs them: where they are and what they are, but not which of them are the same. So the nine in
// ten chunks that are letters or digits with a mark around them are never looked up (Scan::simple); the others are, in the vocabulary. The
// words are those of Tokens, which numbers them: what needs numbers reads that instead.
class Outline {
 public:
  // The text must have been read with what is simple; it and `scan` must stay as long as this is asked. False if there are more than kMaxWords
  // words. Begins a document of `vocabulary`.
  bool read(const Scan& scan, Vocabulary& vocabulary);

  size_t size() const { return size_; }
  uint32_t first(size_t chunk) const { return first_[chunk]; }  // place of a chunk's first word; first(chunks) is size()

  const char* joined() const { return joined_.data(); }            // words joined by nothing, and 64 bytes behind them
  const uint32_t* starts() const { return starts_.data(); }        // [size + 1] where each begins in it

  uint64_t real() const { return real_; }                          // words with a character that is no punctuation
  uint64_t real_characters() const { return real_characters_; }
  uint64_t alphabetic() const { return alphabetic_; }              // words with a letter
  // Gopher's stop words, different ones: as many as there are, or `enough` if there are more.
  uint64_t stop_words(uint64_t enough) const;

  // Sentences in a run of chunks; at most `enough`.
  uint64_t sentences(size_t from, size_t to, uint64_t enough) const;

  // No less than the length of the most frequent n-gram of n = 2, 3, 4 words, joined by a space, times how often it occurs, in characters: from
  // words alone, and closer, from pairs of them.
  void top_bounds(double (&out)[3]) const;
  void top_bounds_of_pairs(double (&out)[3]);

 private:
  static constexpr size_t kBuckets = 1 << 12;

  void reserve(size_t words, size_t bytes);
  bool add(const Scan& scan, Vocabulary& vocabulary, size_t chunk, const Vocabulary::Key& key, uint32_t& at);
  void count(std::string_view word, uint64_t characters);

  const Scan* scan_ = nullptr;
  bool blanks_ = false;  // white space can be a token
  size_t size_ = 0;
  uint64_t real_ = 0, real_characters_ = 0, alphabetic_ = 0;
  std::vector<uint32_t> first_, starts_;
  std::vector<uint8_t> flags_;  // [size] kFollows and kEnds
  std::vector<char> joined_;
  // How many words fall into a bucket, by some of their characters, and the most that came up: no less than of any word in it. Words of one
  // mark are counted by themselves.
  std::vector<uint32_t> buckets_, pairs_;
  std::array<uint32_t, 256> marks_{};
  uint64_t most_times_ = 0, most_characters_ = 0;
};

}  // namespace millrace::text
