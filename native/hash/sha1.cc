#include "native/hash/sha1.h"

#include "native/hash/bits.h"

namespace millrace::hash {
namespace {

void block(uint32_t state[5], const uint8_t* p) {
  uint32_t w[80];
  for (int i = 0; i < 16; ++i) w[i] = __builtin_bswap32(read32(p + 4 * i));
  for (int i = 16; i < 80; ++i) w[i] = rotate32(w[i - 3] ^ w[i - 8] ^ w[i - 14] ^ w[i - 16], 1);
  uint32_t a = state[0], b = state[1], c = state[2], d = state[3], e = state[4];
  for (int i = 0; i < 80; ++i) {
    const uint32_t f = i < 20 ? (b & c) | (~b & d) : i < 40 ? b ^ c ^ d : i < 60 ? (b & c) | (b & d) | (c & d) : b ^ c ^ d;
    const uint32_t k = i < 20 ? 0x5A827999u : i < 40 ? 0x6ED9EBA1u : i < 60 ? 0x8F1BBCDCu : 0xCA62C1D6u;
    const uint32_t next = rotate32(a, 5) + f + e + k + w[i];
    e = d;
    d = c;
    c = rotate32(b, 30);
    b = a;
    a = next;
  }
  const uint32_t sums[5] = {a, b, c, d, e};
  for (int i = 0; i < 5; ++i) state[i] += sums[i];
}

}  // namespace

std::array<uint8_t, 20> sha1(std::string_view bytes) {
  uint32_t state[5] = {0x67452301u, 0xEFCDAB89u, 0x98BADCFEu, 0x10325476u, 0xC3D2E1F0u};
  const auto* p = reinterpret_cast<const uint8_t*>(bytes.data());
  const size_t whole = bytes.size() / 64 * 64, rest = bytes.size() - whole;
  for (size_t at = 0; at < whole; at += 64) block(state, p + at);

  uint8_t tail[128] = {};
  if (rest) std::memcpy(tail, p + whole, rest);
  tail[rest] = 0x80;
  const size_t size = rest < 56 ? 64 : 128;
  const uint64_t bits = __builtin_bswap64(uint64_t{bytes.size()} * 8);
  std::memcpy(tail + size - 8, &bits, 8);
  for (size_t at = 0; at < size; at += 64) block(state, tail + at);

  std::array<uint8_t, 20> digest;
  for (int i = 0; i < 5; ++i) {
    const uint32_t word = __builtin_bswap32(state[i]);
    std::memcpy(digest.data() + 4 * i, &word, 4);
  }
  return digest;
}

uint64_t sha1_64(std::string_view bytes) { return read64(sha1(bytes).data()); }

}  // namespace millrace::hash
