#include <immintrin.h>

#include "native/text/nemo_masks_kernel.h"

namespace millrace::text {
namespace {

class Bytes {
 public:
  explicit Bytes(const char* at)
      : low_(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(at))), high_(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(at + 32))) {}
  uint64_t is(char c) const {
    const __m256i wanted = _mm256_set1_epi8(c);
    return bits(_mm256_cmpeq_epi8(low_, wanted), _mm256_cmpeq_epi8(high_, wanted));
  }
  // least <= b <= most, unsigned: b - least does not pass most - least.
  uint64_t within(uint8_t least, uint8_t most) const {
    const __m256i from = _mm256_set1_epi8(static_cast<char>(least)), range = _mm256_set1_epi8(static_cast<char>(most - least));
    const auto one = [&](__m256i b) {
      const __m256i moved = _mm256_sub_epi8(b, from);
      return _mm256_cmpeq_epi8(_mm256_min_epu8(moved, range), moved);
    };
    return bits(one(low_), one(high_));
  }
  uint64_t above_ascii() const { return bits(low_, high_); }
  static Bytes all(char c) { return Bytes(_mm256_set1_epi8(c), _mm256_set1_epi8(c)); }
  // Where each of four blocks has the byte of its own that is wanted there.
  static uint64_t equal(const Bytes (&found)[4], const Bytes (&wanted)[4]) {
    __m256i low = _mm256_set1_epi8(-1), high = low;
    for (int i = 0; i < 4; ++i) {
      low = _mm256_and_si256(low, _mm256_cmpeq_epi8(found[i].low_, wanted[i].low_));
      high = _mm256_and_si256(high, _mm256_cmpeq_epi8(found[i].high_, wanted[i].high_));
    }
    return bits(low, high);
  }
  Bytes lowered() const {
    const __m256i bit = _mm256_set1_epi8(0x20);
    return Bytes(_mm256_or_si256(low_, bit), _mm256_or_si256(high_, bit));
  }

 private:
  Bytes(__m256i low, __m256i high) : low_(low), high_(high) {}
  static uint64_t bits(__m256i low, __m256i high) {
    return static_cast<uint32_t>(_mm256_movemask_epi8(low)) | uint64_t{static_cast<uint32_t>(_mm256_movemask_epi8(high))} << 32;
  }
  __m256i low_, high_;
};

}  // namespace

void nemo_masks_avx2(const char* text, size_t size, NemoMasks* blocks, NemoTotals& totals) { read_all<Bytes>(text, size, blocks, totals); }

size_t nemo_bounds_avx2(const NemoMasks* blocks, size_t count, size_t size, uint32_t* to) { return all_bounds(blocks, count, size, to); }

void nemo_breaks_avx2(const NemoMasks* blocks, size_t count, uint32_t* to) { all_breaks(blocks, count, to); }

uint64_t nemo_blind_avx2(NemoMasks* blocks, size_t count) { return all_blind(blocks, count); }

size_t nemo_count_avx2(const char* text, size_t size, const char* needle, size_t needle_size) {
  return count_all<Bytes>(text, size, needle, needle_size);
}

}  // namespace millrace::text
