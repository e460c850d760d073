#include "native/trainer/gemm/gemm.h"

#include "native/trainer/gemm/reference.h"

namespace millrace::trainer {

void gemm(bool transA, bool transB, int64_t M, int64_t N, int64_t K, const float* A, int64_t lda, const float* B, int64_t ldb, float* C,
          int64_t ldc, bool accumulate, int /*threads*/) {
  gemm_reference(transA, transB, M, N, K, A, lda, B, ldb, C, ldc, accumulate);
}

void gemm(bool transA, bool transB, int64_t M, int64_t N, int64_t K, const double* A, int64_t lda, const double* B, int64_t ldb, double* C,
          int64_t ldc, bool accumulate, int /*threads*/) {
  gemm_reference(transA, transB, M, N, K, A, lda, B, ldb, C, ldc, accumulate);
}

}  // namespace millrace::trainer
