#pragma once
// Runs of characters, as every pattern of patterns.md is made of them. ASCII goes 16 bytes at a time (SSE2, which every x86-64 has), the
// rest character by character.
#include <bit>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "native/tokenizer/unicode.h"

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace millrace::tokenizer {

constexpr bool is_newline(uint32_t code) { return code == '\r' || code == '\n'; }

#if defined(__SSE2__)
// One bit for each of 16 bytes: those in [first, first + count), after `fold` has been set in them.
inline uint32_t in_range(__m128i bytes, uint8_t fold, uint8_t first, uint8_t count) {
  const __m128i moved = _mm_sub_epi8(_mm_or_si128(bytes, _mm_set1_epi8(static_cast<char>(fold))), _mm_set1_epi8(static_cast<char>(first + 128)));
  return static_cast<uint32_t>(_mm_movemask_epi8(_mm_cmplt_epi8(moved, _mm_set1_epi8(static_cast<char>(count - 128)))));
}
#endif

// The end of the run of ASCII letters at `at`; with Fold = 0 of those from `First` to its 26th only.
template <uint8_t Fold, uint8_t First>
inline size_t ascii_end(std::string_view text, size_t at) {
#if defined(__SSE2__)
  while (at + 16 <= text.size()) {
    const uint32_t hits = in_range(_mm_loadu_si128(reinterpret_cast<const __m128i*>(text.data() + at)), Fold, First, 26);
    if (hits != 0xFFFF) return at + static_cast<size_t>(std::countr_one(hits));
    at += 16;
  }
#endif
  while (at < text.size() && static_cast<uint8_t>((static_cast<uint8_t>(text[at]) | Fold) - First) < 26) ++at;
  return at;
}
inline size_t letters_end(std::string_view text, size_t at) { return ascii_end<0x20, 'a'>(text, at); }
inline size_t lower_end(std::string_view text, size_t at) { return ascii_end<0, 'a'>(text, at); }
inline size_t upper_end(std::string_view text, size_t at) { return ascii_end<0, 'A'>(text, at); }

inline bool is_ascii_letter(char c) { return static_cast<uint8_t>((static_cast<uint8_t>(c) | 0x20) - 'a') < 26; }
inline bool beyond_ascii(std::string_view text, size_t at) { return at < text.size() && static_cast<uint8_t>(text[at]) >= 0x80; }

// The end of the run of characters at `at` that have one of `classes` (all of ASCII's are letters).
inline size_t run_end(std::string_view text, size_t at, uint8_t classes) {
  at = letters_end(text, at);
  while (beyond_ascii(text, at)) {
    const Character c = character_at(text, at);
    if (!(c.classes & classes)) return at;
    at = letters_end(text, at + c.bytes);
  }
  return at;
}

// '(s|t|re|ve|m|ll|d) at `at`: the position behind it, `at` if there is none. With `Fold` in any case; then U+017F is an s.
template <bool Fold>
inline size_t contraction_end(std::string_view text, size_t at) {
  if (at + 1 >= text.size() || text[at] != '\'') return at;
  const auto lower = [&](size_t i) { return i < text.size() ? static_cast<char>(Fold ? text[i] | 0x20 : text[i]) : '\0'; };
  switch (lower(at + 1)) {
    case 's': case 't': case 'm': case 'd': return at + 2;
    case 'r': case 'v': return lower(at + 2) == 'e' ? at + 3 : at;
    case 'l': return lower(at + 2) == 'l' ? at + 3 : at;
    default: break;
  }
  return Fold && text.substr(at + 1, 2) == "\xC5\xBF" ? at + 3 : at;
}

// \s*[\r\n]+|\s+(?!\S)|\s+, the first only with `Newlines`. The text ends at the first character that is not `inside`.
template <bool Newlines, class Inside>
inline size_t space_end(std::string_view text, size_t at, Inside inside) {
  size_t i = at, last = at, newline = 0;
  bool over = true;
  while (i < text.size()) {
    const Character c = character_at(text, i);
    if (!(c.classes & kSpace)) {
      over = !inside(c);
      break;
    }
    last = i;
    i += c.bytes;
    if (Newlines && is_newline(c.code)) newline = i;
  }
  if (newline) return newline;
  return over || last == at ? i : last;
}

}  // namespace millrace::tokenizer
