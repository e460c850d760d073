// Kernels of moe.h. Included by kernels/kernels_<isa>.cc alone.
#pragma once
#include "native/trainer/kernels/loops.h"

namespace millrace::trainer {
namespace {

template <class Real>
void add_scaled_row(size_t n, Real a, const Real* x, Real* y) {
  each<Real>(n, [=]<class L>(L, size_t i) MILLRACE_BODY { L::store(y + i, L::load(y + i) + L::set(a) * L::load(x + i)); });
}

template <class Real>
void add_row(size_t n, const Real* x, Real* y) {
  each<Real>(n, [=]<class L>(L, size_t i) MILLRACE_BODY { L::store(y + i, L::load(y + i) + L::load(x + i)); });
}

template <class Real, class Low>
void scale_row(size_t n, Real a, const Real* x, Low* y) {
  each<Real>(n, [=]<class L>(L, size_t i) MILLRACE_BODY { put(y + i, L::set(a) * L::load(x + i)); });
}

template <class Real>
Real dot_row(size_t n, const Real* x, const Real* y) {
  return lane_dot<Real>(n, x, y);
}

}  // namespace
}  // namespace millrace::trainer
