// Kernels of router.h. Included by kernels/kernels_<isa>.cc alone.
#pragma once
#include "native/trainer/kernels/loops.h"

namespace millrace::trainer {
namespace {

template <class Real>
void softmax_rows(size_t rows, size_t width, Real* p) {
  for (size_t r = 0; r < rows; ++r, p += width) {
    const Real largest = lane_max<Real>(width, p[0], [=]<class L>(L, size_t i) MILLRACE_BODY { return L::load(p + i); });
    each<Real>(width, [=]<class L>(L, size_t i) MILLRACE_BODY { L::store(p + i, exp_(L::load(p + i) - L::set(largest))); });
    const Real total = lane_sum<Real>(width, [=]<class L>(L, size_t i) MILLRACE_BODY { return L::load(p + i); });
    each<Real>(width, [=]<class L>(L, size_t i) MILLRACE_BODY { L::store(p + i, L::load(p + i) / L::set(total)); });
  }
}

// dlogits = p · (dp - Σ dp·p), over dp.
template <class Real>
void softmax_backward_rows(size_t rows, size_t width, const Real* p, Real* dp) {
  for (size_t r = 0; r < rows; ++r, p += width, dp += width) {
    const Real delta = lane_dot<Real>(width, dp, p);
    each<Real>(width, [=]<class L>(L, size_t i) MILLRACE_BODY { L::store(dp + i, L::load(p + i) * (L::load(dp + i) - L::set(delta))); });
  }
}

}  // namespace
}  // namespace millrace::trainer
