#pragma once
#include <bit>
#include <cmath>
#include <cstdint>

// exp and log from + - * / and integer bits alone: the C library's differ between machines, and scores are written into tables. In double,
// within 1e-15 of the exact value, so that rounding to float gives what a good library gives.
namespace millrace::fasttext {

inline double exp_exact(double x) {
  if (!(x == x)) return x;
  if (x > 709.0) return HUGE_VAL;
  if (x < -708.0) return 0.0;
  const double k = std::floor(x * 1.4426950408889634 + 0.5);
  // ln 2 in two parts: the upper has 20 zero bits at its end, so that k times it is exact.
  const double r = (x - k * 6.93147180369123816490e-01) - k * 1.90821492927058770002e-10;
  constexpr double kOverFactorials[] = {1.0,        1.0,         1.0 / 2,       1.0 / 6,        1.0 / 24,        1.0 / 120,        1.0 / 720,       1.0 / 5040,
                                        1.0 / 40320, 1.0 / 362880, 1.0 / 3628800, 1.0 / 39916800, 1.0 / 479001600, 1.0 / 6227020800, 1.0 / 87178291200};
  double sum = 0.0;
  for (int i = 14; i >= 0; --i) sum = sum * r + kOverFactorials[i];
  return sum * std::bit_cast<double>(static_cast<uint64_t>(static_cast<int64_t>(k) + 1023) << 52);
}

// For positive normal numbers; 0 and below give -inf, infinity itself.
inline double log_exact(double x) {
  if (!(x == x) || x == HUGE_VAL) return x;
  if (x < 2.2250738585072014e-308) return -HUGE_VAL;
  const uint64_t bits = std::bit_cast<uint64_t>(x);
  int exponent = static_cast<int>(bits >> 52) - 1023;
  double m = std::bit_cast<double>((bits & 0xfffffffffffffull) | 0x3ff0000000000000ull);
  if (m > 1.4142135623730951) {
    m *= 0.5;
    ++exponent;
  }
  const double s = (m - 1.0) / (m + 1.0), square = s * s;
  constexpr double kOverOdd[] = {1.0, 1.0 / 3, 1.0 / 5, 1.0 / 7, 1.0 / 9, 1.0 / 11, 1.0 / 13, 1.0 / 15, 1.0 / 17, 1.0 / 19, 1.0 / 21, 1.0 / 23};
  double series = 0.0;
  for (int i = 11; i >= 0; --i) series = series * square + kOverOdd[i];
  return exponent * 6.93147180369123816490e-01 + (2.0 * s * series + exponent * 1.90821492927058770002e-10);
}

}  // namespace millrace::fasttext
