#include <immintrin.h>

#include "native/text/nemo_masks_kernel.h"

namespace millrace::text {
namespace {

class Bytes {
 public:
  explicit Bytes(const char* at) : bytes_(_mm512_loadu_si512(at)) {}
  uint64_t is(char c) const { return _mm512_cmpeq_epi8_mask(bytes_, _mm512_set1_epi8(c)); }
  uint64_t within(uint8_t least, uint8_t most) const {
    return _mm512_cmple_epu8_mask(_mm512_sub_epi8(bytes_, _mm512_set1_epi8(static_cast<char>(least))), _mm512_set1_epi8(static_cast<char>(most - least)));
  }
  uint64_t above_ascii() const { return _mm512_movepi8_mask(bytes_); }
  static Bytes all(char c) { return Bytes(_mm512_set1_epi8(c)); }
  // Where each of four blocks has the byte of its own that is wanted there.
  static uint64_t equal(const Bytes (&found)[4], const Bytes (&wanted)[4]) {
    __m512i differ = _mm512_xor_si512(found[0].bytes_, wanted[0].bytes_);
    for (int i = 1; i < 4; ++i) differ = _mm512_ternarylogic_epi64(differ, found[i].bytes_, wanted[i].bytes_, 0xf6);  // differ | (found ^ wanted)
    return _mm512_testn_epi8_mask(differ, differ);
  }
  Bytes lowered() const { return Bytes(_mm512_or_si512(bytes_, _mm512_set1_epi8(0x20))); }

 private:
  explicit Bytes(__m512i bytes) : bytes_(bytes) {}
  __m512i bytes_;
};

}  // namespace

void nemo_masks_avx512(const char* text, size_t size, NemoMasks* blocks, NemoTotals& totals) { read_all<Bytes>(text, size, blocks, totals); }

// Sixteen places at a time, the set ones moved to the front.
size_t nemo_bounds_avx512(const NemoMasks* blocks, size_t count, size_t size, uint32_t* to) {
  uint32_t* const front = to;
  const __m512i sixteen = _mm512_set1_epi32(16);  // each part's room is known before the one in front of it is written
  __m512i places = _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
  uint64_t carry = 0;
  for (size_t b = 0; b < count; ++b) {
    const uint64_t word = ~blocks[b].space, borders = word ^ (word << 1 | carry);
    carry = word >> 63;
    for (int part = 0; part < 64; part += 16) {
      const auto before = __builtin_popcountll(borders & ((uint64_t{1} << part) - 1));
      _mm512_storeu_si512(to + before, _mm512_maskz_compress_epi32(static_cast<__mmask16>(borders >> part), places));
      places = _mm512_add_epi32(places, sixteen);
    }
    to += __builtin_popcountll(borders);
  }
  if (carry) *to++ = static_cast<uint32_t>(size);
  return static_cast<size_t>(to - front);
}

void nemo_breaks_avx512(const NemoMasks* blocks, size_t count, uint32_t* to) { all_breaks(blocks, count, to); }

uint64_t nemo_blind_avx512(NemoMasks* blocks, size_t count) { return all_blind(blocks, count); }

size_t nemo_count_avx512(const char* text, size_t size, const char* needle, size_t needle_size) {
  return count_all<Bytes>(text, size, needle, needle_size);
}

}  // namespace millrace::text
