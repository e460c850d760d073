// Four columns a register. AVX2 has no 64-bit product, so it is put together from three of 32 bits; values stay below 2^62, so that its
// signed comparisons are right.
#include <immintrin.h>

#include "native/dedup/minhash_kernels.h"

namespace millrace::dedup {

void minhash_avx2(const uint64_t* shingles, size_t count, const uint64_t* a, const uint64_t* b, size_t columns, uint64_t* minima) {
  const __m256i prime = _mm256_set1_epi64x(kMersenne61), below = _mm256_set1_epi64x(kMersenne61 - 1);
  for (size_t column = 0; column < columns; column += kColumnBlock) {
    __m256i factor[4], upper[4], addend[4], least[4];
    for (int i = 0; i < 4; ++i) {
      factor[i] = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(a + column + 4 * i));
      upper[i] = _mm256_srli_epi64(factor[i], 32);
      addend[i] = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(b + column + 4 * i));
      least[i] = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(minima + column + 4 * i));
    }
    for (size_t s = 0; s < count; ++s) {
      const __m256i shingle = _mm256_set1_epi64x(static_cast<long long>(shingles[s])), shingle_upper = _mm256_srli_epi64(shingle, 32);
      for (int i = 0; i < 4; ++i) {
        const __m256i cross = _mm256_add_epi64(_mm256_mul_epu32(shingle, upper[i]), _mm256_mul_epu32(shingle_upper, factor[i]));
        const __m256i product = _mm256_add_epi64(_mm256_mul_epu32(shingle, factor[i]), _mm256_slli_epi64(cross, 32));
        const __m256i sum = _mm256_add_epi64(product, addend[i]);
        __m256i value = _mm256_add_epi64(_mm256_and_si256(sum, prime), _mm256_srli_epi64(sum, 61));
        value = _mm256_sub_epi64(value, _mm256_and_si256(_mm256_cmpgt_epi64(value, below), prime));
        least[i] = _mm256_blendv_epi8(least[i], value, _mm256_cmpgt_epi64(least[i], value));
      }
    }
    for (int i = 0; i < 4; ++i) _mm256_storeu_si256(reinterpret_cast<__m256i*>(minima + column + 4 * i), least[i]);
  }
}

}  // namespace millrace::dedup
