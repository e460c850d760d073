#include "native/text/published_edits.h"

#include <algorithm>
#include <limits>

#include "native/text/dclm.h"
#include "native/text/dclm_lines.h"
#include "native/text/markers.h"
#include "native/text/spaced.h"

namespace millrace::text {
namespace {

constexpr uint32_t kLongWord = 1000;
constexpr std::string_view kPolicies[] = {"terms of use", "privacy policy", "cookie policy", "uses cookies", "use of cookies", "use cookies"};
constexpr std::string_view kClosing[] = {"\"", "'", ")", "]", "”", "’"};

double ratio(uint64_t part, uint64_t whole) {
  return whole == 0 ? std::numeric_limits<double>::quiet_NaN() : static_cast<double>(part) / static_cast<double>(whole);
}

// re.sub(r"\[\d*\]|\[edit\]|\[citation needed\]", "", line)
void append_without_citations(std::string_view line, std::string& out) {
  const uint8_t* classes = class_table();
  while (!line.empty()) {
    const size_t open = std::min(line.find('['), line.size());
    out.append(line.substr(0, open));
    line.remove_prefix(open);
    if (line.empty()) return;
    size_t end = 1;
    while (end < line.size()) {
      const auto [code, bytes] = decode(line.data() + end);
      if (!(classes[code] & kDecimal)) break;
      end += bytes;
    }
    size_t size = end < line.size() && line[end] == ']' ? end + 1 : 0;
    for (const std::string_view mark : {std::string_view("[edit]"), std::string_view("[citation needed]")})
      if (line.starts_with(mark)) size = mark.size();
    if (size == 0) {
      out.push_back('[');
      size = 1;
    }
    line.remove_prefix(size);
  }
}

struct C4Rules {
  size_t min_words;
  bool end_marks;
};

void c4(std::string_view text, C4Rules rules, std::string& edited, std::span<double> out) {
  std::string line, lower;
  uint64_t lines = 0, kept = 0, sentences = 0;
  bool given_up = false;
  out[kEditLoremIpsum] = out[kEditCurlyBracket] = 0;
  for_each_line(text, [&](std::string_view raw) {
    if (given_up) return;
    ++lines;
    raw = strip(raw);
    uint32_t longest = 0;
    for_each_spaced_word(raw, [&](const SpacedWord& word) { longest = std::max(longest, word.characters); });
    if (longest > kLongWord) return;
    line.clear();
    append_without_citations(raw, line);
    if (rules.end_marks && (line.empty() || std::string_view(".?!\"").find(line.back()) == std::string_view::npos || line.ends_with("..."))) return;
    size_t words = 0;
    for_each_spaced_word(line, [&](const SpacedWord&) { ++words; });
    if (words < rules.min_words) return;
    lower.clear();
    append_lower(line, lower);
    const auto has = [&](std::string_view phrase) { return lower.find(phrase) != std::string::npos; };
    if (has("lorem ipsum")) {
      out[kEditLoremIpsum] = 1;
      given_up = true;
      return;
    }
    if (has("javascript")) return;
    if (line.find('{') != std::string::npos) {
      out[kEditCurlyBracket] = 1;
      given_up = true;
      return;
    }
    if (std::ranges::any_of(kPolicies, has)) return;
    sentences += count_simple_sentences(line);
    if (kept++) edited.push_back('\n');
    edited.append(line);
  });
  out[kEditLines] = ratio(kept, lines);
  // A document that was given up has no count of sentences.
  if (!given_up) out[kEditSentences] = static_cast<double>(sentences);
  const std::string_view stripped = strip(edited);
  edited = std::string(stripped);
}

void no_end_mark(std::string_view text, std::string& edited, std::span<double> out) {
  uint64_t lines = 0, kept = 0;
  for_each_piece(text, 1, [&](std::string_view line) {
    ++lines;
    const std::string_view stripped = strip(line);
    if (stripped.empty() || std::string_view(".?!\"").find(stripped.back()) == std::string_view::npos) return;
    ++kept;
    const auto end = static_cast<size_t>(line.data() + line.size() - text.data());
    edited.append(line.data(), line.size() + (end < text.size() ? 1 : 0));
  });
  out[kEditLines] = ratio(kept, lines);
}

void two_newlines(std::string_view text, std::string& edited) {
  size_t together = 0;
  for (const char c : text) {
    together = c == '\n' ? together + 1 : 0;
    if (together <= 2) edited.push_back(c);
  }
}

}  // namespace

const std::array<const char*, kEditStatisticCount> kEditNames = {"edit_lines_kept", "edit_lorem_ipsum", "edit_curly_bracket", "edit_sentences",
                                                                 "edit_words_removed"};

size_t count_simple_sentences(std::string_view line) {
  const uint8_t* classes = class_table();
  const auto is_mark = [](char c) { return c == '.' || c == '?' || c == '!'; };
  size_t sentences = 0, rest = 0;
  for (size_t i = 0; i < line.size();) {
    if (!is_mark(line[i])) {
      ++i;
      continue;
    }
    while (i < line.size() && is_mark(line[i])) ++i;
    for (bool closed = true; closed;) {
      closed = false;
      for (const std::string_view mark : kClosing)
        if (line.substr(i).starts_with(mark)) {
          i += mark.size();
          closed = true;
        }
    }
    if (i < line.size() && !(classes[decode(line.data() + i).code] & kSpace)) continue;
    ++sentences;
    rest = i;
  }
  return sentences + (strip_left(line.substr(rest)).empty() ? 0 : 1);
}

void apply(Edit edit, std::string_view text, std::string& edited, std::span<double> out) {
  std::ranges::fill(out, std::numeric_limits<double>::quiet_NaN());
  edited.clear();
  switch (edit) {
    case Edit::none: edited = text; break;
    case Edit::c4_tfds: c4(text, {5, true}, edited, out); break;
    case Edit::c4_paper_any_end: c4(text, {3, false}, edited, out); break;
    case Edit::dolma_no_end_mark: no_end_mark(text, edited, out); break;
    case Edit::dclm_newlines: two_newlines(text, edited); break;
    case Edit::dclm_lines: {
      const size_t before = count_fasttext_words(text);
      dclm_lines(text, edited);
      const size_t after = count_fasttext_words(edited);
      // Edits that leave nothing end DCLM's chain themselves.
      out[kEditWordsRemoved] = edited.empty() ? 1 : before == 0 ? 1 : (static_cast<double>(before) - static_cast<double>(after)) / static_cast<double>(before);
      break;
    }
  }
}

}  // namespace millrace::text
