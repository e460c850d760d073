// GCC 12 takes the undefined operands inside its own header for a mistake.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#pragma GCC diagnostic ignored "-Wuninitialized"
#include <immintrin.h>

#include "native/extract/forest.h"

namespace millrace::extract {

void score_avx512(const Scorer::View& view, const float* values, size_t trees, uint32_t* words, float* sums) {
  for (size_t i = 0; i < trees; ++i) _mm512_storeu_si512(words + 16 * i, _mm512_set1_epi32(static_cast<int>(view.start[i])));
  for (size_t c = 0; c < view.column_count; ++c) {
    const auto& column = view.columns[c];
    const __m512 x = _mm512_loadu_ps(values + 16 * c);
    for (uint32_t s = column.first; s < column.end; ++s) {
      const auto& split = view.splits[s];
      const __mmask16 fails = _mm512_cmp_ps_mask(x, _mm512_set1_ps(split.value), _CMP_GT_OQ);
      if (!fails) break;
      const __m512i word = _mm512_loadu_si512(words + 16 * split.tree);
      _mm512_storeu_si512(words + 16 * split.tree, _mm512_mask_and_epi32(word, fails, word, _mm512_set1_epi32(static_cast<int>(split.keep))));
    }
  }
  // The lowest bit as a float has its number for an exponent.
  __m512 sum = _mm512_loadu_ps(sums);
  for (size_t t = 0; t < trees; ++t) {
    const __m512i word = _mm512_loadu_si512(words + 16 * t);
    const __m512i lowest = _mm512_and_si512(word, _mm512_sub_epi32(_mm512_setzero_si512(), word));
    const __m512i exponent = _mm512_and_si512(_mm512_srli_epi32(_mm512_castps_si512(_mm512_cvtepi32_ps(lowest)), 23), _mm512_set1_epi32(255));
    sum = _mm512_add_ps(sum, _mm512_i32gather_ps(_mm512_sub_epi32(exponent, _mm512_set1_epi32(127)), view.leaves + 32 * t, 4));
  }
  _mm512_storeu_ps(sums, sum);
}

}  // namespace millrace::extract
#pragma GCC diagnostic pop
