#pragma once
#include "native/trainer/gemm/gemm.h"

namespace millrace::trainer {

// The three products of a bias-free linear layer, as GEMMs of the one rule (gemm.h). weight [out, in]; ld* = elements from row to row.

// y[rows, out] (+)= x[rows, in] · weightᵀ
template <class Real>
void linear_forward(size_t rows, size_t in, size_t out, const Real* x, size_t ldx, const Real* weight, Real* y, size_t ldy, bool accumulate,
                    int threads) {
  gemm(false, true, rows, out, in, x, ldx, weight, in, y, ldy, accumulate, threads);
}

// dx[rows, in] (+)= dy[rows, out] · weight
template <class Real>
void linear_backward(size_t rows, size_t in, size_t out, const Real* dy, size_t lddy, const Real* weight, Real* dx, size_t lddx,
                     bool accumulate, int threads) {
  gemm(false, false, rows, in, out, dy, lddy, weight, in, dx, lddx, accumulate, threads);
}

// dweight[out, in] += dyᵀ · x: rows are the K of the product, so its blocks of 256 count from the slab's first row.
template <class Real>
void linear_weight(size_t rows, size_t in, size_t out, const Real* dy, size_t lddy, const Real* x, size_t ldx, Real* dweight, int threads) {
  gemm(true, false, out, in, rows, dy, lddy, x, ldx, dweight, in, true, threads);
}

}  // namespace millrace::trainer
