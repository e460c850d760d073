#pragma once
#include "native/trainer/kernels/blocks.h"
#include "native/trainer/kernels/kernels.h"

namespace millrace::trainer {

// RMSNorm (Zhang & Sennrich 2019), times a constant:  y[r,i] = x[r,i] / sqrt(mean_i(x[r,i]²) + eps) · weight[i] · scale
//
//   x [rows, width] with ldx from row to row; y likewise, Real or Bf16; rstd [rows] is kept for the backward pass
//   scale: 1, or LongCat-Flash's sqrt(hidden / rank) behind its latent norms (longcat-flash.md 3)
//
// The mean is summed in 16 lanes over ascending i. Within 8 ULP of the definition (rmsnorm_test.cc).
template <class Real, class Low>
void rmsnorm_forward(size_t rows, size_t width, const Real* x, size_t ldx, const Real* weight, double eps, double scale, Low* y, size_t ldy,
                     Real* rstd, int threads) {
  in_blocks(rows, threads, [&](size_t a, size_t b) {
    kernels<Real, Low>().rmsnorm_forward_low(b - a, width, x + a * ldx, ldx, weight, Real(eps), Real(scale), y + a * ldy, ldy, rstd + a);
  });
}

// dx = or += ∂L/∂x; dweight += ∂L/∂weight, summed over rows in chunks of 1,024, chunks in ascending order.
template <class Real>
void rmsnorm_backward(size_t rows, size_t width, const Real* dy, size_t lddy, const Real* x, size_t ldx, const Real* weight, double scale,
                      const Real* rstd, Real* dx, size_t lddx, bool accumulate, Real* dweight, int threads) {
  in_blocks(width, threads, [&](size_t a, size_t b) {
    kernels<Real>().rmsnorm_weight(rows, a, b, dy, lddy, x, ldx, Real(scale), rstd, dweight);
  }, kNormColumns);
  in_blocks(rows, threads, [&](size_t a, size_t b) {
    kernels<Real>().rmsnorm_backward(b - a, width, dy + a * lddy, lddy, x + a * ldx, ldx, weight, Real(scale), rstd + a, dx + a * lddx, lddx,
                                     accumulate);
  });
}

}  // namespace millrace::trainer
