#pragma once
// One float, eight or sixteen, under one set of operations, so that a kernel is written once and gives the same bits at any width.
// Only IEEE-exact operations: + - * / fma sqrt, comparisons, selects, integer bits. No rsqrt or rcp estimates (vendors differ) and no
// min or max (their NaN and -0 rules differ): a select says which.
// Everything has internal linkage: a header shared by files of several instruction sets must not leave a symbol behind that the linker
// could merge (docs/numerics.md, rule 7). Widths beyond one exist only in files compiled for them.
#include <cstdint>

#ifdef __AVX2__
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"  // GCC 12 says it of its own _mm512_undefined_*
#include <immintrin.h>
#pragma GCC diagnostic pop
#endif

#define MILLRACE_LANES static inline __attribute__((always_inline))

namespace millrace::trainer {
namespace {

struct Float1 {
  static constexpr int width = 1;
  using Mask = bool;
  using Int = int32_t;
  float v;
  MILLRACE_LANES Float1 set(float x) { return {x}; }
  MILLRACE_LANES Float1 load(const float* x) { return {*x}; }
  MILLRACE_LANES void store(float* to, Float1 x) { *to = x.v; }
};
MILLRACE_LANES Float1 operator+(Float1 a, Float1 b) { return {a.v + b.v}; }
MILLRACE_LANES Float1 operator-(Float1 a, Float1 b) { return {a.v - b.v}; }
MILLRACE_LANES Float1 operator*(Float1 a, Float1 b) { return {a.v * b.v}; }
MILLRACE_LANES Float1 operator/(Float1 a, Float1 b) { return {a.v / b.v}; }
MILLRACE_LANES Float1 fma_(Float1 a, Float1 b, Float1 c) { return {__builtin_fmaf(a.v, b.v, c.v)}; }
MILLRACE_LANES Float1 sqrt_(Float1 a) { return {__builtin_sqrtf(a.v)}; }
MILLRACE_LANES bool less(Float1 a, Float1 b) { return a.v < b.v; }    // false where either is NaN
MILLRACE_LANES bool equal(Float1 a, Float1 b) { return a.v == b.v; }  // likewise
MILLRACE_LANES Float1 select(bool mask, Float1 yes, Float1 no) { return mask ? yes : no; }
MILLRACE_LANES int32_t bits(Float1 a) {
  int32_t i;
  __builtin_memcpy(&i, &a.v, 4);
  return i;
}
MILLRACE_LANES Float1 from_bits(int32_t i) {
  Float1 a;
  __builtin_memcpy(&a.v, &i, 4);
  return a;
}
MILLRACE_LANES int32_t add(int32_t a, int32_t b) { return static_cast<int32_t>(static_cast<uint32_t>(a) + static_cast<uint32_t>(b)); }
MILLRACE_LANES int32_t sub(int32_t a, int32_t b) { return static_cast<int32_t>(static_cast<uint32_t>(a) - static_cast<uint32_t>(b)); }
template <int n> MILLRACE_LANES int32_t left(int32_t a) { return static_cast<int32_t>(static_cast<uint32_t>(a) << n); }
template <int n> MILLRACE_LANES int32_t right(int32_t a) { return a >> n; }  // arithmetic
MILLRACE_LANES Float1 to_float(int32_t a) { return {static_cast<float>(a)}; }
MILLRACE_LANES int32_t splat(Float1, int32_t i) { return i; }

// Sixteen-bit halves of a float (math/bf16.h): widening is exact, narrowing expects a value that `rounded` gave.
MILLRACE_LANES Float1 widen(Float1, const uint16_t* x) { return from_bits(static_cast<int32_t>(static_cast<uint32_t>(*x) << 16)); }
MILLRACE_LANES void narrow(uint16_t* to, Float1 x) { *to = static_cast<uint16_t>(static_cast<uint32_t>(bits(x)) >> 16); }

#ifdef __AVX2__
struct Float8 {
  static constexpr int width = 8;
  struct Mask { __m256 v; };
  struct Int { __m256i v; };
  __m256 v;
  MILLRACE_LANES Float8 set(float x) { return {_mm256_set1_ps(x)}; }
  MILLRACE_LANES Float8 load(const float* x) { return {_mm256_loadu_ps(x)}; }
  MILLRACE_LANES void store(float* to, Float8 x) { _mm256_storeu_ps(to, x.v); }
};
MILLRACE_LANES Float8 operator+(Float8 a, Float8 b) { return {_mm256_add_ps(a.v, b.v)}; }
MILLRACE_LANES Float8 operator-(Float8 a, Float8 b) { return {_mm256_sub_ps(a.v, b.v)}; }
MILLRACE_LANES Float8 operator*(Float8 a, Float8 b) { return {_mm256_mul_ps(a.v, b.v)}; }
MILLRACE_LANES Float8 operator/(Float8 a, Float8 b) { return {_mm256_div_ps(a.v, b.v)}; }
MILLRACE_LANES Float8 fma_(Float8 a, Float8 b, Float8 c) { return {_mm256_fmadd_ps(a.v, b.v, c.v)}; }
MILLRACE_LANES Float8 sqrt_(Float8 a) { return {_mm256_sqrt_ps(a.v)}; }
MILLRACE_LANES Float8::Mask less(Float8 a, Float8 b) { return {_mm256_cmp_ps(a.v, b.v, _CMP_LT_OQ)}; }
MILLRACE_LANES Float8::Mask equal(Float8 a, Float8 b) { return {_mm256_cmp_ps(a.v, b.v, _CMP_EQ_OQ)}; }
MILLRACE_LANES Float8 select(Float8::Mask mask, Float8 yes, Float8 no) { return {_mm256_blendv_ps(no.v, yes.v, mask.v)}; }
MILLRACE_LANES Float8::Int bits(Float8 a) { return {_mm256_castps_si256(a.v)}; }
MILLRACE_LANES Float8 from_bits(Float8::Int i) { return {_mm256_castsi256_ps(i.v)}; }
MILLRACE_LANES Float8::Int add(Float8::Int a, Float8::Int b) { return {_mm256_add_epi32(a.v, b.v)}; }
MILLRACE_LANES Float8::Int sub(Float8::Int a, Float8::Int b) { return {_mm256_sub_epi32(a.v, b.v)}; }
template <int n> MILLRACE_LANES Float8::Int left(Float8::Int a) { return {_mm256_slli_epi32(a.v, n)}; }
template <int n> MILLRACE_LANES Float8::Int right(Float8::Int a) { return {_mm256_srai_epi32(a.v, n)}; }
MILLRACE_LANES Float8 to_float(Float8::Int a) { return {_mm256_cvtepi32_ps(a.v)}; }
MILLRACE_LANES Float8::Int splat(Float8, int32_t i) { return {_mm256_set1_epi32(i)}; }
MILLRACE_LANES Float8 widen(Float8, const uint16_t* x) {
  return {_mm256_castsi256_ps(_mm256_slli_epi32(_mm256_cvtepu16_epi32(_mm_loadu_si128(reinterpret_cast<const __m128i*>(x))), 16))};
}
MILLRACE_LANES void narrow(uint16_t* to, Float8 x) {
  const __m256i high = _mm256_srli_epi32(_mm256_castps_si256(x.v), 16);
  const __m256i joined = _mm256_permute4x64_epi64(_mm256_packus_epi32(high, high), 0x08);
  _mm_storeu_si128(reinterpret_cast<__m128i*>(to), _mm256_castsi256_si128(joined));
}
#endif

#ifdef __AVX512F__
struct Float16 {
  static constexpr int width = 16;
  struct Mask { __mmask16 v; };
  struct Int { __m512i v; };
  __m512 v;
  MILLRACE_LANES Float16 set(float x) { return {_mm512_set1_ps(x)}; }
  MILLRACE_LANES Float16 load(const float* x) { return {_mm512_loadu_ps(x)}; }
  MILLRACE_LANES void store(float* to, Float16 x) { _mm512_storeu_ps(to, x.v); }
};
MILLRACE_LANES Float16 operator+(Float16 a, Float16 b) { return {_mm512_add_ps(a.v, b.v)}; }
MILLRACE_LANES Float16 operator-(Float16 a, Float16 b) { return {_mm512_sub_ps(a.v, b.v)}; }
MILLRACE_LANES Float16 operator*(Float16 a, Float16 b) { return {_mm512_mul_ps(a.v, b.v)}; }
MILLRACE_LANES Float16 operator/(Float16 a, Float16 b) { return {_mm512_div_ps(a.v, b.v)}; }
MILLRACE_LANES Float16 fma_(Float16 a, Float16 b, Float16 c) { return {_mm512_fmadd_ps(a.v, b.v, c.v)}; }
MILLRACE_LANES Float16 sqrt_(Float16 a) { return {_mm512_sqrt_ps(a.v)}; }
MILLRACE_LANES Float16::Mask less(Float16 a, Float16 b) { return {_mm512_cmp_ps_mask(a.v, b.v, _CMP_LT_OQ)}; }
MILLRACE_LANES Float16::Mask equal(Float16 a, Float16 b) { return {_mm512_cmp_ps_mask(a.v, b.v, _CMP_EQ_OQ)}; }
MILLRACE_LANES Float16 select(Float16::Mask mask, Float16 yes, Float16 no) { return {_mm512_mask_blend_ps(mask.v, no.v, yes.v)}; }
MILLRACE_LANES Float16::Int bits(Float16 a) { return {_mm512_castps_si512(a.v)}; }
MILLRACE_LANES Float16 from_bits(Float16::Int i) { return {_mm512_castsi512_ps(i.v)}; }
MILLRACE_LANES Float16::Int add(Float16::Int a, Float16::Int b) { return {_mm512_add_epi32(a.v, b.v)}; }
MILLRACE_LANES Float16::Int sub(Float16::Int a, Float16::Int b) { return {_mm512_sub_epi32(a.v, b.v)}; }
template <int n> MILLRACE_LANES Float16::Int left(Float16::Int a) { return {_mm512_slli_epi32(a.v, n)}; }
template <int n> MILLRACE_LANES Float16::Int right(Float16::Int a) { return {_mm512_srai_epi32(a.v, n)}; }
MILLRACE_LANES Float16 to_float(Float16::Int a) { return {_mm512_cvtepi32_ps(a.v)}; }
MILLRACE_LANES Float16::Int splat(Float16, int32_t i) { return {_mm512_set1_epi32(i)}; }
MILLRACE_LANES Float16 widen(Float16, const uint16_t* x) {
  return {_mm512_castsi512_ps(_mm512_slli_epi32(_mm512_cvtepu16_epi32(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(x))), 16))};
}
MILLRACE_LANES void narrow(uint16_t* to, Float16 x) {
  _mm256_storeu_si256(reinterpret_cast<__m256i*>(to), _mm512_cvtepi32_epi16(_mm512_srli_epi32(_mm512_castps_si512(x.v), 16)));
}
#endif

// The nearest value with sixteen bits, ties to even, as PyTorch rounds: a float whose lower half is 0. Denormals stay; above the largest:
// infinity; a NaN: 0x7fc00000.
template <class F>
MILLRACE_LANES F rounded(F x) {
  const auto i = bits(x);
  const auto odd = right<31>(left<15>(i));  // -1 where the last bit that stays is set
  const F y = from_bits(left<16>(right<16>(sub(add(i, splat(F{}, 0x7fff)), odd))));
  return select(equal(x, x), y, from_bits(splat(F{}, 0x7fc00000)));
}

}  // namespace
}  // namespace millrace::trainer
