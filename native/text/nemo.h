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
#include "native/text/sieve.h"

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
  // nemo.cc
  void find_words();
  void words(std::span<double> out);
  bool is_dots(size_t at) const;
  bool is_hashes(size_t from) const;
  bool is_space(size_t at) const { return blocks_[at / 64].space >> (at % 64) & 1; }
  bool starts_word(size_t at) const { return at == 0 || is_space(at - 1); }
  size_t word_end(size_t from) const;
  std::string_view word(uint32_t i) const { return text_.substr(bounds_[2 * i], bounds_[2 * i + 1] - bounds_[2 * i]); }
  size_t characters(std::string_view part) const;

  // nemo_lines.cc
  void lines(std::span<double> out);
  void paragraphs(std::span<double> out);
  void find_suspects(bool& lorem);
  bool has_policy(std::string_view paragraph);

  // nemo_grams.cc
  void grams(std::span<double> out);
  void find_candidates();
  void number_pairs();

  std::string_view text_;  // with bytes behind it that may be read
  std::string copy_;
  std::vector<NemoMasks> blocks_;
  std::vector<uint32_t> bounds_;  // first byte and end of each word
  NemoTotals totals_;
  size_t words_ = 0;
  uint32_t longest_ = 0;  // the first word of most bytes
  bool kelvin_ = false;  // the text has U+212A, whose lower case is k

  std::vector<uint32_t> breaks_;  // places of "\n", and the end
  std::vector<std::string_view> pieces_;
  std::vector<uint32_t> suspects_;
  std::string lower_;

  // Pairs of neighbouring words: numbers of those at candidates_; of each number its first place, and how often it occurs.
  struct Slot {
    uint32_t tag, number;  // number + 1; 0: free
  };
  std::vector<Slot> slots_;
  std::vector<uint64_t> hashes_;  // of each pair, or each line
  std::vector<uint32_t> candidates_, pair_of_, firsts_, counts_;
  size_t candidate_count_ = 0;
  std::vector<Gram> pairs_;
  std::string joined_;

  Sieve sieve_;
  Interner seen_;
  Repeats repeats_;
  bool exhausted_ = false;
};

}  // namespace millrace::text
