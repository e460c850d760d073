#pragma once
#include <cstdint>
#include <string_view>

namespace millrace::fasttext {

// The first `most` bytes of a text, less where this would cut a character; 0 is all.
inline std::string_view cut(std::string_view text, uint64_t most) {
  if (most == 0 || text.size() <= most) return text;
  size_t end = most;
  while (end > 0 && (static_cast<uint8_t>(text[end]) & 0xc0) == 0x80) --end;
  return text.substr(0, end);
}

}  // namespace millrace::fasttext
