#include "native/text/dclm_lines.h"

#include <algorithm>

#include "native/text/published_classes.h"
#include "native/text/spaced.h"

namespace millrace::text {
namespace {

constexpr std::string_view kCounted[] = {"likes",     "shares",  "comments",  "retweets",  "reposts", "quotes",
                                         "bookmarks", "upvotes", "downvotes", "downloads", "views",   "followers"};
constexpr size_t kPhraseWords = 10;

bool is_word_character(uint32_t code) { return code == '_' || (class_table()[code] & kAlphanumeric); }
bool is_space(uint32_t code) { return class_table()[code] & kSpace; }

// The ASCII letter of str.lower, else the character itself.
uint32_t lower(uint32_t code) { return code >= 'A' && code <= 'Z' ? code + 32 : code == 0x212a ? 'k' : code; }

// Lines for which keep(line) holds, joined again; white space at both ends goes if `stripped`.
template <class Keep>
std::string kept_lines(std::string_view text, bool stripped, Keep&& keep) {
  std::string result;
  bool first = true;
  for_each_piece(text, 1, [&](std::string_view line) {
    if (!keep(line)) return;
    if (!first) result.push_back('\n');
    first = false;
    result.append(line);
  });
  return stripped ? std::string(strip(result)) : result;
}

template <class Is>
double share(std::string_view line, Is&& is) {
  size_t all = 0, those = 0;
  for (size_t i = 0; i < line.size(); ++all) {
    const auto [code, bytes] = decode(line.data() + i);
    i += bytes;
    those += is(code);
  }
  return static_cast<double>(those) / static_cast<double>(all);
}

size_t words(std::string_view line) {
  size_t count = 0;
  for_each_spaced_word(line, [&](const SpacedWord&) { ++count; });
  return count;
}

// ^\W*\d(?:,|\.|\d)*(?:k|m|b)?\s+(?:likes|…)\W*$ of the lower-cased line. No two neighbours in it can match the same character, so that it
// needs no way back.
bool is_counter(std::string_view line) {
  const uint8_t* classes = class_table();
  size_t at = 0;
  const auto skip = [&](auto&& is) {
    size_t count = 0;
    while (at < line.size()) {
      const auto [code, bytes] = decode(line.data() + at);
      if (!is(code)) break;
      at += bytes;
      ++count;
    }
    return count;
  };
  const auto decimal = [&](uint32_t code) { return (classes[code] & kDecimal) != 0; };
  const auto other = [](uint32_t code) { return !is_word_character(code); };
  skip(other);
  if (at == line.size() || !decimal(decode(line.data() + at).code)) return false;
  skip([&](uint32_t code) { return code == ',' || code == '.' || decimal(code); });
  if (at < line.size()) {
    const auto [code, bytes] = decode(line.data() + at);
    if (const uint32_t small = lower(code); small == 'k' || small == 'm' || small == 'b') at += bytes;
  }
  if (skip(is_space) == 0) return false;
  for (const std::string_view word : kCounted) {
    size_t i = 0, end = at;
    while (i < word.size() && end < line.size()) {
      const auto [code, bytes] = decode(line.data() + end);
      if (lower(code) != static_cast<uint8_t>(word[i])) break;
      end += bytes;
      ++i;
    }
    if (i < word.size()) continue;
    at = end;
    skip(other);
    return at == line.size();
  }
  return false;
}

bool same_letter(uint32_t code, char letter) {
  if (letter == 'i' && (code == 0x130 || code == 0x131)) return true;
  if (letter == 's' && code == 0x17f) return true;
  return code == static_cast<uint8_t>(letter) || (letter >= 'a' && letter <= 'z' && code == static_cast<uint8_t>(letter) - 32u);
}

// Bytes of `phrase` at the front of `text`, 0 if it does not stand there; a dot in it is any character.
size_t match(std::string_view text, std::string_view phrase) {
  size_t at = 0;
  for (const char letter : phrase) {
    if (at == text.size()) return 0;
    const auto [code, bytes] = decode(text.data() + at);
    if (letter != '.' && !same_letter(code, letter)) return 0;
    at += bytes;
  }
  return at;
}

enum class Place { anywhere, front, end };

// re.sub of \s?phrase, ^phrase\s? or \s?phrase$
std::string without(std::string_view line, std::string_view phrase, Place place) {
  std::string result;
  for (size_t at = 0; at < line.size();) {
    const auto [code, bytes] = decode(line.data() + at);
    size_t size = 0;
    if (place == Place::front) {
      if (at == 0) size = match(line, phrase);
      if (size && size < line.size())
        if (const auto next = decode(line.data() + size); is_space(next.code)) size += next.bytes;
    } else {
      const auto fits = [&](size_t from) {
        const size_t found = match(line.substr(from), phrase);
        return place == Place::end && from + found != line.size() ? 0 : found;
      };
      if (is_space(code))
        if (const size_t behind = fits(at + bytes)) size = bytes + behind;
      if (size == 0) size = fits(at);
    }
    if (size == 0) result.append(line.substr(at, size = bytes));
    at += size;
  }
  return result;
}

std::string without_phrase(std::string_view text, std::string_view phrase, Place place) {
  std::string result;
  bool first = true;
  for_each_piece(text, 1, [&](std::string_view line) {
    std::string cut;
    if (words(line) <= kPhraseWords) {
      cut = without(line, phrase, place);
      if (!line.empty() && strip_left(cut).empty()) return;
      line = cut;
    }
    if (!first) result.push_back('\n');
    first = false;
    result.append(line);
  });
  return std::string(strip(result));
}

}  // namespace

void dclm_lines(std::string_view text, std::string& edited) {
  const uint8_t* classes = class_table();
  const uint8_t* extra = published_class_table();
  std::string now = kept_lines(text, true, [&](std::string_view line) {
    return line.empty() || share(line, [&](uint32_t code) { return (classes[code] & kUpper) != 0; }) <= 0.5;
  });
  now = kept_lines(now, true, [&](std::string_view line) {
    return line.empty() || share(line, [&](uint32_t code) { return (extra[code] & kDigit) != 0; }) <= 0.999999;
  });
  now = kept_lines(now, true, [](std::string_view line) { return !is_counter(line); });
  now = kept_lines(now, false, [](std::string_view line) { return line.empty() || words(line) >= 2; });
  now = without_phrase(now, "items in cart", Place::anywhere);
  now = without_phrase(now, "read more...", Place::end);
  edited = without_phrase(now, "sign-in", Place::front);
}

}  // namespace millrace::text
