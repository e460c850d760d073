// CRC-32 with carry-less multiplication of 512 bits: folds all whole stretches of 256 bytes into the last one.
#pragma GCC target("pclmul,vpclmulqdq")
#include <immintrin.h>

#include <cstddef>
#include <cstdint>

namespace millrace::warc {

// `size` is a multiple of 256. `folded` (256 bytes) then has the checksum that `bytes`, continued from `crc` (inverted), has.
void crc32_fold_avx512(uint32_t crc, const uint8_t* bytes, size_t size, uint8_t* folded) {
  // x^(2048±32) modulo the polynomial, bit-reflected.
  const __m512i by = _mm512_set_epi64(0x1322d1430, 0x11542778a, 0x1322d1430, 0x11542778a, 0x1322d1430, 0x11542778a, 0x1322d1430, 0x11542778a);
  __m512i parts[4];
  for (int i = 0; i < 4; ++i) parts[i] = _mm512_loadu_si512(bytes + 64 * i);
  parts[0] = _mm512_xor_si512(parts[0], _mm512_zextsi128_si512(_mm_cvtsi32_si128(static_cast<int>(crc))));
  for (bytes += 256, size -= 256; size; bytes += 256, size -= 256)
    for (int i = 0; i < 4; ++i)
      parts[i] = _mm512_ternarylogic_epi64(_mm512_clmulepi64_epi128(parts[i], by, 0x00), _mm512_clmulepi64_epi128(parts[i], by, 0x11),
                                           _mm512_loadu_si512(bytes + 64 * i), 0x96);
  for (int i = 0; i < 4; ++i) _mm512_storeu_si512(folded + 64 * i, parts[i]);
}

}  // namespace millrace::warc
