#pragma once
#include <bit>
#include <cstdint>

namespace millrace::text {

// Eight bytes of a text at a time, as one number: what needs no instruction set.
inline constexpr uint64_t kOnes = 0x0101010101010101ull, kHigh = 0x80 * kOnes;

// High bits of those of eight bytes, all below 0x80, that lie in [low, high].
constexpr uint64_t within(uint64_t word, uint64_t low, uint64_t high) {
  return (word + (0x80 - low) * kOnes) & ~(word + (0x7f - high) * kOnes) & kHigh;
}

static_assert(std::endian::native == std::endian::little, "eight bytes are read as one number, the first lowest");

}  // namespace millrace::text
