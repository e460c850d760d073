#include "native/trainer/rope/angle.h"

#include <cstdint>
#include <cmath>

namespace millrace::trainer {
namespace {

constexpr double kLn2High = 0x1.62e42fefa38p-1, kLn2Low = 0x1.ef35793c7673p-45;  // ln 2, the first part with 11 zero bits behind it
constexpr double kHalfPiHigh = 0x1.921fb544p+0, kHalfPiMiddle = 0x1.0b4611a6p-34, kHalfPiLow = 0x1.3198a2e037073p-69;

// log x = e ln 2 + 2 artanh(s), s = (m - 1) / (m + 1), m in [sqrt(1/2), sqrt 2): |s| <= 0.172, so 12 terms are enough.
double logarithm(double x) {
  int e = 0;
  double m = std::frexp(x, &e);
  if (m < 0.70710678118654752) m *= 2, --e;
  const double s = (m - 1) / (m + 1), z = s * s;
  double series = 0;
  for (int k = 25; k >= 3; k -= 2) series = (series + 1.0 / k) * z;
  return e * kLn2High + (e * kLn2Low + (2 * s + 2 * s * series));
}

// e^x for x <= 0: 2^n e^r, |r| <= ln 2 / 2, Taylor to r^17.
double exponential(double x) {
  const double n = std::floor(x / (kLn2High + kLn2Low) + 0.5);
  const double r = (x - n * kLn2High) - n * kLn2Low;
  double series = 1;
  for (int k = 17; k >= 1; --k) series = 1 + series * r / k;
  return std::ldexp(series, static_cast<int>(n));
}

}  // namespace

double rope_frequency(double base, size_t i, size_t width) {
  if (i == 0) return 1;
  return exponential(-(2.0 * static_cast<double>(i) / static_cast<double>(width)) * logarithm(base));
}

std::pair<double, double> cosine_and_sine(double angle) {
  const double n = std::floor(angle / (kHalfPiHigh + kHalfPiMiddle) + 0.5);
  // Each product is exact for n < 2^20: the parts have 33 bits or fewer, but the last.
  const double r = ((angle - n * kHalfPiHigh) - n * kHalfPiMiddle) - n * kHalfPiLow;
  const double z = r * r;
  double sine = 1, cosine = 1;
  for (int k = 19; k >= 3; k -= 2) sine = 1 - sine * z / (k * (k - 1));
  for (int k = 20; k >= 2; k -= 2) cosine = 1 - cosine * z / (k * (k - 1));
  sine *= r;
  switch (static_cast<int64_t>(n) & 3) {
    case 0: return {cosine, sine};
    case 1: return {-sine, cosine};
    case 2: return {-cosine, -sine};
    default: return {sine, -cosine};
  }
}

}  // namespace millrace::trainer
