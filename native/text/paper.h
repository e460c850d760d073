#pragma once
#include <array>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "native/text/grams.h"
#include "native/text/interner.h"

namespace millrace::text {

// What the papers state, read word by word and not through any program: Gopher (arXiv 2112.11446, A1.1 and table A1) and FineWeb
// (arXiv 2406.17557, 3.6). Where a paper leaves something open we say here what we take:
// - words are runs without white space; lines and paragraphs are pieces between one, or two or more, newlines, stripped, blank ones left out;
// - a line or paragraph is a duplicate if it stood before; an n-gram if it stands anywhere else, and then all its places count;
// - characters "within" n-grams are those of their words, each once, as a share of all characters in words; the most frequent n-gram is one
//   that repeats, and of several that one which covers most;
// - stop words are distinct and of any case; bullets are • ‣ ◦ * -; an ellipsis is "..." or "…".
enum PaperStatistic : int {
  kPaperCharacters,  // len(text)
  kPaperWords,
  kPaperMeanWordLength,
  kPaperHashes,      // "#" per word
  kPaperEllipses,    // per word
  kPaperBullets,     // share of lines
  kPaperEllipsisLines,
  kPaperAlphabetic,  // share of words with a letter
  kPaperStopWords,   // distinct
  kPaperDupLines,
  kPaperDupParagraphs,
  kPaperDupLineCharacters,  // per character in lines
  kPaperDupParagraphCharacters,
  kPaperTop2Gram,
  kPaperTop3Gram,
  kPaperTop4Gram,
  kPaperDup5Gram,
  kPaperDup6Gram,
  kPaperDup7Gram,
  kPaperDup8Gram,
  kPaperDup9Gram,
  kPaperDup10Gram,
  kPaperTerminalLines,  // share of lines that end in a mark of TERMINAL_PUNCTUATION (characters.h)
  kPaperShortLines,     // share of lines under 30 characters
  kPaperStatisticCount,
};

extern const std::array<const char*, kPaperStatisticCount> kPaperNames;

// Memory that documents use one after the other; one per thread.
class Paper {
 public:
  // Scores of one text (UTF-8); NaN for a share of nothing. False if it was made to collide in hash tables; the scores are then wrong.
  bool measure(std::string_view text, std::span<double> out);

 private:
  double covered(std::span<const Gram> grams, std::span<const uint32_t> counts, uint32_t size);

  Interner seen_;
  Repeats repeats_;
  std::vector<uint32_t> ids_, sums_, cover_, ends_;
};

}  // namespace millrace::text
