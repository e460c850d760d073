#pragma once
// The sixteen lanes of a chunk in one register of 16 or two of 8.
#include "native/trainer/math/lanes.h"
#include "native/trainer/reduce/chunk.h"

namespace millrace::trainer {
namespace {

template <class F, Reduction kind>
float reduce_lanes(const float* x, const float* y, int64_t n) {
  constexpr int registers = kSumLanes / F::width;
  F sum[registers];
  for (int r = 0; r < registers; ++r) sum[r] = F::set(0.0f);
  int64_t i = 0;
  for (; i + kSumLanes <= n; i += kSumLanes)
#pragma GCC unroll 2
    for (int r = 0; r < registers; ++r) {
      const F a = F::load(x + i + r * F::width);
      if constexpr (kind == Reduction::sum) sum[r] = sum[r] + a;
      else if constexpr (kind == Reduction::squares) sum[r] = fma_(a, a, sum[r]);
      else sum[r] = fma_(a, F::load(y + i + r * F::width), sum[r]);
    }
  alignas(64) float lanes[kSumLanes];
  for (int r = 0; r < registers; ++r) F::store(lanes + r * F::width, sum[r]);
  for (int l = 0; i < n; ++i, ++l) {
    if constexpr (kind == Reduction::sum) lanes[l] = lanes[l] + x[i];
    else lanes[l] = __builtin_fmaf(x[i], kind == Reduction::dot ? y[i] : x[i], lanes[l]);
  }
  float total = lanes[0];
  for (int l = 1; l < kSumLanes; ++l) total = total + lanes[l];
  return total;
}

template <class F>
float reduce_chunk_lanes(Reduction kind, const float* x, const float* y, int64_t n) {
  switch (kind) {
    case Reduction::sum: return reduce_lanes<F, Reduction::sum>(x, y, n);
    case Reduction::squares: return reduce_lanes<F, Reduction::squares>(x, y, n);
    case Reduction::dot: return reduce_lanes<F, Reduction::dot>(x, y, n);
  }
  return 0;
}

}  // namespace
}  // namespace millrace::trainer
