// Kernels of loss.h. Included by kernels/kernels_<isa>.cc alone.
#pragma once
#include "native/trainer/kernels/loops.h"

namespace millrace::trainer {
namespace {

template <class Real>
void cross_entropy_rows(size_t rows, size_t width, Real* x, const int32_t* targets, Real* losses, bool gradient) {
  for (size_t r = 0; r < rows; ++r, x += width) {
    if (targets[r] < 0) {
      losses[r] = 0;
      for (size_t i = 0; gradient && i < width; ++i) x[i] = 0;
      continue;
    }
    const Real largest = lane_max<Real>(width, x[0], [=]<class L>(L, size_t i) MILLRACE_BODY { return L::load(x + i); });
    const Real at_target = x[targets[r]];
    each<Real>(width, [=]<class L>(L, size_t i) MILLRACE_BODY { L::store(x + i, exp_(L::load(x + i) - L::set(largest))); });
    const Real total = lane_sum<Real>(width, [=]<class L>(L, size_t i) MILLRACE_BODY { return L::load(x + i); });
    losses[r] = mlog(total) + (largest - at_target);
    if (!gradient) continue;
    const Real s = Real(1) / total;
    each<Real>(width, [=]<class L>(L, size_t i) MILLRACE_BODY { L::store(x + i, L::load(x + i) * L::set(s)); });
    x[targets[r]] -= Real(1);
  }
}

template <class L>
MILLRACE_LANES L magnitude(L x) {
  return select(less(x, L::set(0)), L::set(0) - x, x);
}

template <class Real>
void hidden_z_rows(size_t rows, size_t width, const Real* z, const int32_t* targets, Real coefficient, Real* dz, Real* values, Real* largest,
                   bool gradient) {
  for (size_t r = 0; r < rows; ++r, z += width, dz += width) {
    const Real top = lane_max<Real>(width, Real(0), [=]<class L>(L, size_t i) MILLRACE_BODY { return magnitude(L::load(z + i)); });
    each<Real>(width, [=]<class L>(L, size_t i) MILLRACE_BODY { L::store(dz + i, exp_(magnitude(L::load(z + i)) - L::set(top))); });
    const Real total = lane_sum<Real>(width, [=]<class L>(L, size_t i) MILLRACE_BODY { return L::load(dz + i); });
    const Real log_sum = mlog(total) + top;
    values[r] = targets[r] < 0 ? Real(0) : log_sum * log_sum;
    largest[r] = top;
    if (!gradient) continue;
    const Real a = targets[r] < 0 ? Real(0) : coefficient * Real(2) * log_sum / total;
    each<Real>(width, [=]<class L>(L, size_t i) MILLRACE_BODY {
      const L d = L::load(dz + i) * L::set(a), x = L::load(z + i), zero = L::set(0);
      L::store(dz + i, select(less(x, zero), zero - d, select(less(zero, x), d, zero)));
    });
  }
}

}  // namespace
}  // namespace millrace::trainer
