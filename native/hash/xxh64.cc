// XXH64 after the xxHash specification 0.2.0. Little-endian machines only, like all of native/.
#include "native/hash/xxh64.h"

#include "native/hash/bits.h"

namespace millrace::hash {
namespace {

uint64_t round64(uint64_t accumulator, uint64_t input) { return rotate64(accumulator + input * kP64_2, 31) * kP64_1; }

uint64_t merge(uint64_t h, uint64_t accumulator) { return (h ^ round64(0, accumulator)) * kP64_1 + kP64_4; }

}  // namespace

uint64_t xxh64(std::string_view bytes) {
  const auto* p = reinterpret_cast<const uint8_t*>(bytes.data());
  const auto* end = p + bytes.size();
  uint64_t h = kP64_5;
  if (bytes.size() >= 32) {
    uint64_t a = kP64_1 + kP64_2, b = kP64_2, c = 0, d = 0 - kP64_1;
    for (; end - p >= 32; p += 32) {
      a = round64(a, read64(p));
      b = round64(b, read64(p + 8));
      c = round64(c, read64(p + 16));
      d = round64(d, read64(p + 24));
    }
    h = rotate64(a, 1) + rotate64(b, 7) + rotate64(c, 12) + rotate64(d, 18);
    h = merge(merge(merge(merge(h, a), b), c), d);
  }
  h += bytes.size();
  for (; end - p >= 8; p += 8) h = rotate64(h ^ round64(0, read64(p)), 27) * kP64_1 + kP64_4;
  if (end - p >= 4) {
    h = rotate64(h ^ (uint64_t{read32(p)} * kP64_1), 23) * kP64_2 + kP64_3;
    p += 4;
  }
  for (; p < end; ++p) h = rotate64(h ^ (*p * kP64_5), 11) * kP64_1;
  return avalanche64(h);
}

}  // namespace millrace::hash
