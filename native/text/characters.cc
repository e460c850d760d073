#include "native/text/characters.h"

#include <algorithm>
#include <cstring>
#include <span>
#include <vector>
#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace millrace::text {
namespace {

struct Range {
  uint32_t first, last;
};
#include "native/text/classes.inc"

std::vector<uint8_t> make_table() {
  std::vector<uint8_t> table(0x110000);
  const auto mark = [&](std::span<const Range> ranges, Class bit) {
    for (const auto& [first, last] : ranges)
      for (uint32_t code = first; code <= last; ++code) table[code] |= bit;
  };
  mark(kSpaceRanges, kSpace);
  mark(kLineBreakRanges, kLineBreak);
  mark(kLetterRanges, kLetter);
  mark(kDecimalRanges, kDecimal);
  mark(kAlphanumericRanges, kAlphanumeric);
  mark(kUpperRanges, kUpper);
  mark(kPunctuationRanges, kPunctuation);
  mark(kSentenceEndRanges, kSentenceEnd);
  return table;
}

}  // namespace

const uint8_t* class_table() {
  static const std::vector<uint8_t> table = make_table();
  return table.data();
}

bool is_utf8(std::string_view text) {
  const auto* p = reinterpret_cast<const uint8_t*>(text.data());
  const auto* end = p + text.size();
  const auto continues = [&](int at, uint8_t low = 0x80, uint8_t high = 0xbf) { return p[at] >= low && p[at] <= high; };
  while (p < end) {
#if defined(__SSE2__)
    while (end - p >= 32) {
      const auto load = [&](int at) { return _mm_loadu_si128(reinterpret_cast<const __m128i*>(p + at)); };
      if (_mm_movemask_epi8(_mm_or_si128(load(0), load(16)))) break;
      p += 32;
    }
    if (p == end) return true;
#endif
    if (end - p >= 8) {
      uint64_t word;
      std::memcpy(&word, p, 8);
      if (!(word & 0x8080808080808080ull)) {
        p += 8;
        continue;
      }
    }
    const uint8_t lead = *p;
    const auto left = end - p;
    if (lead < 0x80) {
      p += 1;
    } else if (lead >= 0xc2 && lead <= 0xdf) {
      if (left < 2 || !continues(1)) return false;
      p += 2;
    } else if (lead >= 0xe0 && lead <= 0xef) {
      if (left < 3 || !continues(1, lead == 0xe0 ? 0xa0 : 0x80, lead == 0xed ? 0x9f : 0xbf) || !continues(2)) return false;
      p += 3;
    } else if (lead >= 0xf0 && lead <= 0xf4) {
      if (left < 4 || !continues(1, lead == 0xf0 ? 0x90 : 0x80, lead == 0xf4 ? 0x8f : 0xbf) || !continues(2) || !continues(3)) return false;
      p += 4;
    } else {
      return false;
    }
  }
  return true;
}

size_t count_characters(std::string_view text) {
  size_t continuations = 0;
  const char *at = text.data(), *end = at + text.size();
#if defined(__SSE2__)
  // Continuation bytes are the signed ones below -64. A lane counts to 255 at most.
  const __m128i none = _mm_setzero_si128();
  while (end - at >= 16) {
    const char* const stop = at + 16 * std::min<ptrdiff_t>(255, (end - at) / 16);
    __m128i counts = none;
    for (; at < stop; at += 16)
      counts = _mm_sub_epi8(counts, _mm_cmplt_epi8(_mm_loadu_si128(reinterpret_cast<const __m128i*>(at)), _mm_set1_epi8(-64)));
    const __m128i halves = _mm_sad_epu8(counts, none);
    continuations += static_cast<size_t>(_mm_cvtsi128_si64(halves) + _mm_cvtsi128_si64(_mm_unpackhi_epi64(halves, halves)));
  }
#endif
  for (; end - at >= 8; at += 8) {
    uint64_t word;
    std::memcpy(&word, at, 8);
    continuations += (((word & ~(word << 1)) >> 7 & 0x0101010101010101ull) * 0x0101010101010101ull) >> 56;
  }
  for (; at < end; ++at) continuations += (static_cast<uint8_t>(*at) & 0xc0) == 0x80;
  return text.size() - continuations;
}

std::string_view strip_left(std::string_view text) {
  const uint8_t* classes = class_table();
  while (!text.empty()) {
    const auto [code, bytes] = decode(text.data());
    if (!(classes[code] & kSpace)) break;
    text.remove_prefix(bytes);
  }
  return text;
}

std::string_view strip_right(std::string_view text) {
  const uint8_t* classes = class_table();
  while (!text.empty()) {
    const auto [code, bytes] = decode_before(text.data() + text.size());
    if (!(classes[code] & kSpace)) break;
    text.remove_suffix(bytes);
  }
  return text;
}

}  // namespace millrace::text
