#include "native/text/scan_masks_kernel.h"

#include "native/base/cpu.h"

namespace millrace::text {
namespace {

// For tests: one byte after the other.
class Bytes {
 public:
  explicit Bytes(const char* at) { std::memcpy(bytes_, at, 64); }
  uint64_t is(uint8_t c) const { return within(c, c); }
  uint64_t within(uint8_t least, uint8_t most) const {
    uint64_t bits = 0;
    for (int i = 0; i < 64; ++i) bits |= uint64_t{bytes_[i] >= least && bytes_[i] <= most} << i;
    return bits;
  }
  uint64_t above_ascii() const { return within(0x80, 0xff); }
  Bytes lowered() const {
    Bytes lower = *this;
    for (uint8_t& b : lower.bytes_) b |= 0x20;
    return lower;
  }

 private:
  uint8_t bytes_[64];
};

}  // namespace

void scan_masks(const char* text, size_t size, ScanMasks* blocks, ScanTotals& totals) {
  switch (active_isa()) {
    case Isa::avx512: return scan_masks_avx512(text, size, blocks, totals);
    case Isa::avx2: return scan_masks_avx2(text, size, blocks, totals);
    case Isa::scalar: return scan_all<Bytes>(text, size, blocks, totals);
  }
}

}  // namespace millrace::text
