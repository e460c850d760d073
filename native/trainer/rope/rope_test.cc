// The oracle is the C library in long double.
#include "native/trainer/rope/rope.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "native/trainer/rope/angle.h"

namespace millrace::trainer {

TEST(Rope, AnglesAreExactBeyondDouble) {
  for (const double base : {1e4, 1e6, 5e6, 1e7})
    for (size_t i = 0; i < 32; ++i) {
      const long double expected = std::pow(static_cast<long double>(base), -2.0L * static_cast<long double>(i) / 64.0L);
      const double frequency = rope_frequency(base, i, 64);
      EXPECT_LE(std::abs(static_cast<double>((static_cast<long double>(frequency) - expected) / expected)), 0x1p-49);
      for (const double position : {0.0, 1.0, 2.0, 77.0, 8191.0, 131071.0}) {
        const double angle = position * frequency;
        const auto [cosine, sine] = cosine_and_sine(angle);
        EXPECT_NEAR(cosine, static_cast<double>(std::cos(static_cast<long double>(angle))), 0x1p-50);
        EXPECT_NEAR(sine, static_cast<double>(std::sin(static_cast<long double>(angle))), 0x1p-50);
      }
    }
}

TEST(Rope, TurnsInterleavedPairsAndBack) {
  constexpr size_t rows = 5, heads = 2, stride = 11, width = 6, ld = heads * stride;
  std::mt19937 random(1);
  std::normal_distribution<float> normal;
  std::vector<float> x(rows * ld);
  for (float& v : x) v = normal(random);
  const std::vector<int32_t> positions{0, 1, 2, 0, 4000};
  std::vector<float> cosines(4001 * width / 2), sines(cosines.size());
  rope_table(1e4, width, 4001, cosines.data(), sines.data());
  std::vector<float> y = x;
  rope_rotate(rows, heads, stride, width, positions.data(), cosines.data(), sines.data(), y.data(), ld, false, 2);
  for (size_t r = 0; r < rows; ++r)
    for (size_t head = 0; head < heads; ++head) {
      const size_t at = r * ld + head * stride;
      for (size_t i = 0; i < width / 2; ++i) {
        const double angle = positions[r] * std::pow(1e4, -2.0 * static_cast<double>(i) / width);
        const double even = x[at + 2 * i], odd = x[at + 2 * i + 1];
        EXPECT_NEAR(y[at + 2 * i], even * std::cos(angle) - odd * std::sin(angle), 4e-7);
        EXPECT_NEAR(y[at + 2 * i + 1], even * std::sin(angle) + odd * std::cos(angle), 4e-7);
      }
      for (size_t i = width; i < stride; ++i) EXPECT_EQ(y[at + i], x[at + i]) << "only the rotated part moves";
    }
  rope_rotate(rows, heads, stride, width, positions.data(), cosines.data(), sines.data(), y.data(), ld, true, 1);
  for (size_t i = 0; i < x.size(); ++i) EXPECT_NEAR(y[i], x[i], 1e-6);
}

}  // namespace millrace::trainer
