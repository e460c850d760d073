#include "native/text/dolma.h"

#include <algorithm>
#include <limits>

#include "native/text/spaced.h"

namespace millrace::text {
namespace {

constexpr std::string_view kRequired[] = {"the", "be", "to", "of", "and", "that", "have", "with"};

// statistics.median; 0 of nothing, as the tagger has it.
double median(std::vector<uint32_t>& values) {
  if (values.empty()) return 0;
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  if (values.size() % 2 == 1) return *middle;
  return (static_cast<double>(*middle) + *std::max_element(values.begin(), middle)) / 2;
}

double share(uint64_t part, uint64_t whole) { return static_cast<double>(part) / static_cast<double>(std::max<uint64_t>(whole, 1)); }

}  // namespace

const std::array<const char*, kDolmaStatisticCount> kDolmaNames = {
    "dolma_word_count",     "dolma_median_word_length", "dolma_symbol_to_word_ratio", "dolma_words_with_alpha",    "dolma_required_word_count",
    "dolma_bullet_lines",   "dolma_ellipsis_lines",     "dolma_duplicate_lines",      "dolma_duplicate_line_characters",
    "dolma_top_2grams",     "dolma_top_3grams",         "dolma_top_4grams",           "dolma_duplicate_5grams",    "dolma_duplicate_6grams",
    "dolma_duplicate_7grams", "dolma_duplicate_8grams", "dolma_duplicate_9grams",     "dolma_duplicate_10grams"};

bool Dolma::measure(std::string_view text, std::span<double> out) {
  std::ranges::fill(out, 0.0);
  for (int s = kDolmaTop2Gram; s < kDolmaStatisticCount; ++s) out[s] = std::numeric_limits<double>::quiet_NaN();
  if (text.empty()) return true;

  size_t symbols = 0, alphabetic = 0, required = 0;
  lengths_.clear();
  ids_.clear();
  seen_.reset(text.size() / 2 + 1);
  sums_.assign(1, 0);
  for_each_spaced_word(text, [&](const SpacedWord& word) {
    ids_.push_back(seen_.add(word.text));
    lengths_.push_back(word.characters);
    sums_.push_back(sums_.back() + word.characters);
    symbols += word.text.find('#') != std::string_view::npos || word.text.find("…") != std::string_view::npos;
    alphabetic += (word.classes & kLetter) != 0;
    required += word.text.size() <= 4 && std::ranges::find(kRequired, word.text) != std::end(kRequired);
  });
  bool exhausted = seen_.exhausted();
  const size_t words = ids_.size();
  const uint64_t characters = sums_.back();
  out[kDolmaWords] = static_cast<double>(words);
  out[kDolmaMedianWordLength] = median(lengths_);
  out[kDolmaSymbolToWord] = share(symbols, words);
  out[kDolmaAlphabetic] = share(alphabetic, words);
  out[kDolmaRequiredWords] = static_cast<double>(required);

  repeats_.run(ids_, 10, [&](int n, std::span<const Gram> grams, std::span<const uint32_t> counts) {
    const auto size = static_cast<uint32_t>(n);
    const auto length = [&](uint32_t at) { return uint64_t{sums_[at + size] - sums_[at]}; };
    if (n <= 4) {
      const TopGram top = top_gram(grams, counts);
      out[kDolmaTop2Gram + n - 2] = share(top.count * length(top.at), characters);
      return;
    }
    uint64_t all = 0, repeated = 0;
    for (uint32_t at = 0; at + size <= words; ++at) all += length(at);
    for (const Gram& gram : grams)
      if (counts[gram.id] > 1) repeated += length(gram.at);
    out[kDolmaDup5Gram + n - 5] = share(repeated, all);
  });
  exhausted |= repeats_.exhausted();

  size_t lines = 0, bullets = 0, ellipses = 0, repeated = 0, repeated_characters = 0;
  seen_.reset(static_cast<size_t>(std::count(text.begin(), text.end(), '\n')) + 1);
  copies_.clear();
  sizes_.clear();
  for_each_piece(text, 1, [&](std::string_view line) {
    ++lines;
    bullets += line.starts_with('*') || line.starts_with('-');
    ellipses += line.ends_with("…");
    const uint32_t id = seen_.add(line);
    if (id == copies_.size()) {
      copies_.push_back(0);
      sizes_.push_back(static_cast<uint32_t>(count_characters(line)));
    }
    ++copies_[id];
  });
  exhausted |= seen_.exhausted();
  for (size_t id = 0; id < copies_.size(); ++id) {
    if (copies_[id] < 2) continue;
    repeated += copies_[id];
    repeated_characters += uint64_t{copies_[id]} * sizes_[id];
  }
  out[kDolmaBullets] = share(bullets, lines);
  out[kDolmaEllipsis] = share(ellipses, lines);
  out[kDolmaDupLines] = share(repeated, lines);
  out[kDolmaDupLineCharacters] = share(repeated_characters, characters);
  return !exhausted;
}

}  // namespace millrace::text
