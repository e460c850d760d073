#pragma once
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace millrace::tokenizer {

// What the pre-tokenizers ask of a code point, as bits. kUpper and kLower are the sets A and B of patterns.md (both hold Lm, Lo and M,
// and nothing of Han); kSymbol is P or S.
enum Class : uint8_t { kLetter = 1, kNumber = 2, kSpace = 4, kHan = 8, kUpper = 16, kLower = 32, kMark = 64, kSymbol = 128 };

#include "native/tokenizer/unicode_tables.inc"

struct Character {
  uint32_t code;
  uint8_t bytes;
  uint8_t classes;
};

// The classes of a code point below 0x110000.
inline uint8_t classes_of(uint32_t code) { return kLeaves[kBlocks[code >> 7]][code & 127]; }

// The character at `at` of valid UTF-8, at < text.size(). In the header, since the scanner asks it of every character.
inline Character character_at(std::string_view text, size_t at) {
  const auto* s = reinterpret_cast<const uint8_t*>(text.data()) + at;
  if (s[0] < 0x80) return {s[0], 1, kLeaves[0][s[0]]};
  if (s[0] < 0xE0) {
    const uint32_t code = (s[0] & 0x1Fu) << 6 | (s[1] & 0x3Fu);
    return {code, 2, classes_of(code)};
  }
  if (s[0] < 0xF0) {
    const uint32_t code = (s[0] & 0x0Fu) << 12 | (s[1] & 0x3Fu) << 6 | (s[2] & 0x3Fu);
    return {code, 3, classes_of(code)};
  }
  const uint32_t code = (s[0] & 0x07u) << 18 | (s[1] & 0x3Fu) << 12 | (s[2] & 0x3Fu) << 6 | (s[3] & 0x3Fu);
  return {code, 4, classes_of(code)};
}

// Position of the first byte that is not well-formed UTF-8 (Unicode 17, table 3-7: no surrogates, nothing overlong, at most U+10FFFF);
// text.size() if all is.
size_t first_invalid(std::string_view text);

const char* unicode_version();

}  // namespace millrace::tokenizer
