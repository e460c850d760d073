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

// What FineWeb-2's filters ask of a text, for any language: datatrove's definitions (Gopher's and FineWeb's) on the words of UAX #29, since no
// tokenizer of ours knows the language. Words are all segments but white space, marks included. No conformance is claimed: FineWeb-2 counts
// with a tokenizer per language.
enum MultilingualStatistic : int {
  kMultilingualWords,
  kMultilingualRealWords,       // with a character that is no punctuation
  kMultilingualMeanWordLength,  // of real words
  kMultilingualHashes,          // "#" per word
  kMultilingualEllipses,        // "..." and "…" per word
  kMultilingualBullets,         // share of lines whose left-stripped text begins with • or -
  kMultilingualEllipsisLines,   // share of lines whose right-stripped text ends with ... or …
  kMultilingualAlphabetic,      // share of words with a letter
  kMultilingualStopWords,       // distinct ones of those given
  kMultilingualDupLines,        // lines split on \n+: share that occurred before
  kMultilingualTop2Gram,        // length × count of the most frequent n-gram, joined by spaces, per character; NaN under n words
  kMultilingualTop3Gram,
  kMultilingualTop4Gram,
  kMultilingualDup5Gram,  // characters of n-grams that occurred before, joined by nothing, none overlapping, per character
  kMultilingualDup6Gram,
  kMultilingualDup7Gram,
  kMultilingualDup8Gram,
  kMultilingualDup9Gram,
  kMultilingualDup10Gram,
  kMultilingualTerminalLines,       // share of lines, blank ones left out, that end in TERMINAL_PUNCTUATION
  kMultilingualDupLineCharacters,   // of such lines that occurred before, per character that is no "\n"
  kMultilingualNewlinesPerWord,
  kMultilingualStatisticCount,
};

extern const std::array<const char*, kMultilingualStatisticCount> kMultilingualNames;

// Memory that documents use one after the other; one per thread.
class Multilingual {
 public:
  // Scores of one text (UTF-8); NaN for a share of nothing. False if it was made to collide in hash tables; the scores are then wrong.
  bool measure(std::string_view text, std::span<const std::string> stop_words, std::span<double> out);

 private:
  Interner seen_;
  Repeats repeats_;
  std::vector<uint32_t> ids_, sums_;
};

}  // namespace millrace::text
