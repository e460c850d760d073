#include <immintrin.h>

#include "native/extract/forest.h"

namespace millrace::extract {

void score_avx2(const Scorer::View& view, const float* values, size_t trees, uint32_t* words, float* sums) {
  for (size_t i = 0; i < trees; ++i) _mm256_storeu_si256(reinterpret_cast<__m256i*>(words + 8 * i), _mm256_set1_epi32(static_cast<int>(view.start[i])));
  for (size_t c = 0; c < view.column_count; ++c) {
    const auto& column = view.columns[c];
    const __m256 x = _mm256_loadu_ps(values + 8 * c);
    for (uint32_t s = column.first; s < column.end; ++s) {
      const auto& split = view.splits[s];
      const __m256 fails = _mm256_cmp_ps(x, _mm256_set1_ps(split.value), _CMP_GT_OQ);
      if (_mm256_testz_ps(fails, fails)) break;
      auto* word = reinterpret_cast<__m256i*>(words + 8 * split.tree);
      const __m256i gone = _mm256_andnot_si256(_mm256_set1_epi32(static_cast<int>(split.keep)), _mm256_castps_si256(fails));
      _mm256_storeu_si256(word, _mm256_andnot_si256(gone, _mm256_loadu_si256(word)));
    }
  }
  // The lowest bit as a float has its number for an exponent.
  __m256 sum = _mm256_loadu_ps(sums);
  for (size_t t = 0; t < trees; ++t) {
    const __m256i word = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(words + 8 * t));
    const __m256i lowest = _mm256_and_si256(word, _mm256_sub_epi32(_mm256_setzero_si256(), word));
    const __m256i exponent = _mm256_and_si256(_mm256_srli_epi32(_mm256_castps_si256(_mm256_cvtepi32_ps(lowest)), 23), _mm256_set1_epi32(255));
    sum = _mm256_add_ps(sum, _mm256_i32gather_ps(view.leaves + 32 * t, _mm256_sub_epi32(exponent, _mm256_set1_epi32(127)), 4));
  }
  _mm256_storeu_ps(sums, sum);
}

}  // namespace millrace::extract
