#pragma once
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace millrace::tokenizer {

// What the pre-tokenizer asks of a code point, as bits. kUpper and kLower are the sets A and B of patterns.md (both hold Lm, Lo and M).
enum Class : uint8_t { kLetter = 1, kNumber = 2, kSpace = 4, kHan = 8, kUpper = 16, kLower = 32, kNewline = 64 };

struct Character {
  uint32_t code;
  uint8_t bytes;
  uint8_t classes;
};

// The classes of a code point below 0x110000.
uint8_t classes_of(uint32_t code);

// The character at `at` of valid UTF-8, at < text.size().
Character character_at(std::string_view text, size_t at);

// Position of the first byte that is not well-formed UTF-8 (Unicode 17, table 3-7: no surrogates, nothing overlong, at most U+10FFFF);
// text.size() if all is.
size_t first_invalid(std::string_view text);

const char* unicode_version();

}  // namespace millrace::tokenizer
