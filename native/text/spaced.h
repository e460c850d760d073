#pragma once
#include <cstdint>
#include <string_view>
#include <vector>

#include "native/text/characters.h"

namespace millrace::text {

// The words of str.split(): runs of characters that are no white space. NeMo Curator, Dolma and most of DCLM count these.
struct SpacedWord {
  std::string_view text;
  uint32_t characters;  // length in code points
  uint8_t classes;      // of all its characters, or-ed (characters.h)
};

// Calls visit(word) for each element of str.split(), in order.
template <class Visit>
void for_each_spaced_word(std::string_view text, Visit&& visit) {
  const uint8_t* classes = class_table();
  const char *at = text.data(), *end = at + text.size();
  while (at < end) {
    const char* start = at;
    uint32_t continuations = 0;
    uint8_t any = 0;
    uint32_t space = 0;
    while (at < end) {
      const auto byte = static_cast<uint8_t>(*at);
      if (byte < 0x80) {
        const uint8_t c = classes[byte];
        if (c & kSpace) {
          space = 1;
          break;
        }
        any |= c;
        ++at;
        continue;
      }
      const auto [code, bytes] = decode(at);
      const uint8_t c = classes[code];
      if (c & kSpace) {
        space = bytes;
        break;
      }
      any |= c;
      continuations += bytes - 1;
      at += bytes;
    }
    if (at > start) visit(SpacedWord{{start, static_cast<size_t>(at - start)}, static_cast<uint32_t>(at - start) - continuations, any});
    at += space;
  }
}

// Calls visit(element) for each element of text.split(separator); at least one. The separator is "\n" or "\n\n".
template <class Visit>
void for_each_piece(std::string_view text, size_t breaks, Visit&& visit) {
  size_t start = 0;
  for (size_t at = text.find('\n'); at != std::string_view::npos; at = text.find('\n', at)) {
    if (breaks == 2 && (at + 1 == text.size() || text[at + 1] != '\n')) {
      ++at;
      continue;
    }
    visit(text.substr(start, at - start));
    at += breaks;
    start = at;
  }
  visit(text.substr(start));
}

// True if no character of the text is anything but white space.
inline bool is_blank(std::string_view text) {
  for (const char c : text)
    if (static_cast<uint8_t>(c) > ' ') return strip_left(text).empty();  // what is above may still be a space of Unicode's
  return strip_left(text).empty();
}

}  // namespace millrace::text
