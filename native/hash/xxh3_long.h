#pragma once
#include <cstddef>
#include <cstdint>

// The bulk loop of XXH3 (more than 240 bytes), one function an instruction set; xxh3.cc chooses.
namespace millrace::hash {

inline constexpr size_t kSecretBytes = 192;
alignas(64) extern const uint8_t kSecret[kSecretBytes];

// Folds all of `bytes` (size > 240) into the eight lanes of `lanes`, which the caller has set to the initial values.
void xxh3_accumulate_scalar(uint64_t lanes[8], const uint8_t* bytes, size_t size);
void xxh3_accumulate_avx2(uint64_t lanes[8], const uint8_t* bytes, size_t size);

// The order in which every variant walks: blocks of 16 stripes of 64 bytes, a scramble after each full block but none after the last,
// then the stripe that ends at the last byte.
inline constexpr size_t kStripe = 64, kSecretStep = 8, kStripesInBlock = (kSecretBytes - kStripe) / kSecretStep;
inline constexpr size_t kLastStripeSecret = kSecretBytes - kStripe - 7;

}  // namespace millrace::hash
