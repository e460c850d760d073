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

// Four counters of 16 bits side by side, so that a byte costs one look-up and one addition.
constexpr int kPlainLane = 0, kDigitLane = 16, kWhiteLane = 32, kParenthesisLane = 48;
constexpr auto kLanes = [] {
  std::array<uint64_t, 256> lanes{};
  for (int c = 0; c < 128; ++c) {
    const bool plain = is_letter(c) || is_digit(c) || c == '\n' || c == '?' || c == '!' || c == ',' || c == '.';
    const bool white = c == '\t' || c == '\n' || c == '\r' || c == '\b' || c == ' ';
    const bool parenthesis = c == '{' || c == '}' || c == '[' || c == ']' || c == '(' || c == ')';
    lanes[c] = uint64_t{plain} << kPlainLane | uint64_t{is_digit(c)} << kDigitLane | uint64_t{white} << kWhiteLane |
               uint64_t{parenthesis} << kParenthesisLane;
  }
  return lanes;
}();

enum : uint8_t { kIsSpace = 1, kIsLetter = 2, kIsHash = 4, kIsHigh = 8 };
constexpr auto kBytes = [] {
  std::array<uint8_t, 256> flags{};
  for (int c = 0; c < 128; ++c)
    flags[c] = static_cast<uint8_t>((is_letter(c) ? kIsLetter : 0) | (c == '#' ? kIsHash : 0) |
                                    (c == ' ' || (c >= 9 && c <= 13) || (c >= 28 && c <= 31) ? kIsSpace : 0));
  for (int c = 128; c < 256; ++c) flags[c] = kIsHigh;
  return flags;
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

// Bytes of https?://(?:[A-Za-z0-9$\-_@.&+/:=?#~]|[!*\(\),]|(?:%[0-9A-Fa-f]{2}))+, all matches together.
size_t url_characters(std::string_view text) {
  static constexpr auto follows = [] {
    std::array<bool, 256> table{};
    for (int c = 0; c < 128; ++c) table[c] = is_letter(c) || is_digit(c);
    for (const char c : std::string_view("$-_@.&+/:=?#~!*(),")) table[static_cast<uint8_t>(c)] = true;
    return table;
  }();
  const auto hexadecimal = [](char c) { return is_digit(c) || (c >= 'A' && c <= 'F') || (c >= 'a' && c <= 'f'); };
  size_t total = 0;
  for (size_t at = 0;;) {
    const void* found = memmem(text.data() + at, text.size() - at, "://", 3);
    if (!found) return total;
    const size_t colon = static_cast<size_t>(static_cast<const char*>(found) - text.data());
    const size_t least = at;
    at = colon + 3;
    const std::string_view before = text.substr(least, colon - least);
    const size_t scheme = before.ends_with("http") ? 4 : before.ends_with("https") ? 5 : 0;
    if (scheme == 0) continue;
    size_t end = at;
    while (end < text.size()) {
      if (follows[static_cast<uint8_t>(text[end])]) ++end;
      else if (text[end] == '%' && end + 2 < text.size() && hexadecimal(text[end + 1]) && hexadecimal(text[end + 2])) end += 3;
      else break;
    }
    if (end == at) continue;
    total += end - colon + scheme;
    at = end;
  }
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

struct Nemo::Characters {
  uint64_t all = 0, plain = 0, digits = 0, white = 0, parentheses = 0;
};

void Nemo::characters(std::string_view text, Characters& counts) {
  constexpr size_t kBlock = 1 << 15;  // below what a counter holds
  for (size_t start = 0; start < text.size(); start += kBlock) {
    const auto* at = reinterpret_cast<const uint8_t*>(text.data()) + start;
    const auto* end = at + std::min(kBlock, text.size() - start);
    uint64_t even = 0, odd = 0;
    for (; end - at >= 2; at += 2) {
      even += kLanes[at[0]];
      odd += kLanes[at[1]];
    }
    if (at < end) even += kLanes[*at];
    even += odd;
    counts.plain += even >> kPlainLane & 0xffff;
    counts.digits += even >> kDigitLane & 0xffff;
    counts.white += even >> kWhiteLane & 0xffff;
    counts.parentheses += even >> kParenthesisLane & 0xffff;
  }
}

void Nemo::words(std::string_view text, Characters& counts, std::span<double> out) {
  const uint8_t* classes = class_table();
  const uint8_t* extra = published_class_table();
  const char *data = text.data(), *at = data, *end = data + text.size();
  uint64_t continuations = 0, sum = 0;
  size_t symbols = 0, alphabetic = 0, common = 0;
  uint32_t longest = 0;
  words_.clear();
  sums_.clear();
  while (at < end) {
    const char* start = at;
    const uint64_t continued = continuations;
    uint8_t any = 0;
    uint32_t space = 0;
    while (at < end) {
      const uint8_t flags = kBytes[static_cast<uint8_t>(*at)];
      if (flags & kIsSpace) {
        space = 1;
        break;
      }
      if (!(flags & kIsHigh)) {
        any |= flags;
        ++at;
        continue;
      }
      const auto [code, bytes] = decode(at);
      continuations += bytes - 1;
      if (classes[code] & kSpace) {
        space = bytes;
        break;
      }
      any |= (extra[code] & kAlphabetic) ? kIsLetter : 0;
      counts.parentheses += code == 0x27e8 || code == 0x27e9;
      at += bytes;
    }
    if (at > start) {
      const std::string_view word(start, static_cast<size_t>(at - start));
      const auto length = static_cast<uint32_t>(word.size() - (continuations - continued - (space > 1 ? space - 1 : 0)));
      words_.push_back(word);
      sums_.push_back(static_cast<uint32_t>(sum));
      sum += length;
      longest = std::max(longest, length);
      symbols += is_symbol_word(word, length, any & kIsHash);
      alphabetic += (any & kIsLetter) != 0;
      if (common < 2 && word.size() <= 4) common += std::ranges::find(kCommon, word) != std::end(kCommon);
    }
    at += space;
  }
  sums_.push_back(static_cast<uint32_t>(sum));
  counts.all = text.size() - continuations;
  const size_t n = words_.size();
  out[kNemoSymbolToWord] = ratio(symbols, n);
  out[kNemoWords] = static_cast<double>(n);
  out[kNemoAlphabets] = ratio(alphabetic, n);
  out[kNemoCommonWords] = static_cast<double>(common);
  out[kNemoMeanWordLength] = ratio(sum, n);
  out[kNemoLongestWord] = n ? longest : kNone;
}

void Nemo::lines(std::string_view text, std::span<double> out) {
  size_t count = 0, bullets = 0, open = 0, ellipses = 0, distinct = 0, characters = 0, distinct_characters = 0;
  seen_.reset(static_cast<size_t>(std::count(text.begin(), text.end(), '\n')) + 1);
  for_each_piece(text, 1, [&](std::string_view line) {
    const std::string_view stripped = strip(line);
    if (stripped.empty()) return;
    ++count;
    const size_t length = count_characters(line);
    characters += length;
    if (seen_.add_is_new(line)) {
      ++distinct;
      distinct_characters += length;
    }
    if (static_cast<uint8_t>(stripped[0]) >= 0xe2)
      bullets += std::ranges::any_of(kBullets, [&](std::string_view bullet) { return stripped.starts_with(bullet); });
    switch (stripped.back()) {
      case '.': case '?': case '!': case '"': case '\'': break;
      default: ++open;
    }
    switch (stripped.back()) {
      case '.': case ']': case ')': case '\xa6': case '\xbb': case 'e': case 'E': {
        char tail[11];
        const std::string_view last = stripped.substr(stripped.size() - std::min<size_t>(stripped.size(), sizeof tail));
        std::ranges::transform(last, tail, [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
        const std::string_view lower(tail, last.size());
        ellipses += std::ranges::any_of(kEllipses, [&](std::string_view mark) { return lower.ends_with(mark); });
        break;
      }
      default: break;
    }
  });
  exhausted_ |= seen_.exhausted();
  out[kNemoRepeatedLines] = ratio(distinct, count);
  out[kNemoRepeatedLineCharacters] = ratio(distinct_characters, characters);
  out[kNemoPunctuation] = ratio(open, count);
  out[kNemoEllipsis] = ratio(ellipses, count);
  out[kNemoBullets] = ratio(bullets, count);
}

void Nemo::paragraphs(std::string_view text, std::span<double> out) {
  lower_.clear();
  append_lower(text, lower_);
  // Nearly every text lacks all of these words, and every phrase has one of them.
  const bool suspect = contains(lower_, "cookie") || contains(lower_, "privacy") || contains(lower_, "terms of use");
  size_t count = 0, distinct = 0, characters = 0, distinct_characters = 0, policies = 0;
  seen_.reset(static_cast<size_t>(std::count(text.begin(), text.end(), '\n')) / 2 + 1);
  for_each_piece(text, 2, [&](std::string_view paragraph) {
    ++count;
    const size_t length = count_characters(paragraph);
    characters += length;
    if (!seen_.add_is_new(paragraph)) return;
    ++distinct;
    distinct_characters += length;
  });
  exhausted_ |= seen_.exhausted();
  if (suspect)
    for_each_piece(lower_, 2, [&](std::string_view paragraph) {
      policies += std::ranges::any_of(kPolicies, [&](std::string_view phrase) { return contains(paragraph, phrase); });
    });
  out[kNemoBoilerplate] = contains(lower_, "lorem ipsum") ? 1 : ratio(policies, count);
  out[kNemoRepeatedParagraphs] = ratio(distinct, count);
  out[kNemoRepeatedParagraphCharacters] = ratio(distinct_characters, characters);
}

void Nemo::grams(std::string_view text, double characters, std::span<double> out) {
  seen_.reset(words_.size());
  ids_.clear();
  for (const std::string_view word : words_) ids_.push_back(seen_.add(word));
  exhausted_ |= seen_.exhausted();
  for (int s = kNemoTop2Gram; s <= kNemoDup10Gram; ++s) out[s] = 1;
  repeats_.run(ids_, 10, [&](int n, std::span<const Gram> grams, std::span<const uint32_t> counts) {
    const auto size = static_cast<uint32_t>(n);
    if (n <= 4) {
      const uint32_t top = top_gram(grams, counts).at;
      joined_.assign(words_[top]);
      for (uint32_t i = 1; i < size; ++i) joined_.append(" ").append(words_[top + i]);
      size_t found = 0;
      const char *at = text.data(), *end = at + text.size();
      while (const auto* next = static_cast<const char*>(memmem(at, static_cast<size_t>(end - at), joined_.data(), joined_.size()))) {
        ++found;
        at = next + joined_.size();
      }
      const double each = sums_[top + size] - sums_[top] + size - 1;
      out[kNemoTop2Gram + n - 2] = static_cast<double>(found) * each / characters;
      return;
    }
    uint64_t total = 0;
    uint32_t counted = 0;  // words before this place are counted already
    for (const Gram& gram : grams) {
      if (gram.first) continue;
      const uint32_t from = std::max(gram.at, counted), overlap = from - gram.at;
      counted = gram.at + size;
      total += sums_[counted] - sums_[from] + std::min(size - overlap, size - 1);
    }
    out[kNemoDup5Gram + n - 5] = static_cast<double>(total) / characters;
  });
  exhausted_ |= repeats_.exhausted();
}

bool Nemo::measure(std::string_view text, std::span<double> out) {
  exhausted_ = false;
  std::ranges::fill(out, kNone);
  Characters counts;
  characters(text, counts);
  words(text, counts, out);
  const auto share = [&](uint64_t part) { return counts.all ? static_cast<double>(part) / static_cast<double>(counts.all) : 1; };
  out[kNemoAlphaNumeric] = share(counts.all - counts.plain);
  out[kNemoNumbers] = share(counts.digits);
  out[kNemoUrls] = share(url_characters(text));
  out[kNemoWhiteSpace] = share(counts.white);
  out[kNemoParentheses] = share(counts.parentheses);
  lines(text, out);
  paragraphs(text, out);
  grams(text, static_cast<double>(counts.all), out);
  return !exhausted_;
}

}  // namespace millrace::text
