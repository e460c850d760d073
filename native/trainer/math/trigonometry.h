#pragma once
// sin and cos of a float, evaluated in double: one rounding at the end decides, so the error stays at 0.501 ULP for every finite
// argument. Scalar only: they fill tables (rotary positions, Box-Muller), they are in no inner loop.
// Reduction: below 2^27 x - n·(π/2) by two fused steps (Cody & Waite), above it the bits of 2/π that matter times the 24-bit
// significand, in integers (Payne & Hanek 1983).
#include <cmath>
#include <cstdint>
#include <cstring>

namespace millrace::trainer {
namespace {

// Quadrant (mod 4) and remainder in [-π/4, π/4] of |x| >= 2^27.
static inline double reduce_large(uint32_t magnitude, uint32_t& quadrant) {
  static constexpr uint64_t two_over_pi[] = {0xa2f9836e4e441529u, 0xfc2757d1f534ddc0u, 0xdb6295993c439041u, 0xfe5163abdebbc561u};
  const uint32_t exponent = (magnitude >> 23) - 150;  // x = significand · 2^exponent, 4 <= exponent <= 104
  const uint64_t significand = (magnitude & 0x7fffff) | 0x800000;
  const uint32_t first = exponent - 2;  // bits of 2/π before this one add multiples of 4
  const auto word = [&](uint32_t bit) {
    const uint32_t index = bit / 64, shift = bit % 64;
    const uint64_t next = index + 1 < 4 ? two_over_pi[index + 1] : 0;
    return shift == 0 ? two_over_pi[index] : two_over_pi[index] << shift | next >> (64 - shift);
  };
  using Wide = unsigned __int128;
  Wide product = (static_cast<Wide>(word(first)) << 64 | word(first + 64)) * significand;  // x · 2/π mod 4, as 2 + 126 bits
  product += static_cast<Wide>(1) << 125;                                                  // round to the nearest quadrant
  quadrant = static_cast<uint32_t>(product >> 126);
  const Wide rest = (product & ((static_cast<Wide>(1) << 126) - 1));
  const __int128 fraction = static_cast<__int128>(rest) - (static_cast<__int128>(1) << 125);
  return static_cast<double>(fraction) * 0x1p-126 * 0x1.921fb54442d18p+0;
}

static inline float sin_or_cos(float x, uint32_t shift) {
  uint32_t word;
  std::memcpy(&word, &x, 4);
  const uint32_t magnitude = word & 0x7fffffff;
  if (magnitude >= 0x7f800000) return __builtin_nanf("");
  if (magnitude == 0) return shift ? 1.0f : x;
  double r;
  uint32_t quadrant;
  if (magnitude < 0x4d000000) {  // 2^27
    const double magic = 0x1.8p52, wide = x;
    const double shifted = std::fma(wide, 0x1.45f306dc9c883p-1, magic), n = shifted - magic;
    r = std::fma(n, -0x1.921fb54442d18p+0, wide);
    r = std::fma(n, -0x1.1a62633145c07p-54, r);
    uint64_t low;
    std::memcpy(&low, &shifted, 8);
    quadrant = static_cast<uint32_t>(low);
  } else {
    r = reduce_large(magnitude, quadrant);
    if (word >> 31) {
      r = -r;
      quadrant = -quadrant;
    }
  }
  quadrant += shift;
  const double u = r * r;
  double y;
  if (quadrant & 1) {
    y = -0x1.2429092e1b1a5p-22;
    y = std::fma(y, u, 0x1.a011178cd42b9p-16);
    y = std::fma(y, u, -0x1.6c16b88bf2076p-10);
    y = std::fma(y, u, 0x1.5555554f428d9p-5);
    y = std::fma(y * u, u, std::fma(u, -0.5, 1.0));
  } else {
    y = -0x1.a9648c6da57c6p-26;
    y = std::fma(y, u, 0x1.71d776a8223afp-19);
    y = std::fma(y, u, -0x1.a019f94eec839p-13);
    y = std::fma(y, u, 0x1.1111110c9a2ebp-7);
    y = std::fma(y, u, -0x1.5555555552385p-3);
    y = std::fma(y * u, r, r);
  }
  return static_cast<float>(quadrant & 2 ? -y : y);
}

}  // namespace
}  // namespace millrace::trainer
