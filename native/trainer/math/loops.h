#pragma once
// A function of lanes over an array. The end that does not fill a register goes through a padded copy: lanes do not see each other.
#include "native/trainer/math/functions.h"
#include "native/trainer/math/kernels.h"

namespace millrace::trainer {
namespace {

template <class F, F (*function)(F)>
void loop(const float* x, float* y, int64_t n) {
  int64_t i = 0;
  for (; i + F::width <= n; i += F::width) F::store(y + i, function(F::load(x + i)));
  if (i == n) return;
  alignas(64) float rest[F::width] = {};
  for (int64_t j = i; j < n; ++j) rest[j - i] = x[j];
  F::store(rest, function(F::load(rest)));
  for (int64_t j = i; j < n; ++j) y[j] = rest[j - i];
}

template <class F>
constexpr ArrayKernels array_kernels = {loop<F, exp_<F>>, loop<F, log_<F>>, loop<F, sigmoid_<F>>, loop<F, silu_<F>>};

}  // namespace
}  // namespace millrace::trainer
