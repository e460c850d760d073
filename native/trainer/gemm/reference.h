#pragma once
#include <cmath>
#include <cstdint>

namespace millrace::trainer {

inline constexpr int64_t kGemmBlock = 256;  // k per chain: part of the numerics, not a tuning parameter

// The rule of gemm.h, written down: what the scalar path runs, and the vectorised ones must equal.
template <class Real>
void gemm_reference(bool transA, bool transB, int64_t M, int64_t N, int64_t K, const Real* A, int64_t lda, const Real* B, int64_t ldb,
                    Real* C, int64_t ldc, bool accumulate) {
  for (int64_t i = 0; i < M; ++i)
    for (int64_t j = 0; j < N; ++j) {
      Real& c = C[i * ldc + j];
      if (K <= 0 && !accumulate) c = 0;
      for (int64_t from = 0; from < K; from += kGemmBlock) {
        const int64_t to = from + kGemmBlock < K ? from + kGemmBlock : K;
        Real block = 0;
        for (int64_t k = from; k < to; ++k)
          block = std::fma(transA ? A[k * lda + i] : A[i * lda + k], transB ? B[j * ldb + k] : B[k * ldb + j], block);
        c = from == 0 && !accumulate ? block : c + block;
      }
    }
}

}  // namespace millrace::trainer
