#pragma once
#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "native/text/grams.h"
#include "native/text/interner.h"
#include "native/text/nemo_masks.h"

namespace millrace::text {

// What NeMo Curator 1.4.0's English heuristics score (stages/text/filters/heuristic, config/text/heuristic_filter_english_pipeline.yaml), in
// the order of that file and under its names. Words are those of str.split(), "sentences" lines that are not blank, paragraphs text between
// two newlines. One difference, since the package's own answer there changes with every process: of several n-grams that are most
// frequent, it takes the one that a Python set of strings gives first; we take the one that stands first in the text.
enum NemoStatistic : int {
  kNemoAlphaNumeric,      // share of characters outside [a-zA-Z0-9\n?!,.]
  kNemoSymbolToWord,      // words that are an ellipsis or mostly hashes, per word
  kNemoNumbers,           // share of the digits 0-9
  kNemoUrls,              // share of characters in http(s) URLs
  kNemoWhiteSpace,        // share of \t \n \r \b and space
  kNemoParentheses,       // share of {}⟨⟩[]()
  kNemoBoilerplate,       // share of paragraphs with a policy phrase; 1 with "lorem ipsum"
  kNemoRepeatedLines,     // distinct lines per line
  kNemoRepeatedParagraphs,
  kNemoRepeatedLineCharacters,
  kNemoRepeatedParagraphCharacters,
  kNemoWords,
  kNemoPunctuation,       // share of lines without an end mark
  kNemoAlphabets,         // share of words with [[:alpha:]]
  kNemoCommonWords,       // at most 2: it stops counting there
  kNemoMeanWordLength,
  kNemoLongestWord,
  kNemoEllipsis,          // share of lines that end in an ellipsis or "read more"
  kNemoTop2Gram,          // share of characters that go with each place of the most frequent n-gram; 1 under n words
  kNemoTop3Gram,
  kNemoTop4Gram,
  kNemoDup5Gram,          // share of characters in n-grams that occurred before; 1 under n words
  kNemoDup6Gram,
  kNemoDup7Gram,
  kNemoDup8Gram,
  kNemoDup9Gram,
  kNemoDup10Gram,
  kNemoBullets,           // share of lines that begin with a bullet
  kNemoStatisticCount,
};

extern const std::array<const char*, kNemoStatisticCount> kNemoNames;

// Memory that documents use one after the other; one per thread.
class Nemo {
 public:
  // Scores of one text (UTF-8). NaN where the package divides by zero: from kNemoSymbolToWord on, in a text without words, but where a share
  // of characters is asked. False if the text was made to collide in hash tables; the scores are then wrong.
  bool measure(std::string_view text, std::span<double> out);

 private:
  void find_words();
  void words(std::span<double> out);
  void lines(std::span<double> out);
  void paragraphs(size_t lines, size_t distinct_lines, std::span<double> out);
  bool suspicious() const;
  void number_pairs();
  template <class Slot>
  size_t fill(std::vector<Slot>& slots);
  void grams(std::span<double> out);
  bool same_pair(uint32_t a, uint32_t b) const;
  std::string_view word(uint32_t i) const { return text_.substr(bounds_[2 * i], bounds_[2 * i + 1] - bounds_[2 * i]); }
  size_t characters(std::string_view part) const;

  std::string_view text_;  // with bytes behind it that may be read
  std::string copy_, lower_, joined_;
  std::vector<NemoMasks> blocks_;
  std::vector<uint32_t> bounds_;  // first byte and end of each word
  std::vector<uint32_t> breaks_;  // places of "\n"
  std::vector<uint32_t> sums_;    // [words + 1] code points of the words before each
  NemoTotals totals_;
  size_t words_ = 0;
  bool kelvin_ = false;              // the text has U+212A, whose lower case is k

  // Pairs of neighbouring words, open addressing; a hit is compared word by word.
  std::vector<uint32_t> small_slots_;  // below 65,535 words
  std::vector<uint64_t> slots_, hashes_;  // hashes_: of each pair
  std::vector<uint32_t> pair_of_, firsts_, counts_;  // [words] number; [pairs] first place, how often
  std::vector<uint64_t> live_;                       // bit per place: the pair there occurs again
  std::vector<Gram> pairs_;

  Interner seen_;
  Repeats repeats_;
  bool exhausted_ = false;
};

}  // namespace millrace::text
