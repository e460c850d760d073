// Eight columns a register, with the 64-bit product and unsigned minimum of AVX-512DQ and F.
// GCC 12 takes the "undefined" operand inside its own intrinsics for a mistake of ours (GCC bug 105593).
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#include <immintrin.h>

#include "native/dedup/minhash_kernels.h"

namespace millrace::dedup {

void minhash_avx512(const uint64_t* shingles, size_t count, const uint64_t* a, const uint64_t* b, size_t columns, uint64_t* minima) {
  const __m512i prime = _mm512_set1_epi64(kMersenne61);
  for (size_t column = 0; column < columns; column += kColumnBlock) {
    __m512i factor[2], addend[2], least[2];
    for (int i = 0; i < 2; ++i) {
      factor[i] = _mm512_loadu_si512(a + column + 8 * i);
      addend[i] = _mm512_loadu_si512(b + column + 8 * i);
      least[i] = _mm512_loadu_si512(minima + column + 8 * i);
    }
    for (size_t s = 0; s < count; ++s) {
      const __m512i shingle = _mm512_set1_epi64(static_cast<long long>(shingles[s]));
      for (int i = 0; i < 2; ++i) {
        const __m512i sum = _mm512_add_epi64(_mm512_mullo_epi64(shingle, factor[i]), addend[i]);
        const __m512i value = _mm512_add_epi64(_mm512_and_si512(sum, prime), _mm512_srli_epi64(sum, 61));
        // Where value < prime the difference wraps and is the greater of the two.
        least[i] = _mm512_min_epu64(least[i], _mm512_min_epu64(value, _mm512_sub_epi64(value, prime)));
      }
    }
    for (int i = 0; i < 2; ++i) _mm512_storeu_si512(minima + column + 8 * i, least[i]);
  }
}

}  // namespace millrace::dedup
