#include <immintrin.h>

#include "native/fasttext/kernels.h"

namespace millrace::fasttext {
namespace {

template <int Registers>
void add_strip(const float* rows, size_t stride, const uint32_t* ids, size_t count, float* sum) {
  __m512 part[Registers];
  for (int i = 0; i < Registers; ++i) part[i] = _mm512_loadu_ps(sum + 16 * i);
  for (size_t n = 0; n < count; ++n) {
    const float* row = rows + stride * ids[n];
    for (int i = 0; i < Registers; ++i) part[i] = _mm512_add_ps(part[i], _mm512_loadu_ps(row + 16 * i));
  }
  for (int i = 0; i < Registers; ++i) _mm512_storeu_ps(sum + 16 * i, part[i]);
}

void add_rows(const float* rows, size_t stride, const uint32_t* ids, size_t count, float* sum) {
  size_t column = 0;
  for (; column + 128 <= stride; column += 128) add_strip<8>(rows + column, stride, ids, count, sum + column);
  for (; column < stride; column += 16) add_strip<1>(rows + column, stride, ids, count, sum + column);
}

float dot(const float* a, const float* b, size_t stride) {
  __m512 sum = _mm512_setzero_ps();
  for (size_t c = 0; c < stride; c += 16) sum = _mm512_add_ps(sum, _mm512_mul_ps(_mm512_loadu_ps(a + c), _mm512_loadu_ps(b + c)));
  // Masked, because g++ 12 warns of what the plain form leaves undefined inside itself.
  const __m256 eight = _mm256_add_ps(_mm512_maskz_extractf32x8_ps(0xff, sum, 0), _mm512_maskz_extractf32x8_ps(0xff, sum, 1));
  __m128 four = _mm_add_ps(_mm256_castps256_ps128(eight), _mm256_extractf128_ps(eight, 1));
  four = _mm_add_ps(four, _mm_movehl_ps(four, four));
  return _mm_cvtss_f32(_mm_add_ss(four, _mm_shuffle_ps(four, four, 1)));
}

void add_scaled(const float* from, float scale, size_t stride, float* to) {
  const __m512 factor = _mm512_set1_ps(scale);
  for (size_t c = 0; c < stride; c += 16)
    _mm512_storeu_ps(to + c, _mm512_add_ps(_mm512_loadu_ps(to + c), _mm512_mul_ps(factor, _mm512_loadu_ps(from + c))));
}

}  // namespace

const Kernels avx512_kernels = {add_rows, dot, add_scaled};

}  // namespace millrace::fasttext
