#pragma once
// The element-wise part of AdamW over any lane type of lanes.h.
#include "native/trainer/math/lanes.h"

namespace millrace::trainer {

// The scalars of one step, rounded to float once.
struct AdamWScalars {
  float grad_scale, beta1, rest1, beta2, rest2, keep, rate, root_correction, eps;
};

void adamw_span_avx2(float* p, const float* g, float* m, float* v, int64_t n, const AdamWScalars& s);
void adamw_span_avx512(float* p, const float* g, float* m, float* v, int64_t n, const AdamWScalars& s);

namespace {

template <class F>
MILLRACE_LANES void adamw_lanes(float* p, const float* g, float* m, float* v, const AdamWScalars& s) {
  const F zero = F::set(0.0f);
  const F grad = F::load(g) * F::set(s.grad_scale);
  const F first = fma_(F::set(s.beta1), F::load(m), F::set(s.rest1) * grad);
  const F second = fma_(F::set(s.beta2), F::load(v), F::set(s.rest2) * (grad * grad));
  const F below = fma_(sqrt_(second), F::set(s.root_correction), F::set(s.eps));
  const F step = select(equal(below, zero), zero, (F::set(s.rate) * first) / below);
  F::store(m, first);
  F::store(v, second);
  F::store(p, fma_(F::load(p), F::set(s.keep), zero - step));
}

template <class F>
void adamw_loop(float* p, const float* g, float* m, float* v, int64_t n, const AdamWScalars& s) {
  int64_t i = 0;
  for (; i + F::width <= n; i += F::width) adamw_lanes<F>(p + i, g + i, m + i, v + i, s);
  for (; i < n; ++i) adamw_lanes<Float1>(p + i, g + i, m + i, v + i, s);
}

}  // namespace
}  // namespace millrace::trainer
