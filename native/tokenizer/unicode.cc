#include "native/tokenizer/unicode.h"

#include <cstring>

namespace millrace::tokenizer {
const char* unicode_version() { return kUnicodeVersion; }

size_t first_invalid(std::string_view text) {
  const auto* s = reinterpret_cast<const uint8_t*>(text.data());
  const size_t n = text.size();
  size_t i = 0;
  while (i < n) {
    if (s[i] < 0x80) {
      uint64_t word;
      while (i + 8 <= n && (std::memcpy(&word, s + i, 8), (word & 0x8080808080808080u) == 0)) i += 8;
      while (i < n && s[i] < 0x80) ++i;
      continue;
    }
    const uint8_t lead = s[i];
    size_t length = 0;
    uint8_t low = 0x80, high = 0xBF;  // bounds of the second byte: they exclude overlong forms, surrogates and what lies above U+10FFFF
    if (lead >= 0xC2 && lead <= 0xDF) length = 2;
    else if (lead >= 0xE0 && lead <= 0xEF) {
      length = 3;
      if (lead == 0xE0) low = 0xA0;
      if (lead == 0xED) high = 0x9F;
    } else if (lead >= 0xF0 && lead <= 0xF4) {
      length = 4;
      if (lead == 0xF0) low = 0x90;
      if (lead == 0xF4) high = 0x8F;
    }
    if (length == 0 || length > n - i || s[i + 1] < low || s[i + 1] > high) return i;
    for (size_t k = 2; k < length; ++k)
      if ((s[i + k] & 0xC0) != 0x80) return i;
    i += length;
  }
  return n;
}

}  // namespace millrace::tokenizer
