#pragma once
// Reading operands of either type, over a lane type of lanes.h; all linkage internal.
#include "native/trainer/gemm/dot32_kernel.h"

namespace millrace::trainer {
namespace {

// n values as floats that are bfloat16.
template <class F>
void widen_row(Operand from, int64_t n, float* to) {
  int64_t k = 0;
  if (from.narrow) {
    const auto* x = static_cast<const uint16_t*>(from.data);
    for (; k + F::width <= n; k += F::width) F::store(to + k, widen(F{}, x + k));
    for (; k < n; ++k) Float1::store(to + k, widen(Float1{}, x + k));
  } else {
    const auto* x = static_cast<const float*>(from.data);
    for (; k + F::width <= n; k += F::width) F::store(to + k, rounded(F::load(x + k)));
    for (; k < n; ++k) Float1::store(to + k, rounded(Float1::load(x + k)));
  }
}

MILLRACE_LANES Operand moved(Operand x, int64_t i) {
  x.data = x.narrow ? static_cast<const void*>(static_cast<const uint16_t*>(x.data) + i) : static_cast<const void*>(static_cast<const float*>(x.data) + i);
  return x;
}

}  // namespace
}  // namespace millrace::trainer
