#pragma once
#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "native/text/interner.h"

namespace millrace::text {

// Every number that a rule or a score may ask of one version of a text. Lengths are code points, lines are those of str.splitlines() unless
// said otherwise, a share is a fraction of 1. What has no value (a mean over nothing) is NaN, and no rule fails on NaN.
enum Statistic : int {
  kCharacters,           // len(text)
  kWords,                // tokens, punctuation marks included
  kRealWords,            // tokens with a character that is no punctuation: Gopher's S
  kMeanWordLength,       // over real words
  kHashRatio,            // "#" per word
  kEllipsisRatio,        // "..." and "…" per word
  kLines,
  kBulletLines,          // share of lines whose left-stripped text begins with • or -
  kEllipsisLines,        // share of lines whose right-stripped text ends with ... or …
  kAlphabeticWords,      // share of words with a letter
  kStopWords,            // distinct members of {the, be, to, of, and, that, have, with}, case-sensitive
  kParagraphs,           // of the stripped text, split on \n{2,}
  kDupParagraphs,        // share of paragraphs that occurred before
  kDupParagraphCharacters,
  kDupLines,             // lines split on \n+: share that occurred before
  kDupLineCharacters,
  kTop2Gram,             // length × count of the most frequent n-gram, words joined by a space, per character; NaN under n words
  kTop3Gram,
  kTop4Gram,
  kDup5Grams,            // characters in repeated n-grams, words joined by nothing, per character
  kDup6Grams,
  kDup7Grams,
  kDup8Grams,
  kDup9Grams,
  kDup10Grams,
  kSentences,
  kTextLines,            // lines split on \n that are not blank: the four below are shares of these
  kTerminalLines,        // end in TERMINAL_PUNCTUATION
  kShortLines,           // at most 30 characters
  kDupTextCharacters,    // characters of repeated ones, per character that is no \n
  kNewlinesPerWord,      // "\n" per word
  kLongestLine,          // characters
  kMeanLine,             // characters
  kLetterShare,          // of characters
  kDecimalShare,
  kAlphanumericShare,
  kUpperShare,           // upper-case letters per letter
  kGenerated,            // 1 if the first lines say that a program wrote the file
  kEncodedRun,           // longest run of [A-Za-z0-9+/=\n], in characters
  kEndsSentence,         // 1 if the last character is TERMINAL_PUNCTUATION, closing quotes and brackets aside
  kC4Lines,              // share of lines that C4's rules kept; NaN where they did not run
  kC4Sentences,          // sentences in them
  kStatisticCount,
};

const char* name(Statistic statistic);
using Statistics = std::array<double, kStatisticCount>;

// Words that a document may have. It bounds the memory of a Workspace to about 0.8 GB; 45 MB of English prose stay below it.
inline constexpr uint64_t kMaxWords = 1 << 23;

enum class Measured : uint8_t {
  ok = 0,
  too_large = 1,       // longer than the caller's limit in bytes
  not_utf8 = 2,
  too_many_words = 3,  // more than kMaxWords
  too_much_work = 4,   // the text was made to collide in hash tables
};

// Memory that documents use one after the other; one per thread.
class Workspace {
 public:
  // All statistics of one text, in one scan for characters, words and sentences, one for lines and one for paragraphs; then n-grams from
  // the numbered words. NaN for kC4Lines and kC4Sentences. Where the result is not ok, `out` is all NaN.
  Measured measure(std::string_view text, uint64_t max_bytes, Statistics& out);

 private:
  static constexpr size_t kPrefix = 16;

  bool words(std::string_view text, Statistics& out);
  void top_n_grams(double characters, Statistics& out);
  void repeated_n_grams(double characters, Statistics& out);
  void find_candidates();
  void lines(std::string_view text, Statistics& out);
  void paragraphs(std::string_view text, Statistics& out);

  Interner seen_;
  PairInterner pairs_;
  std::string joined_;           // words joined by nothing
  std::vector<uint32_t> bytes_;  // [words + 1] where each word begins in joined_
  std::vector<uint32_t> characters_;  // [words + 1] the same in code points
  std::vector<uint32_t> ids_;    // [words]
  std::vector<uint32_t> counts_;
  std::vector<uint32_t> grams_;
  std::vector<uint32_t> prefixes_;  // [words]
  std::vector<uint8_t> prefix_counts_;
  bool exhausted_ = false;
};

}  // namespace millrace::text
