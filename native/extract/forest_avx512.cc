#include <immintrin.h>

#include "native/extract/forest.h"

namespace millrace::extract {

void score_avx512(const Scorer::View& view, const float* values, size_t trees, uint32_t* words) {
  for (size_t i = 0; i < trees; ++i) _mm512_storeu_si512(words + 16 * i, _mm512_set1_epi32(-1));
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
}

}  // namespace millrace::extract
