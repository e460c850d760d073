#pragma once
#include <type_traits>

#include "native/trainer/gemm/dot32.h"
#include "native/trainer/gemm/gemm.h"

namespace millrace::trainer {

// op(A) · op(B) into or onto C by the rule that a storage type stands for: gemm.h's where Low is Real, dot32.h's where it is Bf16; then every
// operand may be float or Bf16, and so may a C that is not added to.
template <class Low, class X, class Y, class Z>
void product(bool transA, bool transB, size_t M, size_t N, size_t K, const X* A, size_t lda, const Y* B, size_t ldb, Z* C, size_t ldc,
             bool accumulate, int threads) {
  const auto m = static_cast<int64_t>(M), n = static_cast<int64_t>(N), k = static_cast<int64_t>(K), a = static_cast<int64_t>(lda),
             b = static_cast<int64_t>(ldb), c = static_cast<int64_t>(ldc);
  if constexpr (!std::is_same_v<Low, Bf16>) gemm(transA, transB, m, n, k, A, a, B, b, C, c, accumulate, threads);
  else if constexpr (std::is_same_v<Z, Bf16>) gemm_dot32(transA, transB, m, n, k, A, a, B, b, C, c, threads);
  else gemm_dot32(transA, transB, m, n, k, A, a, B, b, C, c, accumulate, threads);
}

// The three products of a bias-free linear layer. weight [out, in]; ld* = elements from row to row.

// y[rows, out] (+)= x[rows, in] · weightᵀ
template <class Low, class X, class W, class Y>
void linear_forward(size_t rows, size_t in, size_t out, const X* x, size_t ldx, const W* weight, Y* y, size_t ldy, bool accumulate, int threads) {
  product<Low>(false, true, rows, out, in, x, ldx, weight, in, y, ldy, accumulate, threads);
}

// dx[rows, in] (+)= dy[rows, out] · weight
template <class Low, class X, class W, class Y>
void linear_backward(size_t rows, size_t in, size_t out, const Y* dy, size_t lddy, const W* weight, X* dx, size_t lddx, bool accumulate, int threads) {
  product<Low>(false, false, rows, in, out, dy, lddy, weight, in, dx, lddx, accumulate, threads);
}

// dweight[out, in] += dyᵀ · x: rows are the K of the product, so its blocks count from the slab's first row.
template <class Low, class X, class W, class Y>
void linear_weight(size_t rows, size_t in, size_t out, const Y* dy, size_t lddy, const X* x, size_t ldx, W* dweight, int threads) {
  product<Low>(true, false, out, in, rows, dy, lddy, x, ldx, dweight, in, true, threads);
}

}  // namespace millrace::trainer
