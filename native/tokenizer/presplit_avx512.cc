#include <immintrin.h>

#include "native/tokenizer/scan_blocks.h"

namespace millrace::tokenizer {
namespace {

struct Classify {
  static void masks(const char* s, Masks& m) {
    const __m512i bytes = _mm512_loadu_si512(s);
    const auto in = [](__m512i x, char first, char count) {
      return _mm512_cmplt_epu8_mask(_mm512_sub_epi8(x, _mm512_set1_epi8(first)), _mm512_set1_epi8(count));
    };
    const auto is = [&](char c) { return _mm512_cmpeq_epi8_mask(bytes, _mm512_set1_epi8(c)); };
    m.upper = in(bytes, 'A', 26);
    m.lower = in(bytes, 'a', 26);
    m.digit = in(bytes, '0', 10);
    m.blank = is(' ');
    m.space = in(bytes, '\t', 5) | m.blank;
    m.newline = is('\n') | is('\r');
    m.beyond = _mm512_movepi8_mask(bytes);
    m.quote = is('\'');
    m.slash = is('/');
  }
};

}  // namespace

Blocks blocks_avx512(int pattern) { return blocks_by<Classify>(pattern); }

}  // namespace millrace::tokenizer
