#pragma once
#include <cmath>
#include <cstdint>
#include <cstring>

namespace millrace::ngram {

// log10 of a positive, normal number, from additions, multiplications and divisions alone: the C library's differs by version, and a trained
// model must not. Within 2 ulp of the true value (tested against long double).
inline double decimal_logarithm(double x) {
  int exponent = 0;
  double m = std::frexp(x, &exponent);  // exact; [0.5, 1)
  if (m < 0.70710678118654752440) {
    m *= 2;
    --exponent;
  }
  // ln m = 2 artanh s; |s| < 0.1716, so that 12 terms reach the last bit.
  const double s = (m - 1) / (m + 1), q = s * s;
  double sum = 0;
  for (int k = 25; k >= 3; k -= 2) sum = (sum + 1.0 / k) * q;
  const double natural = 2 * s + 2 * s * sum;
  return exponent * 0.30102999566398119521 + natural * 0.43429448190325182765;
}

}  // namespace millrace::ngram
