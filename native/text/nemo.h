#pragma once
#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "native/text/grams.h"
#include "native/text/interner.h"

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
  struct Characters;

  void characters(std::string_view text, Characters& counts);
  void words(std::string_view text, Characters& counts, std::span<double> out);
  void lines(std::string_view text, std::span<double> out);
  void paragraphs(std::string_view text, std::span<double> out);
  void grams(std::string_view text, double characters, std::span<double> out);

  Interner seen_;
  Repeats repeats_;
  std::vector<uint32_t> ids_, begins_, sums_;  // of words: number, first byte, code points before it; sums_ has one more
  std::vector<std::string_view> words_;
  std::string lower_, joined_;
  bool exhausted_ = false;
};

}  // namespace millrace::text
