#include <immintrin.h>

#include "native/fasttext/kernels.h"

namespace millrace::fasttext {
namespace {

// Columns stay in registers while all rows pass: four pairs of registers at most, so that wide rows are walked in strips of 64.
template <int Pairs>
void add_strip(const float* rows, size_t stride, const uint32_t* ids, size_t count, float* sum) {
  __m256 part[2 * Pairs];
  for (int i = 0; i < 2 * Pairs; ++i) part[i] = _mm256_loadu_ps(sum + 8 * i);
  for (size_t n = 0; n < count; ++n) {
    const float* row = rows + stride * ids[n];
    for (int i = 0; i < 2 * Pairs; ++i) part[i] = _mm256_add_ps(part[i], _mm256_loadu_ps(row + 8 * i));
  }
  for (int i = 0; i < 2 * Pairs; ++i) _mm256_storeu_ps(sum + 8 * i, part[i]);
}

void add_rows(const float* rows, size_t stride, const uint32_t* ids, size_t count, float* sum) {
  size_t column = 0;
  for (; column + 64 <= stride; column += 64) add_strip<4>(rows + column, stride, ids, count, sum + column);
  for (; column < stride; column += 16) add_strip<1>(rows + column, stride, ids, count, sum + column);
}

float dot(const float* a, const float* b, size_t stride) {
  __m256 low = _mm256_setzero_ps(), high = low;
  for (size_t c = 0; c < stride; c += 16) {
    low = _mm256_add_ps(low, _mm256_mul_ps(_mm256_loadu_ps(a + c), _mm256_loadu_ps(b + c)));
    high = _mm256_add_ps(high, _mm256_mul_ps(_mm256_loadu_ps(a + c + 8), _mm256_loadu_ps(b + c + 8)));
  }
  const __m256 eight = _mm256_add_ps(low, high);
  __m128 four = _mm_add_ps(_mm256_castps256_ps128(eight), _mm256_extractf128_ps(eight, 1));
  four = _mm_add_ps(four, _mm_movehl_ps(four, four));
  return _mm_cvtss_f32(_mm_add_ss(four, _mm_shuffle_ps(four, four, 1)));
}

void add_scaled(const float* from, float scale, size_t stride, float* to) {
  const __m256 factor = _mm256_set1_ps(scale);
  for (size_t c = 0; c < stride; c += 8)
    _mm256_storeu_ps(to + c, _mm256_add_ps(_mm256_loadu_ps(to + c), _mm256_mul_ps(factor, _mm256_loadu_ps(from + c))));
}

}  // namespace

const Kernels avx2_kernels = {add_rows, dot, add_scaled};

}  // namespace millrace::fasttext
