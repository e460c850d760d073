#pragma once
#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "native/base/error.h"
#include "native/base/span.h"

namespace millrace::text {

// A formula or a piece of code inside of prose.
struct Span {
  enum Kind : uint8_t { formula, code };
  size_t begin = 0, end = 0;        // bytes, delimiters included
  size_t inner_begin = 0, inner_end = 0;
  Kind kind = formula;
  bool block = false;               // stands in lines of its own
};

struct Spans {
  std::vector<Span> found;          // ascending, apart from each other
  uint64_t unclosed = 0;            // openings that nothing closes: "\[", "\(", "$$", "\begin{equation}"
};

// Formulas: $…$ as Pandoc reads it (no white space behind the first and before the second, no digit behind it), $$…$$, \(…\), \[…\], the last
// two also with two backslashes as Markdown needs it and only around something that looks like TeX, as Markdown escapes brackets so; TeX's
// environments for formulas; fenced blocks of `math`, `tex`, `latex`; reStructuredText's :math:`…` and `.. math::`. None but environments and
// blocks holds a blank line; none is longer than 20,000 bytes. Code: other fenced blocks and `code spans`, TeX's verbatim environments,
// reStructuredText's code directives. What stands in code is no formula. Time is linear in the text.
void find_spans(std::string_view text, Spans& out);

// The text as rules for prose should read it. A span within a line is one word of up to six letters, the same for equal spans: counts of
// words and repetition stay what they are. A block is left out with its line end. Everything else is copied; no view is longer than its text.
void append_prose_view(std::string_view text, const Spans& spans, std::string& out);

// Shares are fractions of 1; NaN where there is nothing to divide by. A text that can hold no formula, having no "$", no backslash and no
// "math", has kMathsFormulas = 0 and nothing else.
enum MathsStatistic : int {
  kMathsFormulas,      // spans that are formulas
  kMathsShare,         // bytes of them, of all bytes that are not white space
  kMathsBroken,        // formulas with braces, \left … \right or \begin … \end that do not match, and openings without an end, per formula or opening
  kMathsDistinct,      // distinct formulas per formula
  kMathsWords,         // words of the prose view with a letter, placeholders aside
  kMathsStray,         // TeX commands outside of formulas and code, per such word
  kMathsOddWords,      // share of words of the prose view, placeholders aside, that mix letters with digits or marks as no language does
  kMathsSingles,       // share of words of one character, a, i and o aside
  kMathsNumbers,       // share of words that are numbers
  kMathsReplaced,      // share of characters that stand for lost ones: U+FFFD, private use, control characters
  kMathsStatisticCount,
};
const char* name(MathsStatistic statistic);
using MathsStatistics = std::array<double, kMathsStatisticCount>;

// `spans` is memory that texts use one after the other.
void measure_maths(std::string_view text, Spans& spans, MathsStatistics& out);

// For a column. columns[kMathsStatisticCount][texts]: NaN throughout where wanted[i] is 0 or a text is not UTF-8. `threads` cannot change the
// result. Error: kShape (lengths disagree, offsets out of bounds).
Error measure_maths(const TextColumn& texts, std::span<const uint8_t> wanted, int threads, std::vector<std::vector<double>>& columns);

// The prose view of every text where wanted[i] is 1, the text itself elsewhere and where it is not UTF-8; offsets[texts + 1]. Error: kShape.
Error prose_views(const TextColumn& texts, std::span<const uint8_t> wanted, int threads, std::vector<int32_t>& offsets, std::vector<uint8_t>& bytes);

}  // namespace millrace::text
