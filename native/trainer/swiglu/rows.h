// Kernels of swiglu.h. Included by kernels/kernels_<isa>.cc alone.
#pragma once
#include <type_traits>

#include "native/trainer/kernels/loops.h"

namespace millrace::trainer {
namespace {

template <class Low>
using RealOf = std::conditional_t<std::is_same_v<Low, double>, double, float>;

template <class Low>
void swiglu_forward_rows(size_t rows, size_t width, const Low* gate_up, Low* h) {
  using Real = RealOf<Low>;
  for (size_t r = 0; r < rows; ++r, gate_up += 2 * width, h += width) {
    const Low* up = gate_up + width;
    each<Real>(width, [=]<class L>(L, size_t i) MILLRACE_BODY {
      const L g = get<L>(gate_up + i);
      put(h + i, g * sigmoid_(g) * get<L>(up + i));
    });
  }
}

// A weight is multiplied in before anything is rounded to Low; where Low is Real that is the order that storing first would give.
template <class Real, class Low>
void swiglu_backward_rows(size_t rows, size_t width, Low* gate_up, const Low* dh, const Real* weights, Real* dweights, Low* h) {
  for (size_t r = 0; r < rows; ++r, gate_up += 2 * width, dh += width, h += width) {
    Low* up = gate_up + width;
    if constexpr (!std::is_same_v<Real, Low>) {
      if (weights)
        dweights[r] = lane_sum<Real>(width, [=]<class L>(L, size_t i) MILLRACE_BODY {
          const L g = get<L>(gate_up + i);
          return get<L>(dh + i) * (g * sigmoid_(g) * get<L>(up + i));
        });
      const bool weighted = weights != nullptr;
      const Real a = weighted ? weights[r] : Real(1);
      each<Real>(width, [=]<class L>(L, size_t i) MILLRACE_BODY {
        const L g = get<L>(gate_up + i), u = get<L>(up + i), d = get<L>(dh + i), one = L::set(1), w = L::set(a);
        const L s = sigmoid_(g), silu = g * s;
        put(h + i, silu * u * w);
        put(gate_up + i, d * u * (s * (one + g * (one - s))) * w);
        put(up + i, d * silu * w);
      });
      continue;
    }
    each<Real>(width, [=]<class L>(L, size_t i) MILLRACE_BODY {
      const L g = get<L>(gate_up + i), u = get<L>(up + i), d = get<L>(dh + i), one = L::set(1);
      const L s = sigmoid_(g), silu = g * s;
      put(h + i, silu * u);
      put(gate_up + i, d * u * (s * (one + g * (one - s))));
      put(up + i, d * silu);
    });
    if (!weights) continue;
    dweights[r] = lane_dot<Real, Low>(width, dh, h);
    const Real a = weights[r];
    each<Real>(width, [=]<class L>(L, size_t i) MILLRACE_BODY { put(h + i, get<L>(h + i) * L::set(a)); });
    each<Real>(2 * width, [=]<class L>(L, size_t i) MILLRACE_BODY { put(gate_up + i, get<L>(gate_up + i) * L::set(a)); });
  }
}

}  // namespace
}  // namespace millrace::trainer
