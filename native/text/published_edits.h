#pragma once
#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace millrace::text {

// Edits that published definitions make between their rules. Each makes a new version of a text, which later rules read.
enum class Edit : uint8_t {
  none,
  c4_tfds,             // clean_page of tensorflow_datasets' text/c4_utils.py: lines of 5 words that end in . ? ! " and not in ...
  c4_paper_any_end,    // C4's paper (arXiv 1910.10683, 2.2) without its end marks, as FineWeb's paper asks: lines of 3 words
  dolma_no_end_mark,   // Dolma 1.2.1's c4_v2: lines that do not end in . ? ! " go, with their newline
  dclm_newlines,       // DCLM's newline_removal_modifier: at most two newlines together
  dclm_lines,          // DCLM-baseline's line modifiers: capitals, digits, counters, short lines, three phrases
};
inline constexpr int kEditCount = 6;

// What an edit tells of itself. NaN where the edit does not say it.
enum EditStatistic : int {
  kEditLines,         // share of lines kept (C4's and Dolma's)
  kEditLoremIpsum,    // 1 if C4 met "lorem ipsum" and gave the document up
  kEditCurlyBracket,  // 1 if C4 met "{" and gave the document up
  kEditSentences,     // in the kept lines (C4's)
  kEditWordsRemoved,  // share of fastText words that DCLM's line modifiers took away; 1 if they left nothing
  kEditStatisticCount,
};

extern const std::array<const char*, kEditStatisticCount> kEditNames;

// Sentences of a line, by a simple count of end marks: a run of . ? ! with the quotes and brackets that close behind it, before white space or
// the end, ends one; what stands behind the last is one more. C4's program loads NLTK's punkt for this; its model is no part of a package.
size_t count_simple_sentences(std::string_view line);

// The edited text into `edited`, and what the edit tells into `out` (kEditStatisticCount). `text` is UTF-8.
void apply(Edit edit, std::string_view text, std::string& edited, std::span<double> out);

}  // namespace millrace::text
