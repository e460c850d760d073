#include <immintrin.h>

#include "native/tokenizer/scan_blocks.h"

namespace millrace::tokenizer {
namespace {

struct Classify {
  static void masks(const char* s, Masks& m) {
    const __m256i low = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(s)), high = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(s + 32));
    const auto bits = [](__m256i a, __m256i b) {
      return static_cast<uint64_t>(static_cast<uint32_t>(_mm256_movemask_epi8(a))) | static_cast<uint64_t>(static_cast<uint32_t>(_mm256_movemask_epi8(b))) << 32;
    };
    // Signed comparison: what lies beyond ASCII is below everything.
    const auto in = [&](char first, char count) {
      const __m256i before = _mm256_set1_epi8(static_cast<char>(first - 1)), end = _mm256_set1_epi8(static_cast<char>(first + count));
      return bits(_mm256_and_si256(_mm256_cmpgt_epi8(low, before), _mm256_cmpgt_epi8(end, low)),
                  _mm256_and_si256(_mm256_cmpgt_epi8(high, before), _mm256_cmpgt_epi8(end, high)));
    };
    const auto is = [&](char c) { return bits(_mm256_cmpeq_epi8(low, _mm256_set1_epi8(c)), _mm256_cmpeq_epi8(high, _mm256_set1_epi8(c))); };
    m.upper = in('A', 26);
    m.lower = in('a', 26);
    m.digit = in('0', 10);
    m.blank = is(' ');
    m.space = in('\t', 5) | m.blank;
    m.newline = is('\n') | is('\r');
    m.beyond = bits(low, high);
    m.quote = is('\'');
    m.slash = is('/');
  }
};

}  // namespace

Blocks blocks_avx2(int pattern) { return blocks_by<Classify>(pattern); }

}  // namespace millrace::tokenizer
