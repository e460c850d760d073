#pragma once
// Elementary functions for kernels, on float and double (docs/numerics.md, rule 3).
//
// float is part of the numerics: own polynomials, no libm, so the same bits on any CPU, C library and vector width. Largest errors
// measured over every eleventh float, in ULP of the exact value: mexp 0.69 (0.78 where the result is denormal), mlog 0.81, msigmoid 2.4,
// msilu 3.2; over every 2,003rd: msin and mcos 0.5. math_test.cc holds them.
// Denormals are neither flushed on the way in nor on the way out. double is the oracle's path: the C++ library's functions.
// One value at a time is slow without FMA in the baseline (about 20 ns): over arrays use math/array.h, which gives the same bits.
#include <cmath>
#include <cstdint>

#include "native/trainer/math/functions.h"
#include "native/trainer/math/trigonometry.h"

namespace millrace::trainer {

template <class Real> static inline Real mexp(Real x) {
  if constexpr (sizeof(Real) == 4) return exp_(Float1{x}).v;
  else return std::exp(x);
}

template <class Real> static inline Real mlog(Real x) {
  if constexpr (sizeof(Real) == 4) return log_(Float1{x}).v;
  else return std::log(x);
}

template <class Real> static inline Real msin(Real x) {
  if constexpr (sizeof(Real) == 4) return sin_or_cos(x, 0);
  else return std::sin(x);
}

template <class Real> static inline Real mcos(Real x) {
  if constexpr (sizeof(Real) == 4) return sin_or_cos(x, 1);
  else return std::cos(x);
}

// Exact square root, exact division: two roundings.
template <class Real> static inline Real mrsqrt(Real x) { return Real(1) / std::sqrt(x); }

template <class Real> static inline Real msigmoid(Real x) {
  if constexpr (sizeof(Real) == 4) return sigmoid_(Float1{x}).v;
  else return x < 0 ? std::exp(x) / (1 + std::exp(x)) : 1 / (1 + std::exp(-x));
}

template <class Real> static inline Real msilu(Real x) {
  if constexpr (sizeof(Real) == 4) return silu_(Float1{x}).v;
  else return x * msigmoid(x);
}

}  // namespace millrace::trainer
