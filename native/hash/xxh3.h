#pragma once
#include <cstdint>
#include <string_view>

namespace millrace::hash {

struct Hash128 {
  uint64_t low = 0, high = 0;
  friend bool operator==(const Hash128&, const Hash128&) = default;
};

// XXH3 with its default secret and seed 0, of any number of bytes; the same bits on every instruction set. Not cryptographic: by
// chance two of 2^64 texts meet, but whoever chooses texts on purpose can make two collide.
uint64_t xxh3_64(std::string_view bytes);
Hash128 xxh3_128(std::string_view bytes);

// Sixteen bytes, most significant first: the canonical form, whose byte order is the order of the numbers.
void canonical(const Hash128& hash, uint8_t out[16]);

}  // namespace millrace::hash
