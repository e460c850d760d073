// CRC-32 by folding 64 bytes at a time with carry-less multiplication (Gopal et al., Intel 2009), by tables where the CPU has none.
#include <immintrin.h>

#include <array>
#include <cstring>

#include "native/base/cpu.h"
#include "native/warc/inflate.h"

namespace millrace::warc {

void crc32_fold_avx512(uint32_t crc, const uint8_t* bytes, size_t size, uint8_t* folded);

namespace {

// Eight tables: eight bytes a step ("slicing by 8").
constexpr std::array<std::array<uint32_t, 256>, 8> make_tables() {
  std::array<std::array<uint32_t, 256>, 8> tables{};
  for (uint32_t i = 0; i < 256; ++i) {
    uint32_t value = i;
    for (int k = 0; k < 8; ++k) value = (value >> 1) ^ (value & 1 ? 0xedb88320u : 0);
    tables[0][i] = value;
  }
  for (size_t t = 1; t < 8; ++t)
    for (uint32_t i = 0; i < 256; ++i) tables[t][i] = (tables[t - 1][i] >> 8) ^ tables[0][tables[t - 1][i] & 0xff];
  return tables;
}
constexpr auto kTables = make_tables();

uint32_t by_tables(uint32_t crc, const uint8_t* bytes, size_t size) {
  for (; size >= 8; bytes += 8, size -= 8) {
    uint64_t word;
    std::memcpy(&word, bytes, 8);
    word ^= crc;
    crc = 0;
    for (int i = 0; i < 8; ++i) crc ^= kTables[static_cast<size_t>(7 - i)][(word >> (8 * i)) & 0xff];
  }
  for (; size > 0; ++bytes, --size) crc = (crc >> 8) ^ kTables[0][(crc ^ *bytes) & 0xff];
  return crc;
}

__attribute__((target("pclmul,sse4.1"))) inline __m128i fold(__m128i value, __m128i next, __m128i by) {
  return _mm_xor_si128(_mm_xor_si128(_mm_clmulepi64_si128(value, by, 0x00), _mm_clmulepi64_si128(value, by, 0x11)), next);
}

// At least 64 bytes, a multiple of 16.
__attribute__((target("pclmul,sse4.1"))) uint32_t by_folding(uint32_t crc, const uint8_t* bytes, size_t size) {
  const auto load = [](const uint8_t* at) __attribute__((target("pclmul,sse4.1"))) { return _mm_loadu_si128(reinterpret_cast<const __m128i*>(at)); };
  // x^(512±32), x^(128±32) and x^64 modulo the polynomial, bit-reflected; the last pair are the polynomial and its inverse (Barrett).
  const __m128i by64 = _mm_set_epi64x(0x01c6e41596, 0x0154442bd4), by16 = _mm_set_epi64x(0x00ccaa009e, 0x01751997d0);
  __m128i a = _mm_xor_si128(load(bytes), _mm_cvtsi32_si128(static_cast<int>(crc)));
  __m128i b = load(bytes + 16), c = load(bytes + 32), d = load(bytes + 48);
  for (bytes += 64, size -= 64; size >= 64; bytes += 64, size -= 64) {
    a = fold(a, load(bytes), by64);
    b = fold(b, load(bytes + 16), by64);
    c = fold(c, load(bytes + 32), by64);
    d = fold(d, load(bytes + 48), by64);
  }
  a = fold(fold(fold(a, b, by16), c, by16), d, by16);
  for (; size >= 16; bytes += 16, size -= 16) a = fold(a, load(bytes), by16);
  const __m128i low = _mm_set_epi32(0, -1, 0, -1);
  a = _mm_xor_si128(_mm_srli_si128(a, 8), _mm_clmulepi64_si128(a, by16, 0x10));
  a = _mm_xor_si128(_mm_srli_si128(a, 4), _mm_clmulepi64_si128(_mm_and_si128(a, low), _mm_set_epi64x(0, 0x0163cd6124), 0x00));
  const __m128i barrett = _mm_set_epi64x(0x01f7011641, 0x01db710641);
  __m128i t = _mm_clmulepi64_si128(_mm_and_si128(a, low), barrett, 0x10);
  t = _mm_clmulepi64_si128(_mm_and_si128(t, low), barrett, 0x00);
  return static_cast<uint32_t>(_mm_extract_epi32(_mm_xor_si128(a, t), 1));
}

}  // namespace

uint32_t crc32(uint32_t crc, const uint8_t* bytes, size_t size) {
  static const bool folds = active_isa() >= Isa::avx2 && __builtin_cpu_supports("pclmul") && __builtin_cpu_supports("sse4.1");
  static const bool wide = folds && active_isa() >= Isa::avx512 && __builtin_cpu_supports("vpclmulqdq");
  crc = ~crc;
  if (wide && size >= 1024) {
    const size_t whole = size & ~size_t{255};
    alignas(64) uint8_t folded[256];
    crc32_fold_avx512(crc, bytes, whole, folded);
    crc = by_folding(0, folded, sizeof folded);
    bytes += whole;
    size -= whole;
  }
  if (folds && size >= 64) {
    const size_t whole = size & ~size_t{15};
    crc = by_folding(crc, bytes, whole);
    bytes += whole;
    size -= whole;
  }
  return ~by_tables(crc, bytes, size);
}

}  // namespace millrace::warc
