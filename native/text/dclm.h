#pragma once
#include <array>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "native/text/grams.h"
#include "native/text/interner.h"

namespace millrace::text {

// What the filters of DCLM-baseline measure (mlfoundations/dclm, baselines/mappers/filters/content_filters.py, as
// baselines_configs/dclm_baseline_refinedweb.yaml asks them). Three kinds of words: fastText's (split at ASCII white space and NUL) whose
// first character is alphanumeric, for the length; str.split()'s; and for n-grams those of UAX #29 that begin with a letter or digit.
// Lines and paragraphs are pieces between one or two "\n", stripped, blank ones removed. A duplicate is every copy.
enum DclmStatistic : int {
  kDclmWords,           // fastText's
  kDclmMeanWordLength,  // of str.split()'s, as in the three below
  kDclmSymbolRatio,     // "#", "...", ". . ." and "…" per word
  kDclmNonAlphabetic,   // share of words without a letter
  kDclmStopWords,       // how many words, lower-cased, are one of eight
  kDclmBullets,         // share of lines that begin with ● • * -
  kDclmEllipsis,        // share of lines that end in ... or . . . or …
  kDclmDupLines,
  kDclmDupParagraphs,
  kDclmDupLineCharacters,
  kDclmDupParagraphCharacters,
  kDclmTop2Gram,  // count × characters of the most frequent n-gram, the longest of several, per character in words; 0 if none repeats
  kDclmTop3Gram,
  kDclmTop4Gram,
  kDclmDup5Gram,  // characters of words in repeated n-grams, each once, per character in words
  kDclmDup6Gram,
  kDclmDup7Gram,
  kDclmDup8Gram,
  kDclmDup9Gram,
  kDclmDup10Gram,
  kDclmStatisticCount,
};

extern const std::array<const char*, kDclmStatisticCount> kDclmNames;

// fastText's words whose first character is alphanumeric: what DCLM counts before and after its edits.
size_t count_fasttext_words(std::string_view text);

// Memory that documents use one after the other; one per thread.
class Dclm {
 public:
  // Scores of one text (UTF-8); NaN for a share of nothing. False if it was made to collide in hash tables; the scores are then wrong.
  bool measure(std::string_view text, std::span<double> out);

 private:
  void pieces(std::string_view text, size_t breaks, double& share, double& character_share);

  Interner seen_;
  Repeats repeats_;
  std::vector<uint32_t> ids_, sums_, copies_, sizes_;
  size_t lines_ = 0, bullets_ = 0, ellipses_ = 0;
  bool exhausted_ = false;
};

}  // namespace millrace::text
