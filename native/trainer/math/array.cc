#include "native/trainer/math/array.h"

#include "native/base/cpu.h"
#include "native/trainer/math/kernels.h"
#include "native/trainer/math/math.h"

namespace millrace::trainer {

namespace {

// The vectorised loops, or nullptr: element by element.
const ArrayKernels* vectorised() {
  if (active_isa() == Isa::avx512) return &array_kernels_avx512;
  if (active_isa() == Isa::avx2) return &array_kernels_avx2;
  return nullptr;
}

template <class Real, class Function>
void run(void (*ArrayKernels::*which)(const float*, float*, int64_t), Function function, const Real* x, Real* y, int64_t n) {
  if constexpr (sizeof(Real) == 4)
    if (const ArrayKernels* kernels = vectorised()) return (kernels->*which)(x, y, n);
  for (int64_t i = 0; i < n; ++i) y[i] = function(x[i]);
}

}  // namespace

template <class Real> void exp_array(const Real* x, Real* y, int64_t n) { run(&ArrayKernels::exp, mexp<Real>, x, y, n); }
template <class Real> void log_array(const Real* x, Real* y, int64_t n) { run(&ArrayKernels::log, mlog<Real>, x, y, n); }
template <class Real> void sigmoid_array(const Real* x, Real* y, int64_t n) { run(&ArrayKernels::sigmoid, msigmoid<Real>, x, y, n); }
template <class Real> void silu_array(const Real* x, Real* y, int64_t n) { run(&ArrayKernels::silu, msilu<Real>, x, y, n); }

template void exp_array(const float*, float*, int64_t);
template void log_array(const float*, float*, int64_t);
template void sigmoid_array(const float*, float*, int64_t);
template void silu_array(const float*, float*, int64_t);
template void exp_array(const double*, double*, int64_t);
template void log_array(const double*, double*, int64_t);
template void sigmoid_array(const double*, double*, int64_t);
template void silu_array(const double*, double*, int64_t);

}  // namespace millrace::trainer
