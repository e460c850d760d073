#pragma once
#include <array>
#include <cstdint>
#include <string_view>

namespace millrace::hash {

// SHA-1 (FIPS 180-4). Broken for security; here only because FineWeb's first signatures were made with it.
std::array<uint8_t, 20> sha1(std::string_view bytes);

// Its first eight bytes, read little-endian: what datatrove calls sha1_hash64.
uint64_t sha1_64(std::string_view bytes);

}  // namespace millrace::hash
