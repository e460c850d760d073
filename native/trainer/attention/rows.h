// Kernels of attention.h. Included by kernels/kernels_<isa>.cc alone. Row r is query first + r of its run: it sees the keys
// 0 … first + r; the rest of its `keys` columns becomes 0, so that products over all columns are right.
#pragma once
#include "native/trainer/kernels/loops.h"

namespace millrace::trainer {
namespace {

// Scores become probabilities, in place, or with `whole` false exponentials behind the largest, whose sum the caller divides by later. The
// largest scaled score and 1 / Σ are kept for the backward pass.
template <class Real, bool whole>
void causal_softmax_rows(size_t rows, size_t first, size_t keys, Real* p, size_t ld, Real scale, Real* top, Real* inverse) {
  for (size_t r = 0; r < rows; ++r, p += ld) {
    const size_t n = first + r + 1;
    const Real largest = lane_max<Real>(n, p[0] * scale, [=]<class L>(L, size_t i) MILLRACE_BODY { return L::load(p + i) * L::set(scale); });
    each<Real>(n, [=]<class L>(L, size_t i) MILLRACE_BODY { L::store(p + i, exp_(L::load(p + i) * L::set(scale) - L::set(largest))); });
    const Real s = Real(1) / lane_sum<Real>(n, [=]<class L>(L, size_t i) MILLRACE_BODY { return L::load(p + i); });
    if constexpr (whole) each<Real>(n, [=]<class L>(L, size_t i) MILLRACE_BODY { L::store(p + i, L::load(p + i) * L::set(s)); });
    for (size_t i = n; i < keys; ++i) p[i] = 0;
    top[r] = largest;
    inverse[r] = s;
  }
}

// The same probabilities, bit for bit, from what the forward pass kept.
template <class Real>
void causal_softmax_again_rows(size_t rows, size_t first, size_t keys, Real* p, size_t ld, Real scale, const Real* top, const Real* inverse) {
  for (size_t r = 0; r < rows; ++r, p += ld) {
    const size_t n = first + r + 1;
    const Real largest = top[r], s = inverse[r];
    each<Real>(n, [=]<class L>(L, size_t i) MILLRACE_BODY {
      L::store(p + i, exp_(L::load(p + i) * L::set(scale) - L::set(largest)) * L::set(s));
    });
    for (size_t i = n; i < keys; ++i) p[i] = 0;
  }
}

// dscore = p · (dp - Σ dout·out) · scale, over dp. `dout` and `out` are one head's rows.
template <class Real, class Low>
void causal_softmax_backward_rows(size_t rows, size_t first, size_t keys, const Real* p, Real* dp, size_t ld, Real scale, const Low* dout,
                                  const Low* out, size_t ldo, size_t width) {
  for (size_t r = 0; r < rows; ++r, p += ld, dp += ld, dout += ldo, out += ldo) {
    const size_t n = first + r + 1;
    const Real delta = lane_dot<Real, Low>(width, dout, out);
    each<Real>(n, [=]<class L>(L, size_t i) MILLRACE_BODY {
      L::store(dp + i, L::load(p + i) * (L::load(dp + i) - L::set(delta)) * L::set(scale));
    });
    for (size_t i = n; i < keys; ++i) dp[i] = 0;
  }
}

}  // namespace
}  // namespace millrace::trainer
