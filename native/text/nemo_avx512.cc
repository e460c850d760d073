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
  const __m512i sixteen = _mm512_set1_epi32(16);
  __m512i places = _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
  uint64_t carry = 0;
  for (size_t b = 0; b < count; ++b) {
    const uint64_t word = ~blocks[b].space, borders = word ^ (word << 1 | carry);
    carry = word >> 63;
    for (int part = 0; part < 64; part += 16) {
      const auto set = static_cast<__mmask16>(borders >> part);
      _mm512_storeu_si512(to, _mm512_maskz_compress_epi32(set, places));
      to += __builtin_popcount(set);
      places = _mm512_add_epi32(places, sixteen);
    }
  }
  if (carry) *to++ = static_cast<uint32_t>(size);
  return static_cast<size_t>(to - front);
}

size_t nemo_count_avx512(const char* text, size_t size, const char* needle, size_t needle_size) {
  return count_all<Bytes>(text, size, needle, needle_size);
}

}  // namespace millrace::text
