// The index in AVX2: two registers of 32 bytes a block.
#include <immintrin.h>

#include "native/html/scan_kernels.h"

namespace millrace::html {
namespace {

struct Half {
  uint64_t text, dq, sq, name, nonspace, gt;
};

inline __m256i is(__m256i bytes, char c) { return _mm256_cmpeq_epi8(bytes, _mm256_set1_epi8(c)); }
inline __m256i any(__m256i a, __m256i b) { return _mm256_or_si256(a, b); }
inline uint64_t bits(__m256i mask) { return static_cast<uint32_t>(_mm256_movemask_epi8(mask)); }

inline Half classify(const uint8_t* p) {
  const __m256i v = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(p));
  const __m256i nul = is(v, 0), cr = is(v, '\r'), lt = is(v, '<'), gt = is(v, '>'), dq = is(v, '"'), sq = is(v, '\'');
  const __m256i rewritten = any(nul, cr), references = any(rewritten, is(v, '&'));
  const __m256i space = any(any(is(v, ' '), is(v, '\n')), any(any(is(v, '\t'), is(v, '\f')), cr));
  // A-Z are the bytes that reach 102..127 when 37 is added.
  const __m256i upper = _mm256_cmpgt_epi8(_mm256_add_epi8(v, _mm256_set1_epi8(37)), _mm256_set1_epi8(101));
  const __m256i marks = any(any(any(is(v, '/'), is(v, '=')), any(dq, sq)), any(any(lt, gt), nul));
  return {bits(any(references, lt)),        bits(any(references, dq)),       bits(any(references, sq)),
          bits(any(any(space, upper), marks)), bits(space) ^ 0xffffffffu, bits(any(rewritten, gt))};
}

}  // namespace

void index_blocks_avx2(const uint8_t* bytes, size_t count, Block* out) {
  for (size_t b = 0; b < count; ++b) {
    const Half low = classify(bytes + b * 64), high = classify(bytes + b * 64 + 32);
    out[b] = {low.text | high.text << 32, low.dq | high.dq << 32,             low.sq | high.sq << 32,
              low.name | high.name << 32, low.nonspace | high.nonspace << 32, low.gt | high.gt << 32};
  }
}

}  // namespace millrace::html
