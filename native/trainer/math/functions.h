#pragma once
// exp, log, sigmoid and SiLU in float, over any lane type of lanes.h: one sequence of exact operations, so one result.
// Coefficients: Remez, minimising the relative error on the reduced interval (polynomial alone: exp 2^-28.3, log 2^-30.3).
// A NaN goes in, the quiet NaN 0x7fc00000 comes out: which payload survives an addition depends on operand order.
#include "native/trainer/math/lanes.h"

namespace millrace::trainer {
namespace {

template <class F>
MILLRACE_LANES F nan_() {
  return from_bits(splat(F{}, 0x7fc00000));
}

// 2^i for -126 <= i <= 127.
template <class F>
MILLRACE_LANES F power_of_two(typename F::Int i) {
  return from_bits(left<23>(add(i, splat(F{}, 127))));
}

// e^x = 2^n · e^r, n = round(x / ln 2), |r| <= ln 2 / 2. Scaled in two steps, so that results below 2^-126 round once.
template <class F>
MILLRACE_LANES F exp_(F x) {
  const F magic = F::set(0x1.8p23f);  // adding it rounds to an integer, ties to even, and leaves the integer in the low bits
  F c = select(less(F::set(89.0f), x), F::set(89.0f), x);
  c = select(less(c, F::set(-105.0f)), F::set(-105.0f), c);
  const F shifted = fma_(c, F::set(0x1.715476p+0f), magic);
  const F n = shifted - magic;
  const F high = fma_(n, F::set(-0x1.62e43p-1f), c);  // exact
  const F low = n * F::set(0x1.05c61p-29f), r = high + low;
  F p = F::set(0x1.6a2434p-10f);
  p = fma_(p, r, F::set(0x1.1239e2p-7f));
  p = fma_(p, r, F::set(0x1.5558f2p-5f));
  p = fma_(p, r, F::set(0x1.555492p-3f));
  p = fma_(p, r, F::set(0x1.fffffcp-2f));
  // 1 + high + (low + r² p), the first sum with its rounding error carried along.
  const F one = F::set(1.0f), head = one + high;
  p = head + (((one - head) + high) + fma_(r * r, p, low));
  const auto i = sub(bits(shifted), splat(F{}, 0x4b400000));
  const auto half = right<1>(i);
  const F y = p * power_of_two<F>(half) * power_of_two<F>(sub(i, half));
  return select(equal(x, x), y, nan_<F>());
}

// log x = e · ln 2 + log(1 + f), 1 + f in [sqrt(1/2), sqrt(2)). log 0 = -inf, log of a negative number = NaN.
template <class F>
MILLRACE_LANES F log_(F x) {
  const auto small = less(x, F::set(0x1p-126f));
  const auto i = bits(select(small, x * F::set(0x1p24f), x));
  const auto e = right<23>(sub(i, splat(F{}, 0x3f3504f3)));
  const F f = from_bits(sub(i, left<23>(e))) - F::set(1.0f);
  const F exponent = to_float(e) - select(small, F::set(24.0f), F::set(0.0f));
  F p = F::set(0x1.1457c4p-4f);
  p = fma_(p, f, F::set(-0x1.de3c1cp-4f));
  p = fma_(p, f, F::set(0x1.e6f062p-4f));
  p = fma_(p, f, F::set(-0x1.fc2206p-4f));
  p = fma_(p, f, F::set(0x1.233768p-3f));
  p = fma_(p, f, F::set(-0x1.555c4ep-3f));
  p = fma_(p, f, F::set(0x1.99a4b6p-3f));
  p = fma_(p, f, F::set(-0x1.000006p-2f));
  p = fma_(p, f, F::set(0x1.555548p-2f));
  const F square = f * f;
  F tail = fma_(exponent, F::set(-0x1.05c61p-29f), square * (f * p));
  tail = fma_(square, F::set(-0.5f), tail);
  F y = fma_(exponent, F::set(0x1.62e43p-1f), f + tail);
  const F infinity = F::set(__builtin_inff());
  y = select(equal(x, infinity), infinity, y);
  y = select(equal(x, F::set(0.0f)), F::set(0.0f) - infinity, y);
  return select(less(x, F::set(0.0f)), nan_<F>(), select(equal(x, x), y, nan_<F>()));
}

// 1 / (1 + e^-x), from e^-|x|, so that neither end overflows.
template <class F>
MILLRACE_LANES F sigmoid_(F x) {
  const auto negative = less(x, F::set(0.0f));
  const F e = exp_(select(negative, x, F::set(0.0f) - x));
  return select(negative, e, F::set(1.0f)) / (F::set(1.0f) + e);
}

// x · sigmoid(x). At -inf: NaN, as x · 0 is (torch gives NaN too).
template <class F>
MILLRACE_LANES F silu_(F x) {
  const F y = x * sigmoid_(x);
  return select(equal(y, y), y, nan_<F>());
}

}  // namespace
}  // namespace millrace::trainer
