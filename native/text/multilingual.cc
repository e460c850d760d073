#include "native/text/multilingual.h"

#include <algorithm>
#include <limits>

#include "native/text/segments.h"
#include "native/text/spaced.h"

namespace millrace::text {
namespace {

constexpr double kNone = std::numeric_limits<double>::quiet_NaN();

double ratio(uint64_t part, uint64_t whole) { return whole == 0 ? kNone : static_cast<double>(part) / static_cast<double>(whole); }

size_t occurrences(std::string_view text, std::string_view of) {
  size_t count = 0;
  for (size_t at = text.find(of); at != std::string_view::npos; at = text.find(of, at + of.size())) ++count;
  return count;
}

}  // namespace

const std::array<const char*, kMultilingualStatisticCount> kMultilingualNames = {
    "multilingual_words",         "multilingual_real_words",  "multilingual_mean_word_length", "multilingual_hashes",
    "multilingual_ellipses",      "multilingual_bullet_lines", "multilingual_ellipsis_lines",  "multilingual_alphabetic_words",
    "multilingual_stop_words",    "multilingual_duplicate_lines", "multilingual_top_2gram",    "multilingual_top_3gram",
    "multilingual_top_4gram",     "multilingual_duplicate_5grams", "multilingual_duplicate_6grams", "multilingual_duplicate_7grams",
    "multilingual_duplicate_8grams", "multilingual_duplicate_9grams", "multilingual_duplicate_10grams", "multilingual_terminal_lines",
    "multilingual_duplicate_line_characters", "multilingual_newlines_per_word"};

bool Multilingual::measure(std::string_view text, std::span<const std::string> stop_words, std::span<double> out) {
  const uint8_t* classes = class_table();
  const uint64_t characters = count_characters(text);
  uint64_t real = 0, real_characters = 0, alphabetic = 0;
  ids_.clear();
  sums_.assign(1, 0);
  seen_.reset(text.size() + stop_words.size());
  for (const std::string& word : stop_words) seen_.add(word);
  const auto stops = static_cast<uint32_t>(seen_.size());
  std::vector<bool> stopped(stops);
  for_each_segment(text, [&](std::string_view word) {
    uint8_t any = 0, all = 0xff;
    uint32_t length = 0;
    for (size_t i = 0; i < word.size(); ++length) {
      const auto [code, bytes] = decode(word.data() + i);
      any |= classes[code];
      all &= classes[code];
      i += bytes;
    }
    if (all & kSpace) return;
    const uint32_t id = seen_.add(word);
    if (id < stops) stopped[id] = true;
    ids_.push_back(id);
    sums_.push_back(sums_.back() + length);
    alphabetic += (any & kLetter) != 0;
    if (all & kPunctuation) return;
    ++real;
    real_characters += length;
  });
  bool exhausted = seen_.exhausted();
  const uint64_t words = ids_.size();
  out[kMultilingualWords] = static_cast<double>(words);
  out[kMultilingualRealWords] = static_cast<double>(real);
  out[kMultilingualMeanWordLength] = ratio(real_characters, real);
  out[kMultilingualHashes] = ratio(static_cast<uint64_t>(std::count(text.begin(), text.end(), '#')), words);
  out[kMultilingualEllipses] = ratio(occurrences(text, "...") + occurrences(text, "…"), words);
  out[kMultilingualAlphabetic] = ratio(alphabetic, words);
  out[kMultilingualStopWords] = static_cast<double>(std::ranges::count(stopped, true));
  const auto newlines = static_cast<uint64_t>(std::count(text.begin(), text.end(), '\n'));
  out[kMultilingualNewlinesPerWord] = ratio(newlines, words);

  for (int s = kMultilingualTop2Gram; s <= kMultilingualTop4Gram; ++s) out[s] = kNone;
  for (int s = kMultilingualDup5Gram; s <= kMultilingualDup10Gram; ++s) out[s] = characters ? 0 : kNone;
  repeats_.run(ids_, 10, [&](int n, std::span<const Gram> grams, std::span<const uint32_t> counts) {
    const auto size = static_cast<uint32_t>(n);
    if (n <= 4) {
      const TopGram top = top_gram(grams, counts);
      out[kMultilingualTop2Gram + n - 2] = ratio(uint64_t{top.count} * (sums_[top.at + size] - sums_[top.at] + size - 1), characters);
      return;
    }
    uint64_t repeated = 0;
    uint32_t free = 0;
    for (const Gram& gram : grams) {
      if (gram.first || gram.at < free) continue;
      repeated += sums_[gram.at + size] - sums_[gram.at];
      free = gram.at + size;
    }
    out[kMultilingualDup5Gram + n - 5] = ratio(repeated, characters);
  });
  exhausted |= repeats_.exhausted();

  uint64_t lines = 0, bullets = 0, ellipses = 0, blocks = 0, repeated_blocks = 0, full = 0, terminal = 0, repeated_characters = 0;
  for_each_line(text, [&](std::string_view line) {
    ++lines;
    const std::string_view front = strip_left(line), back = strip_right(line);
    bullets += front.starts_with("•") || front.starts_with('-');
    ellipses += back.ends_with("...") || back.ends_with("…");
  });
  seen_.reset(newlines + 1);
  for_each_block(text, 1, [&](std::string_view line) {
    ++blocks;
    repeated_blocks += !seen_.add_is_new(line);
  });
  exhausted |= seen_.exhausted();
  seen_.reset(newlines + 1);
  for_each_piece(text, 1, [&](std::string_view line) {
    if (strip(line).empty()) return;
    ++full;
    terminal += (classes[decode_before(line.data() + line.size()).code] & kSentenceEnd) != 0;
    if (!seen_.add_is_new(line)) repeated_characters += count_characters(line);
  });
  exhausted |= seen_.exhausted();
  out[kMultilingualBullets] = ratio(bullets, lines);
  out[kMultilingualEllipsisLines] = ratio(ellipses, lines);
  out[kMultilingualDupLines] = ratio(repeated_blocks, blocks);
  out[kMultilingualTerminalLines] = ratio(terminal, full);
  out[kMultilingualDupLineCharacters] = ratio(repeated_characters, characters - newlines);
  return !exhausted;
}

}  // namespace millrace::text
