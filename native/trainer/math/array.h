#pragma once
#include <cstdint>

namespace millrace::trainer {

// y[i] = f(x[i]), the bits of math.h at the speed of the instruction set; y may be x itself. On the calling thread.
// double: the C++ library, element by element.
template <class Real> void exp_array(const Real* x, Real* y, int64_t n);
template <class Real> void log_array(const Real* x, Real* y, int64_t n);
template <class Real> void sigmoid_array(const Real* x, Real* y, int64_t n);
template <class Real> void silu_array(const Real* x, Real* y, int64_t n);

}  // namespace millrace::trainer
