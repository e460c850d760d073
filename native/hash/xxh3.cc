// XXH3-64 and XXH3-128 after the xxHash specification 0.2.0, section "XXH3": one-shot, default secret, seed 0. Each output has five
// length classes; only the last (more than 240 bytes) is worth vector code.
#include "native/hash/xxh3.h"

#include "native/base/cpu.h"
#include "native/hash/bits.h"
#include "native/hash/xxh3_long.h"

namespace millrace::hash {

alignas(64) const uint8_t kSecret[kSecretBytes] = {
    0xb8, 0xfe, 0x6c, 0x39, 0x23, 0xa4, 0x4b, 0xbe, 0x7c, 0x01, 0x81, 0x2c, 0xf7, 0x21, 0xad, 0x1c, 0xde, 0xd4, 0x6d, 0xe9, 0x83, 0x90, 0x97, 0xdb,
    0x72, 0x40, 0xa4, 0xa4, 0xb7, 0xb3, 0x67, 0x1f, 0xcb, 0x79, 0xe6, 0x4e, 0xcc, 0xc0, 0xe5, 0x78, 0x82, 0x5a, 0xd0, 0x7d, 0xcc, 0xff, 0x72, 0x21,
    0xb8, 0x08, 0x46, 0x74, 0xf7, 0x43, 0x24, 0x8e, 0xe0, 0x35, 0x90, 0xe6, 0x81, 0x3a, 0x26, 0x4c, 0x3c, 0x28, 0x52, 0xbb, 0x91, 0xc3, 0x00, 0xcb,
    0x88, 0xd0, 0x65, 0x8b, 0x1b, 0x53, 0x2e, 0xa3, 0x71, 0x64, 0x48, 0x97, 0xa2, 0x0d, 0xf9, 0x4e, 0x38, 0x19, 0xef, 0x46, 0xa9, 0xde, 0xac, 0xd8,
    0xa8, 0xfa, 0x76, 0x3f, 0xe3, 0x9c, 0x34, 0x3f, 0xf9, 0xdc, 0xbb, 0xc7, 0xc7, 0x0b, 0x4f, 0x1d, 0x8a, 0x51, 0xe0, 0x4b, 0xcd, 0xb4, 0x59, 0x31,
    0xc8, 0x9f, 0x7e, 0xc9, 0xd9, 0x78, 0x73, 0x64, 0xea, 0xc5, 0xac, 0x83, 0x34, 0xd3, 0xeb, 0xc3, 0xc5, 0x81, 0xa0, 0xff, 0xfa, 0x13, 0x63, 0xeb,
    0x17, 0x0d, 0xdd, 0x51, 0xb7, 0xf0, 0xda, 0x49, 0xd3, 0x16, 0x55, 0x26, 0x29, 0xd4, 0x68, 0x9e, 0x2b, 0x16, 0xbe, 0x58, 0x7d, 0x47, 0xa1, 0xfc,
    0x8f, 0xf8, 0xb8, 0xd1, 0x7a, 0xd0, 0x31, 0xce, 0x45, 0xcb, 0x3a, 0x8f, 0x95, 0x16, 0x04, 0x28, 0xaf, 0xd7, 0xfb, 0xca, 0xbb, 0x4b, 0x40, 0x7e,
};

namespace {

constexpr uint64_t kPrimeMx1 = 0x165667919E3779F9ull, kPrimeMx2 = 0x9FB21C651E98DF25ull;

uint64_t secret64(size_t at) { return read64(kSecret + at); }
uint32_t secret32(size_t at) { return read32(kSecret + at); }

Hash128 multiply(uint64_t a, uint64_t b) {
  const unsigned __int128 product = static_cast<unsigned __int128>(a) * b;
  return {static_cast<uint64_t>(product), static_cast<uint64_t>(product >> 64)};
}
uint64_t fold(uint64_t a, uint64_t b) {
  const Hash128 product = multiply(a, b);
  return product.low ^ product.high;
}
uint64_t avalanche(uint64_t h) {
  h = (h ^ (h >> 37)) * kPrimeMx1;
  return h ^ (h >> 32);
}
uint64_t mix16(const uint8_t* p, size_t secret) { return fold(read64(p) ^ secret64(secret), read64(p + 8) ^ secret64(secret + 8)); }

// Two 16-byte pieces into a 128-bit state.
void mix32(Hash128& state, const uint8_t* p, const uint8_t* q, size_t secret) {
  state.low = (state.low + mix16(p, secret)) ^ (read64(q) + read64(q + 8));
  state.high = (state.high + mix16(q, secret + 16)) ^ (read64(p) + read64(p + 8));
}

uint64_t short64(const uint8_t* p, size_t n) {
  if (n == 0) return avalanche64(secret64(56) ^ secret64(64));
  if (n <= 3) {
    const uint32_t combined = (uint32_t{p[0]} << 16) | (uint32_t{p[n >> 1]} << 24) | p[n - 1] | static_cast<uint32_t>(n << 8);
    return avalanche64(uint64_t{secret32(0) ^ secret32(4)} ^ combined);
  }
  if (n <= 8) {
    uint64_t h = (uint64_t{read32(p + n - 4)} | (uint64_t{read32(p)} << 32)) ^ (secret64(8) ^ secret64(16));
    h ^= rotate64(h, 49) ^ rotate64(h, 24);
    h *= kPrimeMx2;
    h ^= (h >> 35) + n;
    h *= kPrimeMx2;
    return h ^ (h >> 28);
  }
  const uint64_t low = read64(p) ^ (secret64(24) ^ secret64(32)), high = read64(p + n - 8) ^ (secret64(40) ^ secret64(48));
  return avalanche(n + __builtin_bswap64(low) + high + fold(low, high));
}

Hash128 short128(const uint8_t* p, size_t n) {
  if (n == 0) return {avalanche64(secret64(64) ^ secret64(72)), avalanche64(secret64(80) ^ secret64(88))};
  if (n <= 3) {
    const uint32_t combined = (uint32_t{p[0]} << 16) | (uint32_t{p[n >> 1]} << 24) | p[n - 1] | static_cast<uint32_t>(n << 8);
    const uint32_t reversed = rotate32(__builtin_bswap32(combined), 13);
    return {avalanche64(uint64_t{secret32(0) ^ secret32(4)} ^ combined), avalanche64(uint64_t{secret32(8) ^ secret32(12)} ^ reversed)};
  }
  if (n <= 8) {
    const uint64_t key = (read32(p) + (uint64_t{read32(p + n - 4)} << 32)) ^ (secret64(16) ^ secret64(24));
    Hash128 h = multiply(key, kP64_1 + (n << 2));
    h.high += h.low << 1;
    h.low ^= h.high >> 3;
    h.low = (h.low ^ (h.low >> 35)) * kPrimeMx2;
    h.low ^= h.low >> 28;
    h.high = avalanche(h.high);
    return h;
  }
  const uint64_t first = read64(p), last = read64(p + n - 8);
  Hash128 h = multiply(first ^ last ^ (secret64(32) ^ secret64(40)), kP64_1);
  h.low += uint64_t{n - 1} << 54;
  const uint64_t key = last ^ (secret64(48) ^ secret64(56));
  h.high += key + (key & 0xFFFFFFFFu) * uint64_t{kP32_2 - 1};
  h.low ^= __builtin_bswap64(h.high);
  Hash128 r = multiply(h.low, kP64_2);
  r.high += h.high * kP64_2;
  return {avalanche(r.low), avalanche(r.high)};
}

uint64_t middle64(const uint8_t* p, size_t n) {
  uint64_t h = n * kP64_1;
  if (n <= 128) {
    for (size_t i = (n - 1) / 32 + 1; i-- > 0;) h += mix16(p + 16 * i, 32 * i) + mix16(p + n - 16 * (i + 1), 32 * i + 16);
    return avalanche(h);
  }
  for (size_t i = 0; i < 8; ++i) h += mix16(p + 16 * i, 16 * i);
  h = avalanche(h);
  for (size_t i = 8; i < n / 16; ++i) h += mix16(p + 16 * i, 16 * (i - 8) + 3);
  return avalanche(h + mix16(p + n - 16, 136 - 17));
}

Hash128 middle128(const uint8_t* p, size_t n) {
  Hash128 s{n * kP64_1, 0};
  if (n <= 128) {
    for (size_t i = (n - 1) / 32 + 1; i-- > 0;) mix32(s, p + 16 * i, p + n - 16 * (i + 1), 32 * i);
  } else {
    for (size_t i = 0; i < 4; ++i) mix32(s, p + 32 * i, p + 32 * i + 16, 32 * i);
    s = {avalanche(s.low), avalanche(s.high)};
    for (size_t i = 4; i < n / 32; ++i) mix32(s, p + 32 * i, p + 32 * i + 16, 3 + 32 * (i - 4));
    mix32(s, p + n - 16, p + n - 32, 136 - 17 - 16);
  }
  const uint64_t low = s.low + s.high;
  const uint64_t high = s.low * kP64_1 + s.high * kP64_4 + n * kP64_2;
  return {avalanche(low), 0 - avalanche(high)};
}

uint64_t merge(const uint64_t lanes[8], size_t secret, uint64_t start) {
  for (size_t i = 0; i < 4; ++i) start += fold(lanes[2 * i] ^ secret64(secret + 16 * i), lanes[2 * i + 1] ^ secret64(secret + 16 * i + 8));
  return avalanche(start);
}

void accumulate(uint64_t lanes[8], const uint8_t* p, size_t n) {
  const uint64_t initial[8] = {kP32_3, kP64_1, kP64_2, kP64_3, kP64_4, kP32_2, kP64_5, kP32_1};
  std::memcpy(lanes, initial, sizeof initial);
  active_isa() == Isa::scalar ? xxh3_accumulate_scalar(lanes, p, n) : xxh3_accumulate_avx2(lanes, p, n);
}

}  // namespace

void xxh3_accumulate_scalar(uint64_t lanes[8], const uint8_t* bytes, size_t size) {
  const auto stripe = [&](const uint8_t* p, const uint8_t* secret) {
    for (size_t i = 0; i < 8; ++i) {
      const uint64_t data = read64(p + 8 * i), key = data ^ read64(secret + 8 * i);
      lanes[i ^ 1] += data;
      lanes[i] += (key & 0xFFFFFFFFu) * (key >> 32);
    }
  };
  const size_t stripes = (size - 1) / kStripe;
  for (size_t i = 0; i < stripes; ++i) {
    const size_t in_block = i % kStripesInBlock;
    stripe(bytes + i * kStripe, kSecret + in_block * kSecretStep);
    if (in_block == kStripesInBlock - 1)
      for (size_t lane = 0; lane < 8; ++lane)
        lanes[lane] = (lanes[lane] ^ (lanes[lane] >> 47) ^ secret64(kSecretBytes - kStripe + 8 * lane)) * kP32_1;
  }
  stripe(bytes + size - kStripe, kSecret + kLastStripeSecret);
}

uint64_t xxh3_64(std::string_view bytes) {
  const auto* p = reinterpret_cast<const uint8_t*>(bytes.data());
  const size_t n = bytes.size();
  if (n <= 16) return short64(p, n);
  if (n <= 240) return middle64(p, n);
  alignas(32) uint64_t lanes[8];
  accumulate(lanes, p, n);
  return merge(lanes, 11, n * kP64_1);
}

Hash128 xxh3_128(std::string_view bytes) {
  const auto* p = reinterpret_cast<const uint8_t*>(bytes.data());
  const size_t n = bytes.size();
  if (n <= 16) return short128(p, n);
  if (n <= 240) return middle128(p, n);
  alignas(32) uint64_t lanes[8];
  accumulate(lanes, p, n);
  return {merge(lanes, 11, n * kP64_1), merge(lanes, kSecretBytes - sizeof lanes - 11, ~(n * kP64_2))};
}

void canonical(const Hash128& hash, uint8_t out[16]) {
  const uint64_t high = __builtin_bswap64(hash.high), low = __builtin_bswap64(hash.low);
  std::memcpy(out, &high, 8);
  std::memcpy(out + 8, &low, 8);
}

}  // namespace millrace::hash
