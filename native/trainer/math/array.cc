#include "native/trainer/math/array.h"

#include "native/trainer/math/math.h"

namespace millrace::trainer {

template <class Real> void exp_array(const Real* x, Real* y, int64_t n) {
  for (int64_t i = 0; i < n; ++i) y[i] = mexp(x[i]);
}
template <class Real> void log_array(const Real* x, Real* y, int64_t n) {
  for (int64_t i = 0; i < n; ++i) y[i] = mlog(x[i]);
}
template <class Real> void sigmoid_array(const Real* x, Real* y, int64_t n) {
  for (int64_t i = 0; i < n; ++i) y[i] = msigmoid(x[i]);
}
template <class Real> void silu_array(const Real* x, Real* y, int64_t n) {
  for (int64_t i = 0; i < n; ++i) y[i] = msilu(x[i]);
}

template void exp_array(const float*, float*, int64_t);
template void log_array(const float*, float*, int64_t);
template void sigmoid_array(const float*, float*, int64_t);
template void silu_array(const float*, float*, int64_t);
template void exp_array(const double*, double*, int64_t);
template void log_array(const double*, double*, int64_t);
template void sigmoid_array(const double*, double*, int64_t);
template void silu_array(const double*, double*, int64_t);

}  // namespace millrace::trainer
