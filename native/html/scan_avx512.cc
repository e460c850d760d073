// The index in AVX-512BW: one register a block, and comparisons that give the bits themselves.
#include <immintrin.h>

#include "native/html/scan_kernels.h"

namespace millrace::html {

void index_blocks_avx512(const uint8_t* bytes, size_t count, Block* out) {
  for (size_t b = 0; b < count; ++b) {
    const __m512i v = _mm512_loadu_si512(bytes + b * 64);
    const auto is = [v](char c) { return static_cast<uint64_t>(_mm512_cmpeq_epi8_mask(v, _mm512_set1_epi8(c))); };
    const uint64_t nul = is(0), cr = is('\r'), lt = is('<'), gt = is('>'), dq = is('"'), sq = is('\'');
    const uint64_t references = nul | cr | is('&'), space = is(' ') | is('\n') | is('\t') | is('\f') | cr;
    const uint64_t upper = _mm512_cmplt_epu8_mask(_mm512_sub_epi8(v, _mm512_set1_epi8('A')), _mm512_set1_epi8(26));
    out[b] = {references | lt, references | dq, references | sq, space | upper | is('/') | is('=') | dq | sq | lt | gt | nul, ~space, nul | cr | gt};
  }
}

}  // namespace millrace::html
