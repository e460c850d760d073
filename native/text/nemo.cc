#include "native/text/nemo.h"

#include <algorithm>
#include <cstring>
#include <limits>

#include "native/text/markers.h"
#include "native/text/published_classes.h"
#include "native/text/spaced.h"

namespace millrace::text {
namespace {

constexpr double kNone = std::numeric_limits<double>::quiet_NaN();

constexpr bool is_letter(int c) { return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z'); }
constexpr bool is_digit(int c) { return c >= '0' && c <= '9'; }

constexpr auto kAsciiSpace = [] {
  std::array<bool, 256> table{};
  for (int c = 0; c < 128; ++c) table[c] = c == ' ' || (c >= 9 && c <= 13) || (c >= 28 && c <= 31);
  return table;
}();

// The first n bytes of a word of eight, n up to 8; of a second one behind it.
constexpr auto kFront = [] {
  std::array<std::array<uint64_t, 2>, 17> masks{};
  for (int n = 0; n <= 16; ++n)
    for (int half = 0; half < 2; ++half) {
      const int bytes = n - 8 * half;
      masks[n][half] = bytes <= 0 ? 0 : bytes >= 8 ? ~uint64_t{0} : (uint64_t{1} << (8 * bytes)) - 1;
    }
  return masks;
}();

constexpr std::string_view kEllipses[] = {"...", "[...]", "…", "(...)", "[…]", "-»", "read more..", "read more"};
constexpr std::string_view kBullets[] = {"•", "‣", "⁃", "⁌", "⁍", "∙", "○", "●", "◘", "◦", "⦾", "⦿"};
constexpr std::string_view kCommon[] = {"the", "be", "to", "of", "and", "that", "have", "with"};

// The package's phrases, lower-cased, but for two long ones that hold "uses cookies" and so never decide.
constexpr std::string_view kPolicies[] = {
    "terms of use", "privacy policy", "cookie policy", "uses cookies", "privacy overview", "use of cookies", "use cookies",
    "privacy & cookies policy", "privacy and cookies policy",
    "necessary cookies are absolutely essential for the website to function properly. this category only includes cookies that ensures basic "
    "functionalities and security features of the website. these cookies do not store any personal information.",
    "any cookies that may not be particularly necessary for the website to function and is used specifically to collect user personal data "
    "via analytics, ads, other embedded contents are termed as non-necessary cookies. it is mandatory to procure user consent prior to running "
    "these cookies on your website.",
    "if you continue to browse this site without changing your cookie settings, you agree to this use. acceptread more"};

bool contains(std::string_view text, std::string_view phrase) { return memmem(text.data(), text.size(), phrase.data(), phrase.size()) != nullptr; }

bool is_symbol_word(std::string_view word, uint32_t characters, bool hashes) {
  if (hashes) {
    uint32_t runs = 0;
    for (size_t i = 0; i < word.size(); ++i) runs += word[i] == '#' && (i == 0 || word[i - 1] != '#');
    if (2 * runs > characters) return true;
  }
  if (word.size() > 7) return false;
  switch (word[0]) {
    case '.': case '[': case '(': case '-': case '\xe2': return std::ranges::find(kEllipses, word) != std::end(kEllipses);
    default: return false;
  }
}

// True if the lower-cased line ends in one of the package's marks: ... [...] … (...) […] -» "read more.." "read more".
bool ends_in_ellipsis(std::string_view line) {
  const auto more = [](std::string_view text) {
    constexpr std::string_view kMore = "read more";
    return text.size() >= kMore.size() && std::ranges::equal(text.substr(text.size() - kMore.size()), kMore, [](char a, char b) {
      return (a >= 'A' && a <= 'Z' ? a + 32 : a) == b;
    });
  };
  switch (line.back()) {
    case '.': return line.ends_with("...") || (line.ends_with("..") && more(line.substr(0, line.size() - 2)));
    case ']': return line.ends_with("[...]") || line.ends_with("[…]");
    case ')': return line.ends_with("(...)");
    case '\xa6': return line.ends_with("…");
    case '\xbb': return line.ends_with("-»");
    case 'e': case 'E': return more(line);
    default: return false;
  }
}

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

// strip(), but for most lines without a look into a table.
std::string_view quickly_stripped(std::string_view line) {
  const auto plain = [](char c) { return c > ' '; };
  return !line.empty() && plain(line.front()) && plain(line.back()) ? line : strip(line);
}

// Of a word with 16 bytes that may be read.
inline uint64_t hash_word(const char* at, size_t size) {
  if (size > 16) return hash_bytes({at, size});
  uint64_t low, high;
  std::memcpy(&low, at, 8);
  std::memcpy(&high, at + 8, 8);
  return fold((low & kFront[size][0]) ^ 0xe7037ed1a0b428dbull, (high & kFront[size][1]) ^ 0x8ebc6af09c88c6e3ull ^ size);
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
        blocks_[at / 64].odd &= ~(uint64_t{1} << (at % 64));
        if (const size_t next = at + bytes; next < text_.size() && !is_letter(static_cast<uint8_t>(text_[next])))
          blocks_[next / 64].odd |= uint64_t{1} << (next % 64);
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

void Nemo::words(std::span<double> out) {
  const uint8_t* extra = published_class_table();
  size_t symbols = 0, blind = 0, common = 0, longest = 0;
  // A word with more than half as many runs of # as characters begins with one, so no word that begins with a letter is a symbol.
  for (size_t b = 0; b < blocks_.size(); ++b)
    for (uint64_t odd = blocks_[b].odd & ~blocks_[b].space; odd; odd &= odd - 1) {
      const size_t from = 64 * b + static_cast<size_t>(__builtin_ctzll(odd));
      const bool hash = text_[from] == '#';
      // "(word", "`word`", "*word": most of them.
      if (!hash && from + 1 < text_.size() && is_letter(static_cast<uint8_t>(text_[from + 1]))) continue;
      size_t end = from;
      bool letter = false;
      while (end < text_.size() && !(letter && !hash)) {
        const auto byte = static_cast<uint8_t>(text_[end]);
        if (byte < 0x80) {
          if (kAsciiSpace[byte]) break;
          letter |= is_letter(byte);
          ++end;
          continue;
        }
        if (blocks_[end / 64].space >> (end % 64) & 1) break;
        const auto [code, bytes] = decode(text_.data() + end);
        letter |= (extra[code] & kAlphabetic) != 0;
        end += bytes;
      }
      if (letter && !hash) continue;
      const std::string_view word = text_.substr(from, end - from);
      blind += !letter;
      symbols += is_symbol_word(word, hash ? static_cast<uint32_t>(characters(word)) : 0, hash);
    }
  // Where the word of most bytes is all ASCII, none has more characters.
  const uint32_t* bounds = bounds_.data();
  uint32_t most = 0, at = 0;
  for (uint32_t i = 0; i < words_; ++i) {
    const uint32_t size = bounds[2 * i + 1] - bounds[2 * i];
    at = size > most ? i : at;
    most = size > most ? size : most;
  }
  if (most > 0) longest = characters(word(at));
  if (longest < most)
    for (uint32_t i = 0; i < words_; ++i)
      if (bounds[2 * i + 1] - bounds[2 * i] > longest) longest = std::max(longest, characters(word(i)));
  for (uint32_t i = 0; i < words_ && common < 2; ++i)
    if (word(i).size() <= 4) common += std::ranges::find(kCommon, word(i)) != std::end(kCommon);
  out[kNemoSymbolToWord] = ratio(symbols, words_);
  out[kNemoWords] = static_cast<double>(words_);
  out[kNemoAlphabets] = ratio(words_ - blind, words_);
  out[kNemoCommonWords] = static_cast<double>(common);
  out[kNemoMeanWordLength] = ratio(totals_.nonspace, words_);
  out[kNemoLongestWord] = words_ ? static_cast<double>(longest) : kNone;
}

void Nemo::lines(std::span<double> out) {
  breaks_.clear();
  for (size_t b = 0; b < blocks_.size(); ++b)
    for (uint64_t newlines = blocks_[b].newline; newlines; newlines &= newlines - 1)
      breaks_.push_back(static_cast<uint32_t>(64 * b + static_cast<size_t>(__builtin_ctzll(newlines))));
  breaks_.push_back(static_cast<uint32_t>(text_.size()));
  size_t count = 0, bullets = 0, open = 0, ellipses = 0, distinct = 0, blank = 0, repeated = 0, start = 0;
  seen_.reset(breaks_.size());
  for (const uint32_t end : breaks_) {
    const std::string_view line = text_.substr(start, end - start);
    start = end + 1;
    const std::string_view stripped = quickly_stripped(line);
    if (stripped.empty()) {
      if (!line.empty()) blank += characters(line);
      continue;
    }
    ++count;
    if (seen_.add_is_new(line)) ++distinct;
    else repeated += characters(line);
    if (static_cast<uint8_t>(stripped[0]) >= 0xe2)
      bullets += std::ranges::any_of(kBullets, [&](std::string_view bullet) { return stripped.starts_with(bullet); });
    const char last = stripped.back();
    open += !(last == '.' || last == '?' || last == '!' || last == '"' || last == '\'');
    ellipses += ends_in_ellipsis(stripped);
  }
  exhausted_ |= seen_.exhausted();
  out[kNemoRepeatedLines] = ratio(distinct, count);
  const size_t all = characters(text_) - (breaks_.size() - 1) - blank;
  out[kNemoRepeatedLineCharacters] = ratio(all - repeated, all);
  out[kNemoPunctuation] = ratio(open, count);
  out[kNemoEllipsis] = ratio(ellipses, count);
  out[kNemoBullets] = ratio(bullets, count);
  paragraphs(count, distinct, out);
}

// True if some word stands in the text, in any case, of which every phrase that boilerplate is known by has one.
bool Nemo::suspicious() const {
  if (kelvin_) return true;
  const auto stands = [&](size_t at, size_t before, std::string_view word) {
    if (at < before || at - before + word.size() > text_.size()) return false;
    const std::string_view found = text_.substr(at - before, word.size());
    return std::ranges::equal(word, found, [](char a, char b) { return a == (b >= 'A' && b <= 'Z' ? b + 32 : b); });
  };
  for (size_t b = 0; b < blocks_.size(); ++b)
    for (uint64_t places = blocks_[b].phrase; places; places &= places - 1) {
      const size_t at = 64 * b + static_cast<size_t>(__builtin_ctzll(places));
      switch (text_[at] | 0x20) {
        case 'o': if (stands(at, 2, "cookie")) return true; break;
        case 'v': if (stands(at, 3, "privacy")) return true; break;
        case 'm': if (stands(at, 3, "terms of use")) return true; break;
        default: if (stands(at, 7, "lorem ipsum")) return true; break;
      }
    }
  return false;
}

void Nemo::paragraphs(size_t lines, size_t distinct_lines, std::span<double> out) {
  // Paragraphs hold whole lines: where no line repeats, no paragraph does but those without one.
  const bool only_blank = lines == distinct_lines;
  size_t count = 0, distinct = 0, repeated = 0, policies = 0, start = 0;
  seen_.reset(breaks_.size());
  const auto add = [&](size_t end) {
    const std::string_view paragraph = text_.substr(start, end - start);
    ++count;
    if ((only_blank && !quickly_stripped(paragraph).empty()) || seen_.add_is_new(paragraph)) ++distinct;
    else repeated += characters(paragraph);
  };
  for (size_t i = 0; i + 1 < breaks_.size(); ++i) {
    const size_t at = breaks_[i];
    if (at < start || breaks_[i + 1] != at + 1 || at + 1 == text_.size()) continue;
    add(at);
    start = at + 2;
  }
  add(text_.size());
  exhausted_ |= seen_.exhausted();
  out[kNemoBoilerplate] = 0;
  if (suspicious()) {
    lower_.clear();
    append_lower(text_, lower_);
    for_each_piece(lower_, 2, [&](std::string_view paragraph) {
      policies += std::ranges::any_of(kPolicies, [&](std::string_view phrase) { return contains(paragraph, phrase); });
    });
    out[kNemoBoilerplate] = contains(lower_, "lorem ipsum") ? 1 : ratio(policies, count);
  }
  out[kNemoRepeatedParagraphs] = ratio(distinct, count);
  const size_t all = characters(text_) - 2 * (count - 1);
  out[kNemoRepeatedParagraphCharacters] = ratio(all - repeated, all);
}

bool Nemo::same_pair(uint32_t a, uint32_t b) const {
  const uint32_t *left = &bounds_[2 * a], *right = &bounds_[2 * b];
  for (int k = 0; k < 4; k += 2) {
    const size_t size = left[k + 1] - left[k];
    if (size != right[k + 1] - right[k]) return false;
    const char *x = text_.data() + left[k], *y = text_.data() + right[k];
    if (size > 16) {
      if (std::memcmp(x, y, size) != 0) return false;
      continue;
    }
    uint64_t first[2], second[2];
    std::memcpy(first, x, 16);
    std::memcpy(second, y, 16);
    if (((first[0] ^ second[0]) & kFront[size][0]) | ((first[1] ^ second[1]) & kFront[size][1])) return false;
  }
  return true;
}

// Numbers the pairs of neighbouring words in the order of first sight, counts them, and collects those that occur again.
void Nemo::number_pairs() {
  hashes_.resize(words_);
  const uint32_t* bounds = bounds_.data();
  uint64_t left = hash_word(text_.data() + bounds[0], bounds[1] - bounds[0]);
  for (uint32_t i = 0; i + 1 < words_; ++i) {
    const uint64_t right = hash_word(text_.data() + bounds[2 * i + 2], bounds[2 * i + 3] - bounds[2 * i + 2]);
    hashes_[i] = ((left << 23 | left >> 41) ^ right) * 0x9e3779b97f4a7c15ull;
    left = right;
  }
  pair_of_.resize(words_);
  firsts_.resize(words_);
  counts_.resize(words_);
  live_.assign(words_ / 64 + 1, 0);
  const size_t pairs = words_ < 0xffff ? fill(small_slots_) : fill(slots_);
  counts_.resize(pairs);
  pairs_.clear();
  for (size_t b = 0; b < live_.size(); ++b)
    for (uint64_t bits = live_[b]; bits; bits &= bits - 1) {
      const auto at = static_cast<uint32_t>(64 * b + static_cast<size_t>(__builtin_ctzll(bits)));
      pairs_.push_back({at, pair_of_[at], firsts_[pair_of_[at]] == at});
    }
}

// How many pairs there are. A slot holds a tag and a number of a pair + 1, half of its bits each.
template <class Slot>
size_t Nemo::fill(std::vector<Slot>& slots) {
  constexpr int kHalf = sizeof(Slot) * 4;
  constexpr Slot kNumber = (Slot{1} << kHalf) - 1;
  size_t size = 64;
  while (size < 3 * words_) size *= 2;
  if (slots.size() < size) slots.resize(size);
  std::memset(slots.data(), 0, size * sizeof(Slot));
  const size_t mask = size - 1;
  uint64_t probes_left = kProbesPerEntry * (words_ + 64);
  uint32_t pairs = 0;
  for (uint32_t i = 0; i + 1 < words_; ++i) {
    const uint64_t hash = hashes_[i];
    const Slot tag = static_cast<Slot>(hash >> (64 - kHalf));
    for (size_t at = hash >> 24 & mask;; at = (at + 1) & mask) {
      const Slot slot = slots[at];
      if (slot == 0) {
        firsts_[pairs] = i;
        counts_[pairs] = 1;
        pair_of_[i] = pairs++;
        slots[at] = tag << kHalf | pairs;
        break;
      }
      const auto number = static_cast<uint32_t>(slot & kNumber) - 1;
      if ((slot >> kHalf == tag && same_pair(firsts_[number], i)) || probes_left == 0) {
        ++counts_[number];
        pair_of_[i] = number;
        live_[i / 64] |= uint64_t{1} << (i % 64);
        live_[firsts_[number] / 64] |= uint64_t{1} << (firsts_[number] % 64);
        break;
      }
      --probes_left;
    }
  }
  exhausted_ |= probes_left == 0;
  return pairs;
}

void Nemo::grams(std::span<double> out) {
  const auto all = static_cast<double>(text_.size() - totals_.inner);
  for (int s = kNemoTop2Gram; s <= kNemoDup10Gram; ++s) out[s] = 1;
  if (words_ < 2) return;
  number_pairs();
  sums_.clear();
  repeats_.run(words_, pairs_, counts_, 10, [&](int n, std::span<const Gram> grams, std::span<const uint32_t> counts) {
    const auto size = static_cast<uint32_t>(n);
    if (n <= 4) {
      const uint32_t top = top_gram(grams, counts).at;
      joined_.assign(word(top));
      for (uint32_t i = 1; i < size; ++i) joined_.append(" ").append(word(top + i));
      const size_t found = nemo_count(text_.data(), text_.size(), joined_.data(), joined_.size());
      const size_t each = count_characters(joined_);
      out[kNemoTop2Gram + n - 2] = static_cast<double>(found * each) / all;
      return;
    }
    uint64_t total = 0;
    uint32_t counted = 0;  // words before this place are counted already
    for (const Gram& gram : grams) {
      if (gram.first) continue;
      if (sums_.empty()) {
        sums_.push_back(0);
        for (uint32_t i = 0; i < words_; ++i) sums_.push_back(sums_.back() + static_cast<uint32_t>(characters(word(i))));
      }
      const uint32_t from = std::max(gram.at, counted), overlap = from - gram.at;
      counted = gram.at + size;
      total += sums_[counted] - sums_[from] + std::min(size - overlap, size - 1);
    }
    out[kNemoDup5Gram + n - 5] = static_cast<double>(total) / all;
  });
  exhausted_ |= repeats_.exhausted();
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
  words(out);
  lines(out);
  grams(out);
  return !exhausted_;
}

}  // namespace millrace::text
