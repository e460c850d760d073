#pragma once
#include <array>
#include <cstdint>
#include <string_view>

namespace millrace::text {

// What a code point is, in the sense of CPython's str methods and of datatrove's punctuation sets (classes.inc). Bits of one byte.
enum Class : uint8_t {
  kSpace = 1,          // str.isspace, which is also what str.split() and str.strip() take for white space
  kLineBreak = 2,      // ends a line for str.splitlines()
  kLetter = 4,         // str.isalpha
  kDecimal = 8,        // str.isdecimal, which is \d of the module re
  kAlphanumeric = 16,  // str.isalnum
  kUpper = 32,         // str.isupper
  kPunctuation = 64,   // PUNCTUATION_SET of datatrove: marks, and control characters
  kSentenceEnd = 128,  // TERMINAL_PUNCTUATION of datatrove; a subset of kPunctuation
};

// One byte of classes per code point, 0x110000 of them. Made once, on first need.
const uint8_t* class_table();

// True for well-formed UTF-8: no overlong forms, no surrogates, nothing above U+10FFFF. All functions below require it.
bool is_utf8(std::string_view text);

// Length in code points.
size_t count_characters(std::string_view text);

struct Decoded {
  uint32_t code;
  uint32_t bytes;
};

inline Decoded decode(const char* at) {
  const auto* p = reinterpret_cast<const uint8_t*>(at);
  if (p[0] < 0x80) return {p[0], 1};
  if (p[0] < 0xe0) return {uint32_t(p[0] & 0x1f) << 6 | (p[1] & 0x3f), 2};
  if (p[0] < 0xf0) return {uint32_t(p[0] & 0x0f) << 12 | uint32_t(p[1] & 0x3f) << 6 | (p[2] & 0x3f), 3};
  return {uint32_t(p[0] & 0x07) << 18 | uint32_t(p[1] & 0x3f) << 12 | uint32_t(p[2] & 0x3f) << 6 | (p[3] & 0x3f), 4};
}

// The last code point before `end`, which lies behind at least one.
inline Decoded decode_before(const char* end) {
  const char* at = end - 1;
  while ((static_cast<uint8_t>(*at) & 0xc0) == 0x80) --at;
  return decode(at);
}

// str.strip(), str.lstrip(), str.rstrip() without arguments.
std::string_view strip_left(std::string_view text);
std::string_view strip_right(std::string_view text);
inline std::string_view strip(std::string_view text) { return strip_right(strip_left(text)); }

// Calls visit(line) for each element of str.splitlines().
template <class Visit>
void for_each_line(std::string_view text, Visit&& visit) {
  const uint8_t* classes = class_table();
  const char *at = text.data(), *end = at + text.size(), *start = at;
  while (at < end) {
    const auto byte = static_cast<uint8_t>(*at);
    // U+0085 begins with C2, U+2028 and U+2029 with E2: no other byte above ASCII can end a line.
    if (byte < 0x80 ? !(classes[byte] & kLineBreak) : byte != 0xc2 && byte != 0xe2) {
      ++at;
      continue;
    }
    const auto [code, bytes] = decode(at);
    if (classes[code] & kLineBreak) {
      visit(std::string_view(start, at - start));
      at += bytes;
      if (code == '\r' && at < end && *at == '\n') ++at;
      start = at;
    } else {
      at += bytes;
    }
  }
  if (start < end) visit(std::string_view(start, end - start));
}

// Calls visit(element) for each element of re.split("\n{least,}", text); at least one.
template <class Visit>
void for_each_block(std::string_view text, size_t least, Visit&& visit) {
  size_t start = 0;
  for (size_t at = text.find('\n'); at != std::string_view::npos; at = text.find('\n', at)) {
    const size_t breaks = at;
    while (at < text.size() && text[at] == '\n') ++at;
    if (at - breaks < least) continue;
    visit(text.substr(start, breaks - start));
    start = at;
  }
  visit(text.substr(start));
}

}  // namespace millrace::text
