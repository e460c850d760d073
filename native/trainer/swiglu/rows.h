// Kernels of swiglu.h. Included by kernels/kernels_<isa>.cc alone.
#pragma once
#include "native/trainer/kernels/loops.h"

namespace millrace::trainer {
namespace {

template <class Real>
void swiglu_forward_rows(size_t rows, size_t width, const Real* gate_up, Real* h) {
  for (size_t r = 0; r < rows; ++r, gate_up += 2 * width, h += width) {
    const Real* up = gate_up + width;
    each<Real>(width, [=]<class L>(L, size_t i) MILLRACE_BODY {
      const L g = L::load(gate_up + i);
      L::store(h + i, g * sigmoid_(g) * L::load(up + i));
    });
  }
}

template <class Real>
void swiglu_backward_rows(size_t rows, size_t width, Real* gate_up, const Real* dh, const Real* weights, Real* dweights, Real* h) {
  for (size_t r = 0; r < rows; ++r, gate_up += 2 * width, dh += width, h += width) {
    Real* up = gate_up + width;
    each<Real>(width, [=]<class L>(L, size_t i) MILLRACE_BODY {
      const L g = L::load(gate_up + i), u = L::load(up + i), d = L::load(dh + i), one = L::set(1);
      const L s = sigmoid_(g), silu = g * s;
      L::store(h + i, silu * u);
      L::store(gate_up + i, d * u * (s * (one + g * (one - s))));
      L::store(up + i, d * silu);
    });
    if (!weights) continue;
    dweights[r] = lane_dot<Real>(width, dh, h);
    const Real a = weights[r];
    each<Real>(width, [=]<class L>(L, size_t i) MILLRACE_BODY { L::store(h + i, L::load(h + i) * L::set(a)); });
    each<Real>(2 * width, [=]<class L>(L, size_t i) MILLRACE_BODY { L::store(gate_up + i, L::load(gate_up + i) * L::set(a)); });
  }
}

}  // namespace
}  // namespace millrace::trainer
