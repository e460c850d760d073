// GCC 12 takes the undefined operands inside its own header for a mistake.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#pragma GCC diagnostic ignored "-Wuninitialized"
#include <immintrin.h>

#include "native/extract/forest.h"

namespace millrace::extract {

void score_avx512(const Scorer::View& view, const float* values, size_t trees, uint32_t* words, float* sums) {
  for (size_t i = 0; i < trees; ++i) {
    const __m512i start = _mm512_set1_epi32(static_cast<int>(view.start[i]));
    _mm512_storeu_si512(words + 32 * i, start);
    _mm512_storeu_si512(words + 32 * i + 16, start);
  }
  // Two registers of rows at once: the branch that ends a column is mostly guessed wrong, and is taken half as often so.
  for (size_t c = 0; c < view.column_count; ++c) {
    const auto& column = view.columns[c];
    const __m512 x = _mm512_loadu_ps(values + 32 * c), y = _mm512_loadu_ps(values + 32 * c + 16);
    for (uint32_t s = column.first; s < column.end; ++s) {
      const auto& split = view.splits[s];
      const __m512 value = _mm512_set1_ps(split.value);
      const __mmask16 x_fails = _mm512_cmp_ps_mask(x, value, _CMP_GT_OQ), y_fails = _mm512_cmp_ps_mask(y, value, _CMP_GT_OQ);
      if (!(x_fails | y_fails)) break;
      uint32_t* at = words + 32 * split.tree;
      const __m512i keep = _mm512_set1_epi32(static_cast<int>(split.keep)), first = _mm512_loadu_si512(at), second = _mm512_loadu_si512(at + 16);
      _mm512_storeu_si512(at, _mm512_mask_and_epi32(first, x_fails, first, keep));
      _mm512_storeu_si512(at + 16, _mm512_mask_and_epi32(second, y_fails, second, keep));
    }
  }
  // The lowest bit as a float has its number for an exponent.
  for (size_t half = 0; half < 2; ++half) {
    __m512 sum = _mm512_loadu_ps(sums + 16 * half);
    for (size_t t = 0; t < trees; ++t) {
      const __m512i word = _mm512_loadu_si512(words + 32 * t + 16 * half);
      const __m512i lowest = _mm512_and_si512(word, _mm512_sub_epi32(_mm512_setzero_si512(), word));
      const __m512i exponent = _mm512_and_si512(_mm512_srli_epi32(_mm512_castps_si512(_mm512_cvtepi32_ps(lowest)), 23), _mm512_set1_epi32(255));
      sum = _mm512_add_ps(sum, _mm512_i32gather_ps(_mm512_sub_epi32(exponent, _mm512_set1_epi32(127)), view.leaves + 32 * t, 4));
    }
    _mm512_storeu_ps(sums + 16 * half, sum);
  }
}

}  // namespace millrace::extract
#pragma GCC diagnostic pop
