#pragma once
#include <cstddef>
#include <cstdint>

#include "native/trainer/math/bf16.h"

namespace millrace::trainer {

inline constexpr size_t kNormColumns = 64;  // at most, for rmsnorm_weight

// What an op does to rows, as one table an instruction set (kernels_<isa>.cc); every table gives the same bits. An op's folder holds its
// kernels (rows.h) and the function that callers use, which documents them. double has the scalar table only: it is an oracle.
// Low is how tensors are stored that docs/numerics.md, 9 keeps short: Real, or Bf16 beside float.
template <class Real, class Low = Real>
struct Kernels {
  void (*rmsnorm_forward)(size_t rows, size_t width, const Real* x, size_t ldx, const Real* weight, Real eps, Real scale, Real* y, size_t ldy,
                          Real* rstd);
  void (*rmsnorm_forward_low)(size_t rows, size_t width, const Real* x, size_t ldx, const Real* weight, Real eps, Real scale, Low* y, size_t ldy,
                              Real* rstd);
  void (*rmsnorm_backward)(size_t rows, size_t width, const Real* dy, size_t lddy, const Real* x, size_t ldx, const Real* weight, Real scale,
                           const Real* rstd, Real* dx, size_t lddx, bool accumulate);
  void (*rmsnorm_weight)(size_t rows, size_t begin, size_t end, const Real* dy, size_t lddy, const Real* x, size_t ldx, Real scale,
                         const Real* rstd, Real* dweight);
  void (*swiglu_forward)(size_t rows, size_t width, const Low* gate_up, Low* h);
  void (*swiglu_backward)(size_t rows, size_t width, Low* gate_up, const Low* dh, const Real* weights, Real* dweights, Low* h);
  void (*causal_softmax)(size_t rows, size_t first, size_t keys, Real* scores, size_t ld, Real scale, Real* top, Real* inverse);
  void (*causal_exponentials)(size_t rows, size_t first, size_t keys, Real* scores, size_t ld, Real scale, Real* top, Real* inverse);
  void (*causal_softmax_again)(size_t rows, size_t first, size_t keys, Real* scores, size_t ld, Real scale, const Real* top,
                               const Real* inverse);
  void (*causal_softmax_backward)(size_t rows, size_t first, size_t keys, const Real* p, Real* dp, size_t ld, Real scale, const Low* dout,
                                  const Low* out, size_t ldo, size_t width);
  void (*softmax)(size_t rows, size_t width, Real* x);
  void (*softmax_backward)(size_t rows, size_t width, const Real* p, Real* dp);
  void (*cross_entropy)(size_t rows, size_t width, Real* logits, const int32_t* targets, Real* losses, bool gradient);
  void (*hidden_z)(size_t rows, size_t width, const Real* z, const int32_t* targets, Real coefficient, Real* dz, Real* values, Real* largest,
                   bool gradient);
  void (*add_scaled)(size_t n, Real a, const Real* x, Real* y);  // y += a x
  void (*add)(size_t n, const Real* x, Real* y);                 // y += x
  Real (*dot)(size_t n, const Real* x, const Real* y);           // 16 lanes, lanes in order
  void (*scale)(size_t n, Real a, const Real* x, Low* y);        // y = a x
};

// The table of active_isa().
template <class Real, class Low = Real>
const Kernels<Real, Low>& kernels();

namespace scalar { extern const Kernels<float> floats; extern const Kernels<float, Bf16> mixed; extern const Kernels<double> doubles; }
namespace avx2 { extern const Kernels<float> floats; extern const Kernels<float, Bf16> mixed; }
namespace avx512 { extern const Kernels<float> floats; extern const Kernels<float, Bf16> mixed; }

}  // namespace millrace::trainer
