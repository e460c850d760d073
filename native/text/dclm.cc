#include "native/text/dclm.h"

#include <algorithm>
#include <limits>

#include "native/text/segments.h"
#include "native/text/spaced.h"

namespace millrace::text {
namespace {

constexpr std::string_view kStopWords[] = {"the", "be", "to", "of", "and", "that", "have", "with"};
constexpr std::string_view kBullets[] = {"●", "•", "*", "-"};
constexpr std::string_view kEllipses[] = {"...", ". . .", "…"};

// str.count
size_t occurrences(std::string_view text, std::string_view of) {
  size_t count = 0;
  for (size_t at = text.find(of); at != std::string_view::npos; at = text.find(of, at + of.size())) ++count;
  return count;
}

bool is_stop_word(std::string_view word) {
  if (word.size() > 4) return false;
  char lower[4];
  std::ranges::transform(word, lower, [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  return std::ranges::find(kStopWords, std::string_view(lower, word.size())) != std::end(kStopWords);
}

double ratio(uint64_t part, uint64_t whole) {
  return whole == 0 ? std::numeric_limits<double>::quiet_NaN() : static_cast<double>(part) / static_cast<double>(whole);
}

}  // namespace

const std::array<const char*, kDclmStatisticCount> kDclmNames = {
    "dclm_word_count",      "dclm_mean_word_length", "dclm_symbol_to_word_ratio", "dclm_words_without_alpha",  "dclm_stop_words",
    "dclm_bullet_lines",    "dclm_ellipsis_lines",   "dclm_duplicate_lines",      "dclm_duplicate_paragraphs", "dclm_duplicate_line_characters",
    "dclm_duplicate_paragraph_characters", "dclm_top_2gram", "dclm_top_3gram",    "dclm_top_4gram",            "dclm_duplicate_5grams",
    "dclm_duplicate_6grams", "dclm_duplicate_7grams", "dclm_duplicate_8grams",    "dclm_duplicate_9grams",     "dclm_duplicate_10grams"};

size_t count_fasttext_words(std::string_view text) {
  const uint8_t* classes = class_table();
  size_t words = 0;
  bool inside = false;
  for (size_t i = 0; i < text.size();) {
    const auto [code, bytes] = decode(text.data() + i);
    i += bytes;
    const bool space = code == ' ' || (code >= '\t' && code <= '\r') || code == 0;
    words += !inside && !space && (classes[code] & kAlphanumeric);
    inside = !space;
  }
  return words;
}

void Dclm::pieces(std::string_view text, size_t breaks, double& share, double& character_share) {
  lines_ = bullets_ = ellipses_ = 0;
  seen_.reset(static_cast<size_t>(std::count(text.begin(), text.end(), '\n')) / breaks + 1);
  copies_.clear();
  sizes_.clear();
  uint64_t characters = 0, repeated = 0, repeated_characters = 0;
  for_each_piece(text, breaks, [&](std::string_view piece) {
    piece = strip(piece);
    if (piece.empty()) return;
    ++lines_;
    bullets_ += std::ranges::any_of(kBullets, [&](std::string_view bullet) { return piece.starts_with(bullet); });
    ellipses_ += std::ranges::any_of(kEllipses, [&](std::string_view mark) { return piece.ends_with(mark); });
    const uint32_t id = seen_.add(piece);
    if (id == copies_.size()) {
      copies_.push_back(0);
      sizes_.push_back(static_cast<uint32_t>(count_characters(piece)));
    }
    ++copies_[id];
    characters += sizes_[id];
  });
  exhausted_ |= seen_.exhausted();
  for (size_t id = 0; id < copies_.size(); ++id) {
    if (copies_[id] < 2) continue;
    repeated += copies_[id];
    repeated_characters += uint64_t{copies_[id]} * sizes_[id];
  }
  share = ratio(repeated, lines_);
  character_share = ratio(repeated_characters, characters);
}

bool Dclm::measure(std::string_view text, std::span<double> out) {
  exhausted_ = false;
  out[kDclmWords] = static_cast<double>(count_fasttext_words(text));
  uint64_t words = 0, characters = 0, blind = 0, stops = 0;
  for_each_spaced_word(text, [&](const SpacedWord& word) {
    ++words;
    characters += word.characters;
    blind += !(word.classes & kLetter);
    stops += is_stop_word(word.text);
  });
  out[kDclmMeanWordLength] = ratio(characters, words);
  out[kDclmSymbolRatio] =
      ratio(static_cast<uint64_t>(std::count(text.begin(), text.end(), '#')) + occurrences(text, "...") + occurrences(text, ". . .") + occurrences(text, "…"), words);
  out[kDclmNonAlphabetic] = ratio(blind, words);
  out[kDclmStopWords] = static_cast<double>(stops);

  pieces(text, 2, out[kDclmDupParagraphs], out[kDclmDupParagraphCharacters]);
  pieces(text, 1, out[kDclmDupLines], out[kDclmDupLineCharacters]);
  out[kDclmBullets] = ratio(bullets_, lines_);
  out[kDclmEllipsis] = ratio(ellipses_, lines_);

  ids_.clear();
  sums_.assign(1, 0);
  seen_.reset(text.size() / 2 + 1);
  for_each_segment_word(text, [&](std::string_view word) {
    ids_.push_back(seen_.add(word));
    sums_.push_back(sums_.back() + static_cast<uint32_t>(count_characters(word)));
  });
  exhausted_ |= seen_.exhausted();
  const uint64_t all = sums_.back();
  for (int s = kDclmTop2Gram; s <= kDclmDup10Gram; ++s) out[s] = 0;
  repeats_.run(ids_, 10, [&](int n, std::span<const Gram> grams, std::span<const uint32_t> counts) {
    const auto size = static_cast<uint32_t>(n);
    if (n <= 4) {
      const uint32_t most = top_gram(grams, counts).count;
      uint32_t longest = 0;
      if (most > 1)
        for (const Gram& gram : grams)
          if (counts[gram.id] == most) longest = std::max(longest, sums_[gram.at + size] - sums_[gram.at]);
      out[kDclmTop2Gram + n - 2] = all ? static_cast<double>(uint64_t{longest} * most) / static_cast<double>(all) : 0;
      return;
    }
    uint64_t repeated = 0;
    uint32_t counted = 0;
    for (const Gram& gram : grams) {
      if (counts[gram.id] < 2) continue;
      repeated += sums_[gram.at + size] - sums_[std::max(gram.at, counted)];
      counted = gram.at + size;
    }
    out[kDclmDup5Gram + n - 5] = all ? static_cast<double>(repeated) / static_cast<double>(all) : 0;
  });
  return !(exhausted_ | repeats_.exhausted());
}

}  // namespace millrace::text
