#pragma once
#include <array>
#include <cstdint>
#include <string_view>
#include <vector>

#include "native/base/error.h"
#include "native/base/span.h"

namespace millrace::text {

// Whether a text is whole, and whether it is a text: what a page that was cut short, a teaser, a menu or a wall of links shows. Definitions are
// ours; they read Markdown as `extract` writes it, in one pass over lines split at LF. Lines inside fenced code and between $$ count for
// kOpenFence alone. A word is what lies between white space; a share is of the lines that are not blank and not in such a block
// (kContentLines).
//
// A structured line is a heading, list item, table row, rule or an image; a prose line is any other.
enum Completeness : int {
  kCutEnd,            // 1 if the last line is prose of at least 8 words and does not end a sentence (ends_sentence, or a link, code or a formula)
  kCutStart,          // 1 if the first line is prose and begins with a small letter, or with , ; ) or an ellipsis. Not if its first word looks
                      // like a name or code (iPhone, e-mail addresses, snake_case, f(x)), or is the only one
  kTruncatedMark,     // of the last line: 0 whole; 1 it ends with an ellipsis, or is nothing but "Read more" or the like; 2 it ends with a
                      // bracketed ellipsis ([…], (...)), with an ellipsis and "Read more", or is "Read more" behind a line that was cut
  kLinkBytes,         // bytes of Markdown links, texts and addresses, and of bare addresses, per byte that is no white space
  kLinkLines,         // share of lines that hold links and no letter or digit beside them
  kBoilerplateLines,  // share of lines about cookies, privacy, terms, accounts, subscribing and sharing
  kFragmentLines,     // share of lines that are prose of fewer than 5 words without an end mark
  kOpenFence,         // 1 if a fence of code, or $$, is not closed
  kOpenBrackets,      // ( [ { that are not closed, outside code and formulas
  kContentLines,      // how many lines are not blank and not in a block: what shares are of
  kCompletenessCount,
};

const char* name(Completeness statistic);
using CompletenessValues = std::array<double, kCompletenessCount>;

// All NaN where the text is not UTF-8 or has no line that is not blank. Linear in the text, whatever it holds.
void measure_completeness(std::string_view text, CompletenessValues& out);

// out[statistic][text]. SHAPE where offsets lie outside the bytes.
Error measure_completeness(const TextColumn& texts, int threads, std::vector<std::vector<double>>& out);

}  // namespace millrace::text
