#pragma once
#include <array>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "native/text/grams.h"
#include "native/text/interner.h"

namespace millrace::text {

// What Dolma 1.2.1's tagger gopher_v1 scores (python/dolma/taggers/gopher.py). Words are those of str.split(), lines those of split("\n"),
// blank ones included; a duplicate is every copy of what occurs twice; shares of characters count those that are no white space.
enum DolmaStatistic : int {
  kDolmaWords,
  kDolmaMedianWordLength,
  kDolmaSymbolToWord,   // words with # or …, per word
  kDolmaAlphabetic,     // share of words with a letter
  kDolmaRequiredWords,  // how many words are one of eight, repeats counted
  kDolmaBullets,        // share of lines that begin with * or -
  kDolmaEllipsis,       // share of lines that end in …
  kDolmaDupLines,
  kDolmaDupLineCharacters,  // above 1 is possible: the line's white space counts, the document's does not
  kDolmaTop2Gram,           // count × length, also where the count is 1; NaN under n words
  kDolmaTop3Gram,
  kDolmaTop4Gram,
  kDolmaDup5Gram,  // characters in repeated n-grams per character in n-grams; NaN under n words
  kDolmaDup6Gram,
  kDolmaDup7Gram,
  kDolmaDup8Gram,
  kDolmaDup9Gram,
  kDolmaDup10Gram,
  kDolmaStatisticCount,
};

extern const std::array<const char*, kDolmaStatisticCount> kDolmaNames;

// Memory that documents use one after the other; one per thread.
class Dolma {
 public:
  // Scores of one text (UTF-8). False if it was made to collide in hash tables; the scores are then wrong.
  bool measure(std::string_view text, std::span<double> out);

 private:
  Interner seen_;
  Repeats repeats_;
  std::vector<uint32_t> ids_, lengths_, sums_, copies_, sizes_;
};

}  // namespace millrace::text
