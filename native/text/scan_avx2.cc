#include <immintrin.h>

#include "native/text/scan_masks_kernel.h"

namespace millrace::text {
namespace {

class Bytes {
 public:
  explicit Bytes(const char* at) : low_(load(at)), high_(load(at + 32)) {}
  uint64_t is(uint8_t c) const {
    const __m256i same = _mm256_set1_epi8(static_cast<char>(c));
    return mask(_mm256_cmpeq_epi8(low_, same), _mm256_cmpeq_epi8(high_, same));
  }
  // x - least <= span, unsigned, as min(x - least, span) == x - least
  uint64_t within(uint8_t least, uint8_t most) const {
    const __m256i from = _mm256_set1_epi8(static_cast<char>(least)), span = _mm256_set1_epi8(static_cast<char>(most - least));
    const __m256i low = _mm256_sub_epi8(low_, from), high = _mm256_sub_epi8(high_, from);
    return mask(_mm256_cmpeq_epi8(_mm256_min_epu8(low, span), low), _mm256_cmpeq_epi8(_mm256_min_epu8(high, span), high));
  }
  uint64_t above_ascii() const { return mask(low_, high_); }
  Bytes lowered() const {
    const __m256i small = _mm256_set1_epi8(0x20);
    return Bytes(_mm256_or_si256(low_, small), _mm256_or_si256(high_, small));
  }

 private:
  Bytes(__m256i low, __m256i high) : low_(low), high_(high) {}
  static __m256i load(const char* at) { return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(at)); }
  static uint64_t mask(__m256i low, __m256i high) {
    return static_cast<uint32_t>(_mm256_movemask_epi8(low)) | static_cast<uint64_t>(static_cast<uint32_t>(_mm256_movemask_epi8(high))) << 32;
  }
  __m256i low_, high_;
};

}  // namespace

void scan_masks_avx2(const char* text, size_t size, ScanMasks* blocks, ScanTotals& totals) { scan_all<Bytes>(text, size, blocks, totals); }

}  // namespace millrace::text
