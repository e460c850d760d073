#pragma once
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace millrace::hash {

// The one source of random choices about documents: XXH3-64 of seed (8 bytes, little-endian), id (16 bytes), purpose (its bytes). A
// choice then depends on nothing but these three, so any number of workers in any order makes the same ones. `ids` holds 16 bytes a
// document; what is left over at its end is ignored.
std::vector<uint64_t> seeded_hash(uint64_t seed, std::span<const uint8_t> ids, std::string_view purpose);

}  // namespace millrace::hash
