#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "native/text/statistics.h"

namespace millrace::text {

// C4's rules (Raffel et al. 2020) as datatrove 0.10 runs them on lines (pipeline/filters/c4_filters.py, split_paragraph = True). They drop
// lines, and documents because of a line. Defaults are datatrove's; the original program of TensorFlow Datasets has 5 words a line and 3
// sentences. Negative numbers switch a rule off.
struct C4 {
  bool citations = true;             // delete [12], [edit], [citation needed]
  bool terminal_punctuation = true;  // drop lines that do not end in . ? ! " ' or that end in ...; FineWeb leaves it out
  double max_word_length = 1000;     // drop lines with a longer word, split at white space
  double min_words = 3;              // drop lines of fewer, counted before citations go
  bool lorem_ipsum = true;           // drop the document
  bool javascript = true;            // drop lines
  bool curly_bracket = true;         // drop the document
  bool policy = true;                // drop lines that speak of cookies, terms of use, privacy policies
  double min_sentences = 5;          // in the kept lines, each split by itself
  // Ours, not C4's: the text is Markdown, and structure stays. Fenced code, $$ blocks, headings and table rows are kept as they are and not
  // counted for sentences; indentation and single blank lines stay. All rules then concern the other lines.
  bool markdown = false;
};

enum class C4Outcome { keep, lorem_ipsum, curly_bracket, too_few_sentences };

struct C4Result {
  C4Outcome outcome = C4Outcome::keep;
  uint64_t lines = 0, kept_lines = 0, sentences = 0;  // up to the line that dropped the document
  bool plain = true;                                  // every kept line is as it was, but for white space around it, and not empty
  uint64_t words = 0;                                 // of the edited text: white space stands around each line, so it has those of its lines
};

// Edits the text of a workspace whose words were found: writes the kept lines, joined by \n and stripped, to `edited`; what it holds after a
// drop is of no use. Words of lines that stay as they are come from the workspace. `enough`: sentences need not be counted beyond min_sentences. `ends`: where each line of `edited` ends,
// if the result is plain.
C4Result c4(Workspace& workspace, const C4& rules, std::string& edited, bool enough = false, std::vector<uint32_t>* ends = nullptr);

// The same of a text by itself, with words of the kind `simple`. `text` is valid UTF-8.
C4Result c4(std::string_view text, const C4& rules, std::string& edited);

}  // namespace millrace::text
