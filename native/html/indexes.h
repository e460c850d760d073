#pragma once
#include <cstdint>

namespace millrace::html {

// An index of the Encoding Standard by pointer; 0 where there is no character.
struct CharacterIndex {
  const uint32_t* codes;
  uint32_t size;
  uint32_t operator[](uint32_t pointer) const { return pointer < size ? codes[pointer] : 0; }
};

// Unpacked on first use, 45 to 95 KB each.
const CharacterIndex& jis0208();
const CharacterIndex& jis0212();
const CharacterIndex& euc_kr_index();
const CharacterIndex& gb18030_index();
const CharacterIndex& big5_index();

// The code point of a four-byte pointer of gb18030; 0 for none.
uint32_t gb18030_range(uint32_t pointer);

// Code points of bytes 0x80..0xff in a single-byte encoding (an Encoding below single_byte_count()).
const uint16_t* single_byte(uint8_t encoding);
uint8_t single_byte_count();

}  // namespace millrace::html
