#pragma once
#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "native/text/interner.h"
#include "native/text/ngrams.h"
#include "native/text/outline.h"
#include "native/text/scan.h"
#include "native/text/tokens.h"

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
  kThirdLine,            // characters of the third longest line, split on \n; 0 with fewer lines
  kStatisticCount,
};

const char* name(Statistic statistic);
using Statistics = std::array<double, kStatisticCount>;

enum class Measured : uint8_t {
  ok = 0,
  too_large = 1,       // longer than the caller's limit in bytes
  not_utf8 = 2,
  too_many_words = 3,  // more than kMaxWords
  too_much_work = 4,   // the text was made to collide in hash tables
};

// Statistics that are found together; one bit each.
enum Group : uint32_t {
  kTextGroup = 1 << 0,
  kWordGroup = 1 << 1,
  kSentenceGroup = 1 << 2,
  kTopGroup = 1 << 3,
  kRepeatedGroup = 1 << 4,
  kLineGroup = 1 << 5,
  kBlockGroup = 1 << 6,
  kParagraphGroup = 1 << 7,
  kClassGroup = 1 << 8,
  kMarkerGroup = 1 << 9,
  kCountGroup = 1 << 10,
  kC4Group = 1 << 11,  // what C4's edit finds, not a Workspace
  kAllGroups = kC4Group - 1,
};

Group group_of(Statistic statistic);

// Memory that texts use one after the other; one per thread. It reads one text at a time, and finds of it what is asked.
class Workspace {
 public:
  Workspace() = default;
  Workspace(const Workspace&) = delete;

  // How much of the text `value` will be asked for.
  enum class Asked : uint8_t { all, verdict };

  // Begins a text, which must stay as long as it is asked about. A status that is not ok stands for all of its statistics. `count` is how many
  // words it has, where that is known.
  Measured open(std::string_view text, uint64_t max_bytes, Words words, std::optional<uint64_t> count = {}, Asked asked = Asked::all);

  // Begins a text for a verdict that is lines of the last one, one "\n" between them: ends[i] is where each ends, none is empty.
  void open_lines(std::string_view text, std::span<const uint32_t> ends, uint64_t count);

  // Finds the statistics of these groups, each once. Not ok where one of them cannot be had.
  Measured compute(uint32_t groups);

  // One statistic for one comparison, above or below a threshold, by no more work than that needs: what surely does not fail may stay NaN, or be
  // another number that does not fail. Look at status().
  double value(Statistic statistic, double threshold, bool below);
  Measured status() const { return status_; }

  bool known(Group group) const { return (known_ & group) != 0; }
  // NaN where it was not found or has no value.
  const Statistics& values() const { return values_; }

  // Finds the words, if they are not known yet; then the two below may be asked.
  Measured find_words();
  const Scan& scan() const { return scan_; }
  uint32_t first_word(size_t chunk) const { return lazy_ ? outline_.first(chunk) : tokens_.first(chunk); }
  // Sentences in a run of chunks; where a verdict is asked, at most `enough`.
  uint64_t sentences(size_t from, size_t to, uint64_t enough) const {
    return lazy_ ? outline_.sentences(from, to, enough) : tokens_.sentences(from, to);
  }
  // Words and sentences of another text, cut from this one.
  struct Count {
    uint64_t words = 0, sentences = 0;
  };
  Count count_in(std::string_view text);

  // All statistics of one text. NaN for kC4Lines and kC4Sentences; where the result is not ok, for all.
  Measured measure(std::string_view text, uint64_t max_bytes, Statistics& out, Words words = Words::simple);

  std::vector<uint32_t> line_ends;  // room for who calls open_lines

  // Gives back what a large text left behind.
  void release();

 private:
  bool compute_one(Group group);
  Measured find_numbers();
  uint64_t words_in_all() const { return lazy_ ? outline_.size() : tokens_.size(); }
  void words();
  void count();
  bool top();
  bool repeated();
  bool repeated(size_t n);
  void find_candidates();
  void lines();
  bool blocks();
  bool paragraphs();
  bool no_paragraph_again() const;
  void classes();
  void read_lines();
  double characters() const { return static_cast<double>(lines_only_ ? line_characters_ : scan_.characters()); }

  Measured status_ = Measured::ok;
  uint32_t known_ = 0;
  bool lazy_ = false, words_known_ = false, numbers_known_ = false, candidates_known_ = false;
  Scan::Chunks chunks_known_ = Scan::kNone;
  bool lengths_ = true;       // lengths of lines are wanted
  bool lines_only_ = false;   // the text was opened by its lines, and not scanned so far
  std::string_view line_text_;
  std::span<const uint32_t> line_ends_;
  uint64_t line_characters_ = 0;
  std::optional<uint64_t> count_;
  size_t largest_ = 0;
  Statistics values_{};
  Vocabulary simple_{Words::simple}, spacy_{Words::spacy};
  Vocabulary* vocabulary_ = &simple_;
  Scan scan_, line_scan_;
  Outline outline_;
  Tokens tokens_;
  NGrams n_grams_;
  Interner seen_;
};

}  // namespace millrace::text
