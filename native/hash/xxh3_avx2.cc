// XXH3's bulk loop in AVX2: two registers of four lanes. Same bits as the scalar loop in xxh3.cc.
#include <immintrin.h>

#include "native/hash/bits.h"
#include "native/hash/xxh3_long.h"

namespace millrace::hash {
namespace {

__m256i load(const uint8_t* p) { return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(p)); }

__m256i stripe_half(__m256i lanes, const uint8_t* bytes, const uint8_t* secret) {
  const __m256i data = load(bytes), key = _mm256_xor_si256(data, load(secret));
  const __m256i product = _mm256_mul_epu32(key, _mm256_srli_epi64(key, 32));
  const __m256i neighbour = _mm256_shuffle_epi32(data, _MM_SHUFFLE(1, 0, 3, 2));
  return _mm256_add_epi64(product, _mm256_add_epi64(lanes, neighbour));
}

__m256i scramble_half(__m256i lanes, const uint8_t* secret) {
  const __m256i prime = _mm256_set1_epi64x(kP32_1);
  const __m256i mixed = _mm256_xor_si256(_mm256_xor_si256(lanes, _mm256_srli_epi64(lanes, 47)), load(secret));
  const __m256i low = _mm256_mul_epu32(mixed, prime), high = _mm256_mul_epu32(_mm256_srli_epi64(mixed, 32), prime);
  return _mm256_add_epi64(low, _mm256_slli_epi64(high, 32));
}

}  // namespace

void xxh3_accumulate_avx2(uint64_t lanes[8], const uint8_t* bytes, size_t size) {
  auto* memory = reinterpret_cast<__m256i*>(lanes);
  __m256i a = _mm256_loadu_si256(memory), b = _mm256_loadu_si256(memory + 1);
  const auto stripe = [&](const uint8_t* p, const uint8_t* secret) {
    a = stripe_half(a, p, secret);
    b = stripe_half(b, p + 32, secret + 32);
  };
  const size_t stripes = (size - 1) / kStripe;
  for (size_t i = 0; i < stripes; ++i) {
    const size_t in_block = i % kStripesInBlock;
    stripe(bytes + i * kStripe, kSecret + in_block * kSecretStep);
    if (in_block == kStripesInBlock - 1) {
      a = scramble_half(a, kSecret + kSecretBytes - kStripe);
      b = scramble_half(b, kSecret + kSecretBytes - kStripe + 32);
    }
  }
  stripe(bytes + size - kStripe, kSecret + kLastStripeSecret);
  _mm256_storeu_si256(memory, a);
  _mm256_storeu_si256(memory + 1, b);
}

}  // namespace millrace::hash
