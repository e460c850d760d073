// Kernels of rmsnorm.h. Included by kernels/kernels_<isa>.cc alone.
#pragma once
#include "native/trainer/kernels/kernels.h"
#include "native/trainer/kernels/loops.h"

namespace millrace::trainer {
namespace {

template <class Real, class Low>
void rmsnorm_forward_rows(size_t rows, size_t width, const Real* x, size_t ldx, const Real* w, Real eps, Real scale, Low* y, size_t ldy,
                          Real* rstd) {
  for (size_t r = 0; r < rows; ++r, x += ldx, y += ldy) {
    const Real s = mrsqrt(lane_dot<Real>(width, x, x) / Real(width) + eps);
    rstd[r] = s;
    each<Real>(width, [=]<class L>(L, size_t i) MILLRACE_BODY {
      put(y + i, L::load(x + i) * L::set(s) * L::load(w + i) * L::set(scale));
    });
  }
}

template <class Real>
void rmsnorm_backward_rows(size_t rows, size_t width, const Real* dy, size_t lddy, const Real* x, size_t ldx, const Real* w, Real scale,
                           const Real* rstd, Real* dx, size_t lddx, bool accumulate) {
  for (size_t r = 0; r < rows; ++r, dy += lddy, x += ldx, dx += lddx) {
    const Real s = rstd[r];
    const Real sum = lane_sum<Real>(width, [=]<class L>(L, size_t i) MILLRACE_BODY { return L::load(dy + i) * L::load(w + i) * L::load(x + i); });
    const Real c = sum * scale * s / Real(width) * s;  // x̂ · mean(dy w x̂) = x · c
    each<Real>(width, [=]<class L>(L, size_t i) MILLRACE_BODY {
      const L d = L::set(s) * (L::load(dy + i) * L::load(w + i) * L::set(scale) - L::load(x + i) * L::set(c));
      L::store(dx + i, accumulate ? L::load(dx + i) + d : d);
    });
  }
}

// Columns [begin, end), at most kNormColumns of them. Rows in chunks of 1,024; a chunk is summed in ascending order from +0, then added.
template <class Real>
void rmsnorm_weight_columns(size_t rows, size_t begin, size_t end, const Real* dy, size_t lddy, const Real* x, size_t ldx, Real scale,
                            const Real* rstd, Real* dweight) {
  const size_t n = end - begin;
  Real sums[kNormColumns];
  for (size_t first = 0; first < rows; first += 1024) {
    for (size_t i = 0; i < n; ++i) sums[i] = 0;
    const size_t last = first + 1024 < rows ? first + 1024 : rows;
    for (size_t r = first; r < last; ++r) {
      const Real* g = dy + r * lddy + begin;
      const Real* in = x + r * ldx + begin;
      Real* out = sums;
      const Real s = rstd[r] * scale;
      each<Real>(n, [=]<class L>(L, size_t i) MILLRACE_BODY {
        L::store(out + i, L::load(out + i) + L::load(g + i) * L::load(in + i) * L::set(s));
      });
    }
    for (size_t i = 0; i < n; ++i) dweight[begin + i] += sums[i];
  }
}

}  // namespace
}  // namespace millrace::trainer
