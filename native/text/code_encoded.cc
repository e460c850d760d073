// Encoded data after StarCoder2. All three expressions are matched by hand: long runs are looked for at the place where they would have to
// be, so that most bytes of ordinary code are never read.
#include <array>

#include "native/text/code.h"

namespace millrace::text {
namespace {

constexpr auto kIsHex = [] {
  std::array<bool, 256> table{};
  for (int c = '0'; c <= '9'; ++c) table[c] = true;
  for (int c = 'a'; c <= 'f'; ++c) table[c] = table[c - 32] = true;
  return table;
}();

constexpr auto kIsBase64 = [] {
  std::array<bool, 256> table{};
  for (int c = 0; c < 256; ++c)
    table[c] = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '+' || c == '/' || c == '=' || c == '\n';
  return table;
}();

// \s of ASCII.
constexpr bool is_space(uint8_t c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

// \w; letters beyond ASCII are word characters of the module re, and marks beyond it are rare beside hexadecimal digits.
constexpr bool is_word(uint8_t c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c >= 0x80; }

constexpr auto kInHexRun = [] {
  std::array<bool, 256> table = kIsHex;
  for (int c : {'x', '\\', ',', ' ', '\t', '\n', '\v', '\f', '\r'}) table[c] = true;
  return table;
}();

void add(Encoded& to, size_t length) {
  to.total += length;
  if (length > to.longest) to.longest = length;
}

// Calls visit(begin, end) for each longest run of at least `least` bytes of a set.
template <class Visit>
void for_each_run(std::string_view text, const std::array<bool, 256>& set, size_t least, Visit&& visit) {
  const auto in = [&](size_t i) { return set[static_cast<uint8_t>(text[i])]; };
  // A run that begins at or behind i reaches i + least - 1 or does not begin at i: look there first, and skip what cannot.
  for (size_t i = 0; i + least <= text.size();) {
    size_t at = i + least;
    while (at > i && in(at - 1)) --at;
    if (at > i) {
      i = at;
      continue;
    }
    size_t end = i + least;
    while (end < text.size() && in(end)) ++end;
    visit(i, end);
    i = end + 1;
  }
}

bool boundary(std::string_view text, size_t at) {
  const bool before = at > 0 && is_word(static_cast<uint8_t>(text[at - 1]));
  const bool after = at < text.size() && is_word(static_cast<uint8_t>(text[at]));
  return before != after;
}

// One repetition of the second expression at `at`: where it ends, or 0.
size_t hex_group(std::string_view text, size_t at) {
  if (!boundary(text, at)) return 0;
  const auto byte = [&](size_t i) { return i < text.size() ? static_cast<uint8_t>(text[i]) : uint8_t{0}; };
  const auto rest = [&](size_t digits) -> size_t {
    if (!kIsHex[byte(digits)] || !kIsHex[byte(digits + 1)]) return 0;
    size_t end = digits + 2;
    if (byte(end) == ',') return end + 1;
    if (!boundary(text, end)) return 0;
    while (is_space(byte(end))) ++end;
    return end;
  };
  if ((byte(at) == '0' || byte(at) == '\\') && byte(at + 1) == 'x')
    if (const size_t end = rest(at + 2)) return end;
  return rest(at);
}

void hex_sequences(std::string_view text, size_t begin, size_t end, Encoded& found) {
  for (size_t at = begin; at < end;) {
    size_t last = at, groups = 0;
    while (const size_t next = hex_group(text, last)) {
      last = next;
      ++groups;
    }
    if (groups >= 8) add(found, last - at);
    // Groups that are too few can be passed over: a match that begins inside would have begun here.
    at = groups == 0 ? at + 1 : last;
  }
}

void unicode_escapes(std::string_view text, Encoded& found) {
  for (size_t at = text.find("\\u"); at != std::string_view::npos; at = text.find("\\u", at)) {
    size_t end = at, groups = 0;
    const auto group = [&] {
      if (end + 6 > text.size() || text[end] != '\\' || text[end + 1] != 'u') return false;
      for (size_t i = 2; i < 6; ++i)
        if (!kIsHex[static_cast<uint8_t>(text[end + i])]) return false;
      return true;
    };
    for (; group(); end += 6) ++groups;
    if (groups >= 8) add(found, end - at);
    at = groups == 0 ? at + 2 : end;
  }
}

}  // namespace

Encoded find_encoded(std::string_view text) {
  Encoded found;
  for_each_run(text, kIsBase64, 64, [&](size_t begin, size_t end) { add(found, end - begin); });
  for_each_run(text, kInHexRun, 16, [&](size_t begin, size_t end) { hex_sequences(text, begin, end, found); });
  unicode_escapes(text, found);
  return found;
}

}  // namespace millrace::text
