// The fast loop with BMI2, which every CPU with AVX2 that we know of has; asked for at run time all the same (inflate.cc).
#pragma GCC target("bmi,bmi2")
#include <immintrin.h>

#include "native/warc/inflate_loop.h"

namespace millrace::warc {

bool inflate_loop_avx2(Inflater& state, const uint8_t*& in, const uint8_t* in_end, const uint8_t* history, uint8_t*& out, uint8_t* out_end,
                       bool& block_over) {
  return InflateLoop::run(state, in, in_end, history, out, out_end, block_over);
}

void join_literals_avx2(uint32_t* literals, uint8_t* prefixes) {
  const auto all = [](uint32_t value) { return _mm256_set1_epi32(static_cast<int>(value)); };
  const __m256i bits = all(63), kind = all(kLiteral | kException | kPrefixed), most = all(Inflater::kLiteralBits + 1);
  // The third byte of each of eight entries, side by side.
  const __m256i bytes = _mm256_setr_epi8(2, 6, 10, 14, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1,  //
                                         2, 6, 10, 14, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1);
  __m256i index = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
  for (uint32_t i = 0; i < 1u << Inflater::kLiteralBits; i += 8) {
    auto* at = reinterpret_cast<__m256i*>(literals + i);
    const __m256i literal = _mm256_loadu_si256(at), own = _mm256_and_si256(literal, bits);
    const __m256i next = _mm256_i32gather_epi32(reinterpret_cast<const int*>(literals), _mm256_srlv_epi32(index, own), 4);
    const __m256i both = _mm256_add_epi32(own, _mm256_and_si256(_mm256_srli_epi32(next, 8), bits));
    const __m256i taken = _mm256_add_epi32(own, _mm256_and_si256(next, bits));
    const __m256i base = _mm256_or_si256(_mm256_and_si256(next, all(0x7fff0000u)), all(kPrefixed));
    const __m256i joined = _mm256_or_si256(base, _mm256_or_si256(_mm256_slli_epi32(both, 8), taken));
    const __m256i fits = _mm256_and_si256(_mm256_cmpgt_epi32(most, both), _mm256_cmpeq_epi32(_mm256_and_si256(next, kind), _mm256_setzero_si256()));
    const __m256i joins = _mm256_and_si256(fits, _mm256_srai_epi32(literal, 31));
    _mm256_storeu_si256(at, _mm256_blendv_epi8(literal, joined, joins));
    const __m256i packed = _mm256_shuffle_epi8(literal, bytes);
    _mm_storeu_si64(prefixes + i, _mm_unpacklo_epi32(_mm256_castsi256_si128(packed), _mm256_extracti128_si256(packed, 1)));
    index = _mm256_add_epi32(index, all(8));
  }
}

}  // namespace millrace::warc
