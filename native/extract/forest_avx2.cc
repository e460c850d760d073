#include <immintrin.h>

#include "native/extract/forest.h"

namespace millrace::extract {

void score_avx2(const Scorer::View& view, const float* values, size_t trees, uint32_t* words, float* sums) {
  const auto at = [](uint32_t* p) { return reinterpret_cast<__m256i*>(p); };
  for (size_t i = 0; i < trees; ++i) {
    const __m256i start = _mm256_set1_epi32(static_cast<int>(view.start[i]));
    _mm256_storeu_si256(at(words + 16 * i), start);
    _mm256_storeu_si256(at(words + 16 * i + 8), start);
  }
  // Two registers of rows at once: the branch that ends a column is mostly guessed wrong, and is taken half as often so.
  for (size_t c = 0; c < view.column_count; ++c) {
    const auto& column = view.columns[c];
    const __m256 x = _mm256_loadu_ps(values + 16 * c), y = _mm256_loadu_ps(values + 16 * c + 8);
    for (uint32_t s = column.first; s < column.end; ++s) {
      const auto& split = view.splits[s];
      const __m256 value = _mm256_set1_ps(split.value);
      const __m256i x_fails = _mm256_castps_si256(_mm256_cmp_ps(x, value, _CMP_GT_OQ));
      const __m256i y_fails = _mm256_castps_si256(_mm256_cmp_ps(y, value, _CMP_GT_OQ));
      const __m256i either = _mm256_or_si256(x_fails, y_fails);
      if (_mm256_testz_si256(either, either)) break;
      uint32_t* word = words + 16 * split.tree;
      const __m256i keep = _mm256_set1_epi32(static_cast<int>(split.keep));
      _mm256_storeu_si256(at(word), _mm256_andnot_si256(_mm256_andnot_si256(keep, x_fails), _mm256_loadu_si256(at(word))));
      _mm256_storeu_si256(at(word + 8), _mm256_andnot_si256(_mm256_andnot_si256(keep, y_fails), _mm256_loadu_si256(at(word + 8))));
    }
  }
  // The lowest bit as a float has its number for an exponent.
  for (size_t half = 0; half < 2; ++half) {
    __m256 sum = _mm256_loadu_ps(sums + 8 * half);
    for (size_t t = 0; t < trees; ++t) {
      const __m256i word = _mm256_loadu_si256(at(words + 16 * t + 8 * half));
      const __m256i lowest = _mm256_and_si256(word, _mm256_sub_epi32(_mm256_setzero_si256(), word));
      const __m256i exponent = _mm256_and_si256(_mm256_srli_epi32(_mm256_castps_si256(_mm256_cvtepi32_ps(lowest)), 23), _mm256_set1_epi32(255));
      sum = _mm256_add_ps(sum, _mm256_i32gather_ps(view.leaves + 32 * t, _mm256_sub_epi32(exponent, _mm256_set1_epi32(127)), 4));
    }
    _mm256_storeu_ps(sums + 8 * half, sum);
  }
}

}  // namespace millrace::extract
