// Loops over a row in a form that gives the same bits on every instruction set, over the lane types of math/lanes.h. Included by
// kernels_<isa>.cc alone, hence the unnamed namespace: two instruction sets must not share one instantiation.
//
// A body is a lambda `[=]<class L>(L, size_t i)` that treats the elements i … of its rows as an L, which is a vector or one number.
// Reductions: lane l of 16 takes elements l, l + 16, … in ascending order, then the lanes are added in ascending order. Products are
// rounded before they are added (no fma), so the scalar path is plain arithmetic.
#pragma once
#include <cstddef>

#include "native/trainer/math/bf16.h"
#include "native/trainer/math/math.h"

#define MILLRACE_BODY __attribute__((always_inline))

namespace millrace::trainer {
namespace {

// The oracle's lane: double, with the C++ library's functions.
struct Double1 {
  static constexpr int width = 1;
  double v;
  MILLRACE_LANES Double1 set(double x) { return {x}; }
  MILLRACE_LANES Double1 load(const double* x) { return {*x}; }
  MILLRACE_LANES void store(double* to, Double1 x) { *to = x.v; }
};
MILLRACE_LANES Double1 operator+(Double1 a, Double1 b) { return {a.v + b.v}; }
MILLRACE_LANES Double1 operator-(Double1 a, Double1 b) { return {a.v - b.v}; }
MILLRACE_LANES Double1 operator*(Double1 a, Double1 b) { return {a.v * b.v}; }
MILLRACE_LANES Double1 operator/(Double1 a, Double1 b) { return {a.v / b.v}; }
MILLRACE_LANES bool less(Double1 a, Double1 b) { return a.v < b.v; }
MILLRACE_LANES Double1 select(bool mask, Double1 yes, Double1 no) { return mask ? yes : no; }
MILLRACE_LANES Double1 exp_(Double1 x) { return {mexp(x.v)}; }
MILLRACE_LANES Double1 sigmoid_(Double1 x) { return {msigmoid(x.v)}; }

template <class Real>
struct Lane;
template <>
struct Lane<double> {
  using wide = Double1;
  using one = Double1;
};
template <>
struct Lane<float> {
#if defined(__AVX512F__)
  using wide = Float16;
#elif defined(__AVX2__)
  using wide = Float8;
#else
  using wide = Float1;
#endif
  using one = Float1;
};

// Elements of a tensor that may be stored short (docs/numerics.md, 9): read exactly, rounded when written.
template <class L, class Real>
MILLRACE_LANES L get(const Real* x) {
  return L::load(x);
}
template <class L>
MILLRACE_LANES L get(const Bf16* x) {
  return widen(L{}, &x->bits);
}
template <class L, class Real>
MILLRACE_LANES void put(Real* to, L x) {
  L::store(to, x);
}
template <class L>
MILLRACE_LANES void put(Bf16* to, L x) {
  narrow(&to->bits, rounded(x));
}

inline constexpr size_t kLanes = 16;

template <class Real, class Body>
MILLRACE_LANES void each(size_t n, Body body) {
  using Wide = typename Lane<Real>::wide;
  size_t i = 0;
  for (; i + Wide::width <= n; i += Wide::width) body(Wide{}, i);
  for (; i < n; ++i) body(typename Lane<Real>::one{}, i);
}

// join(lane, term) folds a term into a lane; lanes start from `start`.
template <class Real, class Body, class Join>
MILLRACE_LANES Real fold(size_t n, Real start, Body term, Join join) {
  using Wide = typename Lane<Real>::wide;
  using One = typename Lane<Real>::one;
  constexpr size_t count = kLanes / Wide::width;
  Wide parts[count];
  for (size_t p = 0; p < count; ++p) parts[p] = Wide::set(start);
  size_t i = 0;
  for (; i + kLanes <= n; i += kLanes)
    for (size_t p = 0; p < count; ++p) parts[p] = join(parts[p], term(Wide{}, i + p * Wide::width));
  Real lanes[kLanes];
  for (size_t p = 0; p < count; ++p) Wide::store(lanes + p * Wide::width, parts[p]);
  for (size_t l = 0; i < n; ++i, ++l) One::store(lanes + l, join(One::load(lanes + l), term(One{}, i)));
  One total = One::load(lanes);
  for (size_t l = 1; l < kLanes; ++l) total = join(total, One::load(lanes + l));
  return total.v;
}

template <class Real, class Body>
MILLRACE_LANES Real lane_sum(size_t n, Body term) {
  return fold<Real>(n, Real(0), term, [](auto a, auto b) MILLRACE_BODY { return a + b; });
}

// The largest term, at least `least`. A comparison with a NaN is false and keeps what was there.
template <class Real, class Body>
MILLRACE_LANES Real lane_max(size_t n, Real least, Body term) {
  return fold<Real>(n, least, term, [](auto a, auto b) MILLRACE_BODY { return select(less(a, b), b, a); });
}

template <class Real, class Low = Real>
MILLRACE_LANES Real lane_dot(size_t n, const Low* x, const Low* y) {
  return lane_sum<Real>(n, [=]<class L>(L, size_t i) MILLRACE_BODY { return get<L>(x + i) * get<L>(y + i); });
}

}  // namespace
}  // namespace millrace::trainer
