#pragma once
#include <array>
#include <cstdint>
#include <cstring>

#include "native/text/interner.h"

namespace millrace::text {

// What reads words of a text with 16 bytes behind it that may be read, without a branch for their length.

// The first n bytes of a word of eight, n up to 8; of a second one behind it.
inline constexpr auto kFront = [] {
  std::array<std::array<uint64_t, 2>, 17> masks{};
  for (int n = 0; n <= 16; ++n)
    for (int half = 0; half < 2; ++half) {
      const int bytes = n - 8 * half;
      masks[n][half] = bytes <= 0 ? 0 : bytes >= 8 ? ~uint64_t{0} : (uint64_t{1} << (8 * bytes)) - 1;
    }
  return masks;
}();

inline uint64_t hash_word(const char* at, size_t size) {
  if (size > 16) return hash_bytes({at, size});
  uint64_t low, high;
  std::memcpy(&low, at, 8);
  std::memcpy(&high, at + 8, 8);
  return fold((low & kFront[size][0]) ^ 0xe7037ed1a0b428dbull, (high & kFront[size][1]) ^ 0x8ebc6af09c88c6e3ull ^ size);
}

}  // namespace millrace::text
