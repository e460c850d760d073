#include "native/text/paper.h"

#include <algorithm>
#include <limits>

#include "native/text/spaced.h"

namespace millrace::text {
namespace {

constexpr std::string_view kStopWords[] = {"the", "be", "to", "of", "and", "that", "have", "with"};
constexpr std::string_view kBullets[] = {"•", "‣", "◦", "*", "-"};
constexpr size_t kShortLine = 30;

double ratio(uint64_t part, uint64_t whole) {
  return whole == 0 ? std::numeric_limits<double>::quiet_NaN() : static_cast<double>(part) / static_cast<double>(whole);
}

size_t occurrences(std::string_view text, std::string_view of) {
  size_t count = 0;
  for (size_t at = text.find(of); at != std::string_view::npos; at = text.find(of, at + of.size())) ++count;
  return count;
}

int stop_word(std::string_view word) {
  if (word.size() > 4) return -1;
  char lower[4];
  std::ranges::transform(word, lower, [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  const auto* found = std::ranges::find(kStopWords, std::string_view(lower, word.size()));
  return found == std::end(kStopWords) ? -1 : static_cast<int>(found - kStopWords);
}

// Pieces, how many of them stood before, and characters of both.
struct Pieces {
  uint64_t count = 0, characters = 0, repeated = 0, repeated_characters = 0;

  void add(std::string_view piece, Interner& seen) {
    const size_t length = count_characters(piece);
    ++count;
    characters += length;
    if (seen.add_is_new(piece)) return;
    ++repeated;
    repeated_characters += length;
  }
};

}  // namespace

const std::array<const char*, kPaperStatisticCount> kPaperNames = {
    "paper_characters",       "paper_words",           "paper_mean_word_length",           "paper_hashes_per_word", "paper_ellipses_per_word",
    "paper_bullet_lines",     "paper_ellipsis_lines",  "paper_words_with_a_letter",        "paper_stop_words",      "paper_duplicate_lines",
    "paper_duplicate_paragraphs", "paper_duplicate_line_characters", "paper_duplicate_paragraph_characters", "paper_top_2gram", "paper_top_3gram",
    "paper_top_4gram",        "paper_duplicate_5grams", "paper_duplicate_6grams",          "paper_duplicate_7grams", "paper_duplicate_8grams",
    "paper_duplicate_9grams", "paper_duplicate_10grams", "paper_terminal_lines",           "paper_short_lines"};

// Characters that the most frequent n-gram covers, of several the one that covers most.
double Paper::covered(std::span<const Gram> grams, std::span<const uint32_t> counts, uint32_t size) {
  const uint32_t most = top_gram(grams, counts).count;
  if (most < 2) return 0;
  cover_.assign(counts.size(), 0);
  ends_.assign(counts.size(), 0);
  uint32_t longest = 0;
  for (const Gram& gram : grams) {
    if (counts[gram.id] != most) continue;
    cover_[gram.id] += sums_[gram.at + size] - sums_[std::max(gram.at, ends_[gram.id])];
    ends_[gram.id] = gram.at + size;
    longest = std::max(longest, cover_[gram.id]);
  }
  return longest;
}

bool Paper::measure(std::string_view text, std::span<double> out) {
  const uint8_t* classes = class_table();
  bool exhausted = false;
  out[kPaperCharacters] = static_cast<double>(count_characters(text));

  uint64_t letters = 0;
  uint32_t stops = 0;
  ids_.clear();
  sums_.assign(1, 0);
  seen_.reset(text.size() / 2 + 1);
  for_each_spaced_word(text, [&](const SpacedWord& word) {
    ids_.push_back(seen_.add(word.text));
    sums_.push_back(sums_.back() + word.characters);
    letters += (word.classes & kLetter) != 0;
    if (const int number = stop_word(word.text); number >= 0) stops |= 1u << number;
  });
  exhausted |= seen_.exhausted();
  const uint64_t words = ids_.size();
  out[kPaperWords] = static_cast<double>(words);
  out[kPaperMeanWordLength] = ratio(sums_.back(), words);
  out[kPaperHashes] = ratio(static_cast<uint64_t>(std::count(text.begin(), text.end(), '#')), words);
  out[kPaperEllipses] = ratio(occurrences(text, "...") + occurrences(text, "…"), words);
  out[kPaperAlphabetic] = ratio(letters, words);
  out[kPaperStopWords] = __builtin_popcount(stops);

  Pieces lines, paragraphs;
  uint64_t bullets = 0, ellipses = 0, terminal = 0, short_lines = 0;
  const auto breaks = static_cast<size_t>(std::count(text.begin(), text.end(), '\n'));
  seen_.reset(breaks + 1);
  for_each_piece(text, 1, [&](std::string_view line) {
    line = strip(line);
    if (line.empty()) return;
    lines.add(line, seen_);
    bullets += std::ranges::any_of(kBullets, [&](std::string_view bullet) { return line.starts_with(bullet); });
    ellipses += line.ends_with("...") || line.ends_with("…");
    terminal += (classes[decode_before(line.data() + line.size()).code] & kSentenceEnd) != 0;
    short_lines += count_characters(line) < kShortLine;
  });
  exhausted |= seen_.exhausted();
  seen_.reset(breaks / 2 + 1);
  for_each_block(text, 2, [&](std::string_view paragraph) {
    paragraph = strip(paragraph);
    if (!paragraph.empty()) paragraphs.add(paragraph, seen_);
  });
  exhausted |= seen_.exhausted();
  out[kPaperBullets] = ratio(bullets, lines.count);
  out[kPaperEllipsisLines] = ratio(ellipses, lines.count);
  out[kPaperDupLines] = ratio(lines.repeated, lines.count);
  out[kPaperDupParagraphs] = ratio(paragraphs.repeated, paragraphs.count);
  out[kPaperDupLineCharacters] = ratio(lines.repeated_characters, lines.characters);
  out[kPaperDupParagraphCharacters] = ratio(paragraphs.repeated_characters, paragraphs.characters);
  out[kPaperTerminalLines] = ratio(terminal, lines.count);
  out[kPaperShortLines] = ratio(short_lines, lines.count);

  const double characters = sums_.back();
  for (int s = kPaperTop2Gram; s <= kPaperDup10Gram; ++s) out[s] = words ? 0 : std::numeric_limits<double>::quiet_NaN();
  repeats_.run(ids_, 10, [&](int n, std::span<const Gram> grams, std::span<const uint32_t> counts) {
    const auto size = static_cast<uint32_t>(n);
    if (n <= 4) {
      out[kPaperTop2Gram + n - 2] = covered(grams, counts, size) / characters;
      return;
    }
    uint64_t repeated = 0;
    uint32_t counted = 0;
    for (const Gram& gram : grams) {
      if (counts[gram.id] < 2) continue;
      repeated += sums_[gram.at + size] - sums_[std::max(gram.at, counted)];
      counted = gram.at + size;
    }
    out[kPaperDup5Gram + n - 5] = static_cast<double>(repeated) / characters;
  });
  return !(exhausted | repeats_.exhausted());
}

}  // namespace millrace::text
