#pragma once
// bfloat16 as storage: the upper half of a float (8 bits of exponent, 8 of mantissa with the hidden one). Nothing computes in it; the
// tables of docs/numerics.md, rule 9 say which tensors are kept so. Rounding: to nearest, ties to even (math/lanes.h, `rounded`).
#include <cstdint>

#include "native/trainer/math/lanes.h"

namespace millrace::trainer {

struct Bf16 {
  uint16_t bits;
};

static inline float to_float(Bf16 x) { return widen(Float1{}, &x.bits).v; }
static inline float to_float(float x) { return x; }

static inline Bf16 to_bf16(float x) {
  Bf16 y;
  narrow(&y.bits, rounded(Float1{x}));
  return y;
}

}  // namespace millrace::trainer
