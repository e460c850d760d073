#include "native/text/nemo.h"

#include <algorithm>
#include <limits>

#include "native/text/characters.h"
#include "native/text/published_classes.h"

namespace millrace::text {
namespace {

constexpr double kNone = std::numeric_limits<double>::quiet_NaN();

constexpr bool is_letter(int c) { return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z'); }
constexpr bool is_digit(int c) { return c >= '0' && c <= '9'; }

constexpr std::string_view kCommon[] = {"the", "be", "to", "of", "and", "that", "have", "with"};

// Bytes of https?://(?:[A-Za-z0-9$\-_@.&+/:=?#~]|[!*\(\),]|(?:%[0-9A-Fa-f]{2}))+, all matches together.
size_t url_characters(std::string_view text, std::span<const NemoMasks> blocks) {
  static constexpr auto follows = [] {
    std::array<bool, 256> table{};
    for (int c = 0; c < 128; ++c) table[c] = is_letter(c) || is_digit(c);
    for (const char c : std::string_view("$-_@.&+/:=?#~!*(),")) table[static_cast<uint8_t>(c)] = true;
    return table;
  }();
  const auto hexadecimal = [](char c) { return is_digit(c) || (c >= 'A' && c <= 'F') || (c >= 'a' && c <= 'f'); };
  size_t total = 0, free = 0;  // nothing before `free` may begin another URL
  for (size_t b = 0; b < blocks.size(); ++b)
    for (uint64_t colons = blocks[b].colon; colons; colons &= colons - 1) {
      const size_t colon = 64 * b + static_cast<size_t>(__builtin_ctzll(colons));
      if (colon < free || !text.substr(colon).starts_with("://")) continue;
      const std::string_view before = text.substr(free, colon - free);
      const size_t scheme = before.ends_with("http") ? 4 : before.ends_with("https") ? 5 : 0;
      if (scheme == 0) continue;
      const size_t begin = colon + 3;
      size_t end = begin;
      while (end < text.size()) {
        if (follows[static_cast<uint8_t>(text[end])]) ++end;
        else if (text[end] == '%' && end + 2 < text.size() && hexadecimal(text[end + 1]) && hexadecimal(text[end + 2])) end += 3;
        else break;
      }
      if (end == begin) continue;
      total += end - colon + scheme;
      free = end;
    }
  return total;
}

double ratio(size_t part, size_t whole) { return whole == 0 ? kNone : static_cast<double>(part) / static_cast<double>(whole); }

}  // namespace

const std::array<const char*, kNemoStatisticCount> kNemoNames = {
    "nemo_alpha_numeric",       "nemo_symbol_to_word",     "nemo_numbers_ratio",            "nemo_urls_ratio",
    "nemo_white_space",         "nemo_parentheses_ratio",  "nemo_boilerplate_string_ratio", "nemo_repeated_lines",
    "nemo_repeated_paragraphs", "nemo_repeated_lines_char", "nemo_repeated_paragraphs_char", "nemo_word_count",
    "nemo_punctuation",         "nemo_words_without_alphabets", "nemo_common_english_words", "nemo_mean_word_length",
    "nemo_max_word_length",     "nemo_ellipsis",           "nemo_repeating_top_2grams",     "nemo_repeating_top_3grams",
    "nemo_repeating_top_4grams", "nemo_repeating_dup_5gram", "nemo_repeating_dup_6gram",    "nemo_repeating_dup_7gram",
    "nemo_repeating_dup_8gram", "nemo_repeating_dup_9gram", "nemo_repeating_dup_10gram",    "nemo_bullet_ratio"};

size_t Nemo::characters(std::string_view part) const {
  if (!totals_.high) return part.size();
  const auto before = [&](size_t at) {
    const NemoMasks& block = blocks_[at >> 6];
    const uint64_t left = block.inner & ((uint64_t{1} << (at & 63)) - 1);
    return block.inner_before + (left ? static_cast<uint64_t>(__builtin_popcountll(left)) : 0);
  };
  const auto from = static_cast<size_t>(part.data() - text_.data());
  return part.size() - (before(from + part.size()) - before(from));
}

// White space above ASCII joins the masks; then every change from white space to other bytes and back is a border of a word.
void Nemo::find_words() {
  const uint8_t* classes = class_table();
  const size_t count = (text_.size() + 63) / 64;
  blocks_.resize(count);
  totals_ = {};
  nemo_masks(text_.data(), text_.size(), blocks_.data(), totals_);
  kelvin_ = false;
  if (totals_.high) {
    for (size_t b = 0; b < count; ++b)
      for (uint64_t leads = blocks_[b].high & ~blocks_[b].inner; leads; leads &= leads - 1) {
        const size_t at = 64 * b + static_cast<size_t>(__builtin_ctzll(leads));
        const auto lead = static_cast<uint8_t>(text_[at]);
        if (lead != 0xc2 && (lead < 0xe1 || lead > 0xe3)) continue;  // no white space begins with another byte, nor does U+212A
        const auto [code, bytes] = decode(text_.data() + at);
        kelvin_ |= code == 0x212a;
        if (code == 0x27e8 || code == 0x27e9) ++totals_.parentheses;
        if (!(classes[code] & kSpace)) continue;
        for (size_t i = at; i < at + bytes; ++i) blocks_[i / 64].space |= uint64_t{1} << (i % 64);
        --totals_.nonspace;
      }
    if (text_.size() % 64 == 0) {
      NemoMasks end{};  // characters() may ask for the end
      end.space = ~uint64_t{0};
      end.inner_before = totals_.inner;
      blocks_.push_back(end);
    }
  }
  bounds_.resize(text_.size() + 32);
  words_ = nemo_bounds(blocks_.data(), count, text_.size(), bounds_.data()) / 2;
}

size_t Nemo::word_end(size_t from) const {
  size_t b = from / 64;
  uint64_t space = blocks_[b].space & ~uint64_t{0} << (from % 64);
  while (!space && ++b < blocks_.size()) space = blocks_[b].space;
  return space ? 64 * b + static_cast<size_t>(__builtin_ctzll(space)) : text_.size();
}

// A word that is an ellipsis of the package's, with "..." at this place.
bool Nemo::is_dots(size_t at) const {
  if (starts_word(at)) return word_end(at) == at + 3;
  if (at == 0 || !starts_word(at - 1) || word_end(at) != at + 4) return false;
  return (text_[at - 1] == '[' && text_[at + 3] == ']') || (text_[at - 1] == '(' && text_[at + 3] == ')');
}

// A word of which more than half as many runs of # are than characters begins with one, and no word with a letter is a symbol otherwise.
bool Nemo::is_hashes(size_t from) const {
  const std::string_view word = text_.substr(from, word_end(from) - from);
  uint32_t runs = 0;
  for (size_t i = 0; i < word.size(); ++i) runs += word[i] == '#' && (i == 0 || word[i - 1] != '#');
  return 2 * runs > characters(word);
}

void Nemo::words(std::span<double> out) {
  const uint8_t* extra = published_class_table();
  size_t symbols = 0, common = 0;
  size_t blind = nemo_blind(blocks_.data(), blocks_.size());  // words without a letter
  for (size_t b = 0; b < blocks_.size(); ++b)
    for (uint64_t look = blocks_[b].look; look; look &= look - 1) {
      const size_t from = 64 * b + static_cast<size_t>(__builtin_ctzll(look));
      if (text_[from] == '#') {
        symbols += is_hashes(from);
        continue;
      }
      if (text_[from] == '.') {
        symbols += is_dots(from);
        continue;
      }
      size_t at = from;
      bool letter = false;
      while (!letter && at < text_.size() && !is_space(at)) {
        const auto [code, bytes] = decode(text_.data() + at);
        letter = code < 0x80 ? is_letter(static_cast<int>(code)) : (extra[code] & kAlphabetic) != 0;
        at += bytes;
      }
      if (letter) continue;
      ++blind;
      const std::string_view rest = text_.substr(from, at - from);
      if (starts_word(from)) symbols += rest == "…";
      else if (starts_word(from - 1)) symbols += (text_[from - 1] == '[' && rest == "…]") || (text_[from - 1] == '-' && rest == "»");
    }
  // Where the word of most bytes is all ASCII, none has more characters.
  const std::string_view most = words_ ? word(longest_) : std::string_view();
  size_t longest = characters(most);
  if (longest < most.size())
    for (uint32_t i = 0; i < words_; ++i)
      if (const std::string_view other = word(i); other.size() > longest) longest = std::max(longest, characters(other));
  for (uint32_t i = 0; i < words_ && common < 2; ++i)
    if (word(i).size() <= 4) common += std::ranges::find(kCommon, word(i)) != std::end(kCommon);
  out[kNemoSymbolToWord] = ratio(symbols, words_);
  out[kNemoWords] = static_cast<double>(words_);
  out[kNemoAlphabets] = ratio(words_ - blind, words_);
  out[kNemoCommonWords] = static_cast<double>(common);
  out[kNemoMeanWordLength] = ratio(totals_.nonspace, words_);
  out[kNemoLongestWord] = words_ ? static_cast<double>(longest) : kNone;
}

bool Nemo::measure(std::string_view text, std::span<double> out) {
  exhausted_ = false;
  std::ranges::fill(out, kNone);
  // Words are read 16 bytes at a time, so that 16 more than the text must be there.
  copy_.assign(text);
  copy_.append(16, '\0');
  text_ = std::string_view(copy_).substr(0, text.size());
  find_words();
  const uint64_t all = text.size() - totals_.inner;
  const auto share = [&](uint64_t part) { return all ? static_cast<double>(part) / static_cast<double>(all) : 1; };
  out[kNemoAlphaNumeric] = share(all - totals_.plain);
  out[kNemoNumbers] = share(totals_.digits);
  out[kNemoUrls] = share(url_characters(text_, blocks_));
  out[kNemoWhiteSpace] = share(totals_.white);
  out[kNemoParentheses] = share(totals_.parentheses);
  grams(out);
  words(out);
  lines(out);
  return !exhausted_;
}

}  // namespace millrace::text
