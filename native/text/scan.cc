// SSE2 is part of every x86-64; the pass costs about a tenth of a nanosecond a byte with it, which wider registers would not make felt.
#include "native/text/scan.h"

#include <algorithm>
#include <cstring>
#if defined(__SSE2__)
#include <emmintrin.h>
#endif

#include "native/text/characters.h"

namespace millrace::text {
namespace {

// One bit per byte of a block of 64.
struct Masks {
  uint64_t space = 0;    // ASCII white space
  uint64_t breaks = 0;   // ASCII line breaks
  uint64_t high = 0;     // bytes from 0x80
  uint64_t dots = 0;
  uint64_t wide = 0;     // lead bytes of what may be white space beyond ASCII: C2, E1, E2, E3
  uint64_t newlines = 0, hashes = 0, continuations = 0;  // how many
};

#if defined(__SSE2__)
Masks masks_of(const char* p) {
  Masks m;
  __m128i newlines = _mm_setzero_si128(), hashes = newlines, continuations = newlines;
  const auto bytes = [](int value) { return _mm_set1_epi8(static_cast<char>(value)); };
  for (int part = 0; part < 4; ++part) {
    const __m128i v = _mm_loadu_si128(reinterpret_cast<const __m128i*>(p + 16 * part));
    const auto put = [&](uint64_t& mask, __m128i found) {
      mask |= static_cast<uint64_t>(static_cast<uint32_t>(_mm_movemask_epi8(found))) << (16 * part);
    };
    // x - low <= span, unsigned, as min(x - low, span) == x - low
    const auto within = [&](int low, int span) {
      const __m128i shifted = _mm_sub_epi8(v, bytes(low));
      return _mm_cmpeq_epi8(_mm_min_epu8(shifted, bytes(span)), shifted);
    };
    const __m128i tabs = within('\t', 4), separators = within(0x1c, 3);
    put(m.space, _mm_or_si128(_mm_or_si128(tabs, separators), _mm_cmpeq_epi8(v, bytes(' '))));
    put(m.breaks, _mm_or_si128(within('\n', 3), within(0x1c, 2)));
    put(m.high, v);
    put(m.dots, _mm_cmpeq_epi8(v, bytes('.')));
    newlines = _mm_sub_epi8(newlines, _mm_cmpeq_epi8(v, bytes('\n')));
    hashes = _mm_sub_epi8(hashes, _mm_cmpeq_epi8(v, bytes('#')));
    continuations = _mm_sub_epi8(continuations, _mm_cmplt_epi8(v, bytes(0xc0)));  // signed: 0x80..0xbf
    put(m.wide, _mm_or_si128(_mm_cmpeq_epi8(v, bytes(0xc2)), within(0xe1, 2)));
  }
  const auto sum = [](__m128i counts) {
    const __m128i halves = _mm_sad_epu8(counts, _mm_setzero_si128());
    return static_cast<uint64_t>(_mm_cvtsi128_si64(halves) + _mm_cvtsi128_si64(_mm_unpackhi_epi64(halves, halves)));
  };
  m.newlines = sum(newlines);
  m.hashes = sum(hashes);
  m.continuations = sum(continuations);
  return m;
}
#else
Masks masks_of(const char* p) {
  Masks m;
  const uint8_t* classes = class_table();
  for (int i = 0; i < 64; ++i) {
    const auto byte = static_cast<uint8_t>(p[i]);
    const uint64_t bit = uint64_t{1} << i;
    if (byte < 0x80) {
      if (classes[byte] & kSpace) m.space |= bit;
      if (classes[byte] & kLineBreak) m.breaks |= bit;
      if (byte == '.') m.dots |= bit;
      m.newlines += byte == '\n';
      m.hashes += byte == '#';
      continue;
    }
    m.high |= bit;
    if (byte == 0xc2 || (byte >= 0xe1 && byte <= 0xe3)) m.wide |= bit;
    m.continuations += byte < 0xc0;
  }
  return m;
}
#endif

}  // namespace

void Scan::read(std::string_view text, bool chunks) {
  text_ = text;
  continuations_ = newlines_ = hashes_ = 0;
  chunks_ = breaks_count_ = 0;
  ascii_ = true;
  dots_ = false;
  uint64_t dot = 0;  // 1: the byte before this block is a full stop
  const uint8_t* classes = class_table();
  size_t bounds = 0;
  uint64_t inside = 0;     // 1: the byte before this block belongs to a chunk
  uint64_t overhang = 0;   // bytes of this block that belong to white space that began in the last one
  for (size_t block = 0; block < text.size(); block += 64) {
    const size_t size = std::min<size_t>(64, text.size() - block);
    char padded[64];
    const char* p = text.data() + block;
    if (size < 64) {
      std::memset(padded, 0, sizeof padded);
      std::memcpy(padded, p, size);
      p = padded;
    }
    Masks m = masks_of(p);
    newlines_ += m.newlines;
    hashes_ += m.hashes;
    dots_ |= (m.dots & (m.dots << 1 | dot)) != 0;
    dot = m.dots >> 63;
    m.space |= overhang;
    overhang = 0;
    if (m.high) {
      ascii_ = false;
      continuations_ += m.continuations;
      for (uint64_t left = m.wide; left; left &= left - 1) {
        const int i = __builtin_ctzll(left);
        const auto [code, bytes] = decode(text.data() + block + i);
        if (!(classes[code] & kSpace)) continue;
        m.space |= ((uint64_t{1} << bytes) - 1) << i;
        if (i + bytes > 64) overhang = (uint64_t{1} << (i + bytes - 64)) - 1;
        if (classes[code] & kLineBreak) m.breaks |= uint64_t{1} << i;
      }
    }
    if (bounds + 64 > bounds_.size()) bounds_.resize(std::max<size_t>(1024, 2 * bounds_.size()));
    if (breaks_count_ + 64 > breaks_.size()) breaks_.resize(std::max<size_t>(1024, 2 * breaks_.size()));
    const auto base = static_cast<uint32_t>(block);
    for (uint64_t left = m.breaks; left; left &= left - 1) breaks_[breaks_count_++] = base + static_cast<uint32_t>(__builtin_ctzll(left));
    if (!chunks) continue;
    // Padding counts as part of a chunk here, so that only bytes of the text can end one.
    const uint64_t chunk = ~m.space, shifted = chunk << 1 | inside;
    uint64_t turns = chunk ^ shifted;
    if (size < 64) turns &= (uint64_t{1} << size) - 1;
    inside = chunk >> 63;
    for (; turns; turns &= turns - 1) bounds_[bounds++] = base + static_cast<uint32_t>(__builtin_ctzll(turns));
  }
  if (bounds % 2) bounds_[bounds++] = static_cast<uint32_t>(text.size());
  chunks_ = bounds / 2;
}

ClassCounts Scan::classes() const {
  const uint8_t* classes = class_table();
  ClassCounts counts;
  const char *at = text_.data(), *end = at + text_.size();
  while (at < end) {
#if defined(__SSE2__)
    if (end - at >= 16) {
      const __m128i v = _mm_loadu_si128(reinterpret_cast<const __m128i*>(at));
      if (_mm_movemask_epi8(v) == 0) {
        const auto count = [](__m128i shifted, char span) {
          const __m128i within = _mm_cmpeq_epi8(_mm_min_epu8(shifted, _mm_set1_epi8(span)), shifted);
          return static_cast<uint64_t>(__builtin_popcount(static_cast<unsigned>(_mm_movemask_epi8(within))));
        };
        const uint64_t uppers = count(_mm_sub_epi8(v, _mm_set1_epi8('A')), 25), digits = count(_mm_sub_epi8(v, _mm_set1_epi8('0')), 9);
        counts.spaces += count(_mm_sub_epi8(v, _mm_set1_epi8('\t')), 4) + count(_mm_sub_epi8(v, _mm_set1_epi8(0x1c)), 4);
        const uint64_t letters = uppers + count(_mm_sub_epi8(v, _mm_set1_epi8('a')), 25);
        counts.letters += letters;
        counts.uppers += uppers;
        counts.decimals += digits;
        counts.alphanumerics += letters + digits;
        at += 16;
        continue;
      }
    }
#endif
    // Up to the next place where many can be taken at once.
    for (const char* stop = std::min(end, at + 16); at < stop;) {
      const auto [code, bytes] = decode(at);
      const uint8_t c = classes[code];
      counts.letters += (c & kLetter) != 0;
      counts.decimals += (c & kDecimal) != 0;
      counts.alphanumerics += (c & kAlphanumeric) != 0;
      counts.uppers += (c & kUpper) != 0;
      counts.spaces += (c & kSpace) != 0;
      at += bytes;
    }
  }
  return counts;
}

}  // namespace millrace::text
