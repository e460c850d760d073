#include "native/text/segments.h"

#include <array>
#include <vector>

namespace millrace::text {
namespace {

struct Range {
  uint32_t first, last;
};
struct BreakRange {
  uint32_t first, last;
  uint8_t value;
};
#include "native/text/segments.inc"

constexpr bool is_ignored(WordBreak b) { return b == WordBreak::extend || b == WordBreak::format || b == WordBreak::zwj; }
constexpr bool is_letter(WordBreak b) { return b == WordBreak::letter || b == WordBreak::hebrew_letter; }
constexpr bool is_line_end(WordBreak b) { return b == WordBreak::cr || b == WordBreak::lf || b == WordBreak::newline; }
constexpr bool is_mid_num_let_q(WordBreak b) { return b == WordBreak::mid_num_let || b == WordBreak::single_quote; }
constexpr bool joins_letters(WordBreak b) { return b == WordBreak::mid_letter || is_mid_num_let_q(b); }
constexpr bool joins_numbers(WordBreak b) { return b == WordBreak::mid_num || is_mid_num_let_q(b); }

// Letters, digits and _ of ASCII: between any two of them stands no boundary (WB5, 8, 9, 10, 13a, 13b).
constexpr auto kAsciiWord = [] {
  std::array<bool, 256> table{};
  for (int c = 0; c < 128; ++c) table[c] = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
  return table;
}();

WordBreak value_at(const uint8_t* table, const char* at) { return static_cast<WordBreak>(table[decode(at).code] & ~kPictographic); }

// What stands at `at` once what attaches to its predecessor (WB4) is passed over; `other` at the end.
WordBreak next_value(const uint8_t* table, const char* at, const char* end) {
  while (at < end) {
    const auto [code, bytes] = decode(at);
    const auto value = static_cast<WordBreak>(table[code] & ~kPictographic);
    if (!is_ignored(value)) return value;
    at += bytes;
  }
  return WordBreak::other;
}

// WB5 to WB13b: no boundary between `left` and `right`; `before` stands left of left, `after` right of right.
bool joined(WordBreak before, WordBreak left, WordBreak right, auto&& after) {
  using enum WordBreak;
  if (is_letter(left)) {
    if (is_letter(right) || right == numeric || right == extend_num_let) return true;
    if (left == hebrew_letter && right == single_quote) return true;
    if (joins_letters(right) && is_letter(after())) return true;
    return left == hebrew_letter && right == double_quote && after() == hebrew_letter;
  }
  if (joins_letters(left) && is_letter(right) && is_letter(before)) return true;
  if (left == double_quote && right == hebrew_letter && before == hebrew_letter) return true;
  if (joins_numbers(left) && right == numeric && before == numeric) return true;
  if (left == numeric) return right == numeric || is_letter(right) || right == extend_num_let || (joins_numbers(right) && after() == numeric);
  if (left == katakana) return right == katakana || right == extend_num_let;
  return left == extend_num_let && (right == extend_num_let || is_letter(right) || right == numeric || right == katakana);
}

}  // namespace

const uint8_t* word_break_table() {
  static const std::vector<uint8_t> table = [] {
    std::vector<uint8_t> made(0x110000);
    for (const auto& [first, last, value] : kWordBreakRanges)
      for (uint32_t code = first; code <= last; ++code) made[code] = value;
    for (const auto& [first, last] : kPictographicRanges)
      for (uint32_t code = first; code <= last; ++code) made[code] |= kPictographic;
    return made;
  }();
  return table.data();
}

size_t next_segment(std::string_view text) {
  const uint8_t* table = word_break_table();
  const char *data = text.data(), *at = data, *end = data + text.size();
  WordBreak before = WordBreak::other, left;  // without what WB4 attaches
  if (kAsciiWord[static_cast<uint8_t>(*at)]) {
    while (at < end && kAsciiWord[static_cast<uint8_t>(*at)]) ++at;
    if (at == end || *at == ' ' || *at == '\n') return static_cast<size_t>(at - data);
    left = value_at(table, at - 1);
    before = at - data > 1 ? value_at(table, at - 2) : WordBreak::other;
  } else {
    const Decoded first = decode(at);
    at += first.bytes;
    left = static_cast<WordBreak>(table[first.code] & ~kPictographic);
    if (left == WordBreak::cr && at < end && *at == '\n') return 2;
    if (is_line_end(left)) return first.bytes;
  }
  WordBreak raw = left;       // of the character right before
  bool lone_indicator = left == WordBreak::regional_indicator;  // one that has no partner yet
  while (at < end) {
    const auto [code, bytes] = decode(at);
    const auto right = static_cast<WordBreak>(table[code] & ~kPictographic);
    if (is_line_end(right)) break;
    if (is_ignored(right)) {
      raw = right;
      at += bytes;
      continue;
    }
    const bool pictograph = raw == WordBreak::zwj && (table[code] & kPictographic);
    const bool spaces = raw == WordBreak::space && right == WordBreak::space;
    const bool flag = lone_indicator && right == WordBreak::regional_indicator;
    if (!pictograph && !spaces && !flag && !joined(before, left, right, [&] { return next_value(table, at + bytes, end); })) break;
    lone_indicator = right == WordBreak::regional_indicator && !flag;
    before = left;
    left = raw = right;
    at += bytes;
  }
  return static_cast<size_t>(at - data);
}

}  // namespace millrace::text
