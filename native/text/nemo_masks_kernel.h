// The pass of nemo_masks.h for one instruction set. Included once by each of nemo_masks.cc, nemo_avx2.cc and nemo_avx512.cc, with a type that holds 64
// bytes and answers masks: everything here has internal linkage, so that no other file gets code of a stronger set.
#include <cstring>

#include "native/text/nemo_masks.h"

namespace millrace::text {
namespace {

template <class Bytes>
[[gnu::always_inline]] inline void read_block(const char* at, uint64_t valid, NemoMasks& block, NemoTotals& totals) {
  const Bytes bytes(at), next(at + 1), third(at + 2), lower(bytes.lowered()), next_lower(next.lowered()), third_lower(third.lowered());
  const uint64_t letters = lower.within('a', 'z'), digits = bytes.within('0', '9') & valid, newline = bytes.is('\n') & valid, blank = bytes.is(' ');
  const uint64_t plain = letters | digits | newline | bytes.is('?') | bytes.is('!') | bytes.is(',') | bytes.is('.');
  const uint64_t white = blank | newline | bytes.is('\t') | bytes.is('\r') | bytes.is('\b');
  const uint64_t parentheses = bytes.within('(', ')') | bytes.is('[') | bytes.is(']') | bytes.is('{') | bytes.is('}');
  block.high = bytes.above_ascii() & valid;
  block.inner = block.high ? bytes.within(0x80, 0xbf) & valid : 0;
  block.inner_before = totals.inner;
  block.newline = newline;
  block.space = blank | bytes.within(0x09, 0x0d) | bytes.within(0x1c, 0x1f) | ~valid;
  block.letters = letters;
  block.hash = bytes.is('#');
  block.look = bytes.is('.') & next.is('.') & third.is('.');
  const auto three = [&](char first, char second, char third) { return lower.is(first) & next_lower.is(second) & third_lower.is(third); };
  block.phrase = (three('o', 'k', 'i') | three('v', 'a', 'c') | three('m', 's', ' ') | three('p', 's', 'u')) & valid;
  block.colon = bytes.is(':') & next.is('/') & valid;
  totals.newlines += static_cast<uint64_t>(__builtin_popcountll(newline));
  totals.plain += static_cast<uint64_t>(__builtin_popcountll(plain & valid));
  totals.digits += static_cast<uint64_t>(__builtin_popcountll(digits));
  totals.white += static_cast<uint64_t>(__builtin_popcountll(white & valid));
  totals.parentheses += static_cast<uint64_t>(__builtin_popcountll(parentheses & valid));
  totals.nonspace += static_cast<uint64_t>(__builtin_popcountll(~block.space & ~block.inner));
  if (block.inner) totals.inner += static_cast<uint64_t>(__builtin_popcountll(block.inner));
  totals.high |= block.high;
}

template <class Bytes>
inline void read_all(const char* text, size_t size, NemoMasks* blocks, NemoTotals& totals) {
  size_t at = 0;
  for (; at + 66 <= size; at += 64) read_block<Bytes>(text + at, ~uint64_t{0}, *blocks++, totals);
  // The last 65 bytes or fewer, with zeros behind them.
  for (; at < size; at += 64) {
    const size_t left = size - at;
    char last[66] = {};
    std::memcpy(last, text + at, left < 66 ? left : 66);
    read_block<Bytes>(last, left >= 64 ? ~uint64_t{0} : (uint64_t{1} << left) - 1, *blocks++, totals);
  }
}

// Writes four places at a time, so that a block's number of words is guessed wrong less often.
inline size_t all_bounds(const NemoMasks* blocks, size_t count, size_t size, uint32_t* to) {
  uint32_t* const front = to;
  uint64_t carry = 0;
  for (size_t b = 0; b < count; ++b) {
    const uint64_t word = ~blocks[b].space;
    uint64_t borders = word ^ (word << 1 | carry);
    carry = word >> 63;
    const auto first = static_cast<uint32_t>(64 * b);
    uint32_t* const end = to + __builtin_popcountll(borders);
    while (borders) {
      for (int i = 0; i < 4; ++i) {
        to[i] = first + static_cast<uint32_t>(__builtin_ctzll(borders | uint64_t{1} << 63));
        borders &= borders - 1;
      }
      to += 4;
    }
    to = end;
  }
  if (carry) *to++ = static_cast<uint32_t>(size);
  return static_cast<size_t>(to - front);
}

// Most blocks have two or fewer.
inline void all_breaks(const NemoMasks* blocks, size_t count, uint32_t* to) {
  for (size_t b = 0; b < count; ++b) {
    uint64_t newlines = blocks[b].newline;
    const auto first = static_cast<uint32_t>(64 * b);
    uint32_t* const end = to + __builtin_popcountll(newlines);
    do {
      for (int i = 0; i < 2; ++i) {
        to[i] = first + static_cast<uint32_t>(__builtin_ctzll(newlines | uint64_t{1} << 63));
        newlines &= newlines - 1;
      }
      to += 2;
    } while (newlines);
    to = end;
  }
}

// Adding the first byte of a word to its bytes that are neither carries over them, to the first byte that is, or to the white space behind.
inline uint64_t all_blind(NemoMasks* blocks, size_t count) {
  uint64_t blind = 0, inside = 0, carry = 0;
  for (size_t b = 0; b < count; ++b) {
    const uint64_t word = ~blocks[b].space, starts = word & ~(word << 1 | inside), silent = word & ~(blocks[b].letters | blocks[b].high);
    unsigned long long sum, carried;
    const bool first = __builtin_uaddll_overflow(silent, starts, &sum), second = __builtin_uaddll_overflow(sum, carry, &carried);
    inside = word >> 63;
    carry = first | second;
    const uint64_t landed = carried & ~silent;
    blind += static_cast<uint64_t>(__builtin_popcountll(landed & blocks[b].space));
    blocks[b].look |= (landed & blocks[b].high & word) | (starts & blocks[b].hash);
  }
  return blind + carry;
}

// The first block from `at` on, by `end` at the latest, in which the first two bytes of the needle, its middle and its last one stand somewhere, as the
// bits of these places; 0 if none has. Without a call, so that the needle stays in registers.
template <class Bytes>
[[gnu::noinline]] uint64_t find_block(const char* text, size_t& at, size_t end, const char* needle, size_t needle_size) {
  const size_t middle = needle_size / 2, last = needle_size - 1;
  const Bytes wanted[4] = {Bytes::all(needle[0]), Bytes::all(needle[1]), Bytes::all(needle[middle]), Bytes::all(needle[last])};
  for (; at + 64 + needle_size <= end; at += 64) {
    const char* const from = text + at;
    if (const uint64_t places = Bytes::equal({Bytes(from), Bytes(from + 1), Bytes(from + middle), Bytes(from + last)}, wanted)) return places;
  }
  return 0;
}

// The needle has three bytes at least.
template <class Bytes>
inline size_t count_all(const char* text, size_t size, const char* needle, size_t needle_size) {
  size_t count = 0, at = 0, free = 0;  // nothing before `free` may begin another place
  while (uint64_t places = find_block<Bytes>(text, at, size, needle, needle_size)) {
    for (; places; places &= places - 1) {
      const size_t place = at + static_cast<size_t>(__builtin_ctzll(places));
      if (place < free || std::memcmp(text + place, needle, needle_size) != 0) continue;
      ++count;
      free = place + needle_size;
    }
    at += 64;
  }
  for (at = at < free ? free : at; at + needle_size <= size;) {
    if (std::memcmp(text + at, needle, needle_size) == 0) {
      ++count;
      at += needle_size;
    } else {
      ++at;
    }
  }
  return count;
}

}  // namespace
}  // namespace millrace::text
