#include "native/text/nemo_masks_kernel.h"

#include "native/base/cpu.h"

namespace millrace::text {
namespace {

// For tests: one byte after the other.
class Bytes {
 public:
  explicit Bytes(const char* at) { std::memcpy(bytes_, at, 64); }
  uint64_t is(char c) const {
    return mask([&](uint8_t b) { return b == static_cast<uint8_t>(c); });
  }
  uint64_t within(uint8_t least, uint8_t most) const {
    return mask([&](uint8_t b) { return b >= least && b <= most; });
  }
  static Bytes all(char c) {
    char bytes[64];
    std::memset(bytes, c, 64);
    return Bytes(bytes);
  }
  static uint64_t equal(const Bytes (&found)[4], const Bytes (&wanted)[4]) {
    uint64_t bits = ~uint64_t{0};
    for (int i = 0; i < 4; ++i) bits &= found[i].is(static_cast<char>(wanted[i].bytes_[0]));
    return bits;
  }
  uint64_t above_ascii() const { return within(0x80, 0xff); }
  Bytes lowered() const {
    Bytes lower = *this;
    for (uint8_t& b : lower.bytes_) b |= 0x20;
    return lower;
  }

 private:
  template <class Is>
  uint64_t mask(Is&& is) const {
    uint64_t bits = 0;
    for (int i = 0; i < 64; ++i) bits |= uint64_t{is(bytes_[i])} << i;
    return bits;
  }
  uint8_t bytes_[64];
};

}  // namespace

void nemo_masks(const char* text, size_t size, NemoMasks* blocks, NemoTotals& totals) {
  switch (active_isa()) {
    case Isa::avx512: return nemo_masks_avx512(text, size, blocks, totals);
    case Isa::avx2: return nemo_masks_avx2(text, size, blocks, totals);
    case Isa::scalar: return read_all<Bytes>(text, size, blocks, totals);
  }
}

size_t nemo_bounds(const NemoMasks* blocks, size_t count, size_t size, uint32_t* to) {
  switch (active_isa()) {
    case Isa::avx512: return nemo_bounds_avx512(blocks, count, size, to);
    case Isa::avx2: return nemo_bounds_avx2(blocks, count, size, to);
    case Isa::scalar: return all_bounds(blocks, count, size, to);
  }
  return 0;
}

void nemo_breaks(const NemoMasks* blocks, size_t count, uint32_t* to) {
  switch (active_isa()) {
    case Isa::avx512: return nemo_breaks_avx512(blocks, count, to);
    case Isa::avx2: return nemo_breaks_avx2(blocks, count, to);
    case Isa::scalar: return all_breaks(blocks, count, to);
  }
}

uint64_t nemo_blind(NemoMasks* blocks, size_t count) {
  switch (active_isa()) {
    case Isa::avx512: return nemo_blind_avx512(blocks, count);
    case Isa::avx2: return nemo_blind_avx2(blocks, count);
    case Isa::scalar: return all_blind(blocks, count);
  }
  return 0;
}

size_t nemo_count(const char* text, size_t size, const char* needle, size_t needle_size) {
  switch (active_isa()) {
    case Isa::avx512: return nemo_count_avx512(text, size, needle, needle_size);
    case Isa::avx2: return nemo_count_avx2(text, size, needle, needle_size);
    case Isa::scalar: return count_all<Bytes>(text, size, needle, needle_size);
  }
  return 0;
}

}  // namespace millrace::text
