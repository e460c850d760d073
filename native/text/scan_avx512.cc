#include <immintrin.h>

#include "native/text/scan_masks_kernel.h"

namespace millrace::text {
namespace {

class Bytes {
 public:
  explicit Bytes(const char* at) : bytes_(_mm512_loadu_si512(at)) {}
  uint64_t is(uint8_t c) const { return _mm512_cmpeq_epi8_mask(bytes_, _mm512_set1_epi8(static_cast<char>(c))); }
  uint64_t within(uint8_t least, uint8_t most) const {
    return _mm512_cmple_epu8_mask(_mm512_sub_epi8(bytes_, _mm512_set1_epi8(static_cast<char>(least))), _mm512_set1_epi8(static_cast<char>(most - least)));
  }
  uint64_t above_ascii() const { return _mm512_movepi8_mask(bytes_); }
  Bytes lowered() const { return Bytes(_mm512_or_si512(bytes_, _mm512_set1_epi8(0x20))); }

 private:
  explicit Bytes(__m512i bytes) : bytes_(bytes) {}
  __m512i bytes_;
};

}  // namespace

void scan_masks_avx512(const char* text, size_t size, ScanMasks* blocks, ScanTotals& totals) { scan_all<Bytes>(text, size, blocks, totals); }

}  // namespace millrace::text
