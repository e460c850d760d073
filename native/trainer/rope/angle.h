#pragma once
#include <cstddef>
#include <utility>

namespace millrace::trainer {

// base^(-2i/width), and the cosine and sine of an angle in radians: in double from + - × ÷ and sqrt alone, so the same bits with any C
// library. Errors stay below 2^-48, far below the rounding to float that follows (rope_test.cc compares with long double).
double rope_frequency(double base, size_t i, size_t width);
std::pair<double, double> cosine_and_sine(double angle);

}  // namespace millrace::trainer
