// Oracles: the C library's functions in long double, at every sampled float; and NaN, infinities, denormals, the ends of the range.
#include "native/trainer/math/math.h"

#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <limits>
#include <vector>

#include "native/base/cpu.h"
#include "native/trainer/math/array.h"

namespace millrace::trainer {
namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();

float from_word(uint32_t word) {
  float x;
  std::memcpy(&x, &word, 4);
  return x;
}

// The distance in units of the last place of the exact value.
double ulps(float found, long double exact) {
  if (std::isnan(exact)) return std::isnan(found) ? 0 : 1e30;
  const float nearest = static_cast<float>(exact);
  if (std::isinf(nearest) || std::isinf(found)) return nearest == found ? 0 : 1e30;
  const long double magnitude = std::fabs(exact);
  const int exponent = magnitude < 0x1p-126L ? -126 : std::ilogb(magnitude);
  return static_cast<double>(std::fabs(found - exact) / std::ldexp(1.0L, exponent - 23));
}

// Every step-th float from one to another: all exponents, denormals among them.
double worst(const std::function<float(float)>& found, const std::function<long double(long double)>& exact, float from, float to,
             uint32_t step) {
  uint32_t first, last;
  std::memcpy(&first, &from, 4);
  std::memcpy(&last, &to, 4);
  double worst = 0;
  for (uint64_t word = first; word <= last; word += step) {
    const float x = from_word(static_cast<uint32_t>(word));
    worst = std::max(worst, ulps(found(x), exact(x)));
  }
  return worst;
}

double both_signs(const std::function<float(float)>& found, const std::function<long double(long double)>& exact, float to, uint32_t step) {
  return std::max(worst(found, exact, 0.0f, to, step),
                  worst([&](float x) { return found(-x); }, [&](long double x) { return exact(-x); }, 0.0f, to, step));
}

}  // namespace

TEST(Math, ExpIsWithinItsBound) {
  const auto exact = [](long double x) { return std::exp(x); };
  const double error = both_signs(mexp<float>, exact, 104.5f, 1009);
  RecordProperty("ulp", std::to_string(error));
  EXPECT_LT(error, 0.79);
  EXPECT_LT(both_signs(mexp<float>, exact, 87.3f, 997), 0.70) << "where the result is normal";
  EXPECT_LT(worst(mexp<float>, exact, 88.0f, 89.5f, 1), 0.70) << "where it overflows";
  EXPECT_EQ(mexp(0.0f), 1.0f);
  EXPECT_EQ(mexp(-0.0f), 1.0f);
  EXPECT_EQ(mexp(88.72283f), static_cast<float>(std::exp(static_cast<long double>(88.72283f))));
  EXPECT_EQ(mexp(88.72284f), kInfinity);
  EXPECT_EQ(mexp(kInfinity), kInfinity);
  EXPECT_EQ(mexp(std::numeric_limits<float>::max()), kInfinity);
  EXPECT_EQ(mexp(-103.0f), std::numeric_limits<float>::denorm_min());
  EXPECT_EQ(mexp(-104.0f), 0.0f);
  EXPECT_EQ(mexp(-kInfinity), 0.0f);
  EXPECT_TRUE(std::isnan(mexp(std::nanf(""))));
}

TEST(Math, LogIsWithinItsBound) {
  const auto exact = [](long double x) { return std::log(x); };
  const double error = worst(mlog<float>, exact, std::numeric_limits<float>::denorm_min(), std::numeric_limits<float>::max(), 1009);
  RecordProperty("ulp", std::to_string(error));
  EXPECT_LT(error, 0.82);
  EXPECT_LT(worst(mlog<float>, exact, 0.5f, 2.0f, 7), 0.82) << "around 1";
  EXPECT_EQ(mlog(1.0f), 0.0f);
  EXPECT_EQ(mlog(0.0f), -kInfinity);
  EXPECT_EQ(mlog(-0.0f), -kInfinity);
  EXPECT_EQ(mlog(kInfinity), kInfinity);
  EXPECT_TRUE(std::isnan(mlog(-1.0f)));
  EXPECT_TRUE(std::isnan(mlog(-kInfinity)));
  EXPECT_TRUE(std::isnan(mlog(std::nanf(""))));
}

// glibc's sinl and cosl reduce exactly, so they are an oracle at any size.
TEST(Math, SinAndCosAreWithinTheirBound) {
  const auto exact_sin = [](long double x) { return std::sin(x); };
  const auto exact_cos = [](long double x) { return std::cos(x); };
  const float largest = std::numeric_limits<float>::max();
  const double sine = both_signs(msin<float>, exact_sin, largest, 2003), cosine = both_signs(mcos<float>, exact_cos, largest, 2003);
  RecordProperty("sin_ulp", std::to_string(sine));
  RecordProperty("cos_ulp", std::to_string(cosine));
  EXPECT_LT(sine, 0.5001);
  EXPECT_LT(cosine, 0.5001);
  EXPECT_LT(worst(msin<float>, exact_sin, 0x1p27f * 0.9999f, 0x1p27f * 1.0001f, 1), 0.5001) << "where the reduction changes";
  EXPECT_LT(worst(msin<float>, exact_sin, 0.5f, 8.0f, 17), 0.5001);
  EXPECT_LT(worst(mcos<float>, exact_cos, 0.5f, 8.0f, 17), 0.5001);
  for (float x : {16367173.0f * 0x1p72f, 13421773.0f, 0x1.47d0fep34f})  // the floats nearest to multiples of π/2
    EXPECT_LT(std::max(ulps(msin(x), exact_sin(x)), ulps(mcos(x), exact_cos(x))), 0.5001) << x;
  EXPECT_TRUE(std::signbit(msin(-0.0f)));
  EXPECT_EQ(mcos(0.0f), 1.0f);
  for (float x : {kInfinity, -kInfinity, std::nanf("")}) {
    EXPECT_TRUE(std::isnan(msin(x)));
    EXPECT_TRUE(std::isnan(mcos(x)));
  }
}

TEST(Math, SigmoidAndSiluAreWithinTheirBounds) {
  const auto sigmoid = [](long double x) { return 1 / (1 + std::exp(-x)); };
  const auto silu = [&](long double x) { return x / (1 + std::exp(-x)); };
  const double first = both_signs(msigmoid<float>, sigmoid, 104.5f, 1009), second = both_signs(msilu<float>, silu, 80.0f, 1009);
  RecordProperty("sigmoid_ulp", std::to_string(first));
  RecordProperty("silu_ulp", std::to_string(second));
  EXPECT_LT(first, 2.4);
  EXPECT_LT(second, 3.3);
  EXPECT_EQ(msigmoid(kInfinity), 1.0f);
  EXPECT_EQ(msigmoid(-kInfinity), 0.0f);
  EXPECT_EQ(msilu(kInfinity), kInfinity);
  EXPECT_TRUE(std::isnan(msilu(-kInfinity)));
  EXPECT_TRUE(std::isnan(msigmoid(std::nanf(""))));
}

TEST(Math, ReciprocalRootIsTwoExactOperations) {
  for (float x : {1e-38f, 0.5f, 2.0f, 3e38f}) EXPECT_EQ(mrsqrt(x), 1.0f / std::sqrt(x));
  EXPECT_EQ(mrsqrt(4.0), 0.5);
}

TEST(Math, ArraysGiveTheBitsOfSingleValuesOnEveryInstructionSet) {
  const Isa before = active_isa();
  std::vector<float> x;
  for (uint64_t word = 0; word <= 0xffffffffu; word += 65521) x.push_back(from_word(static_cast<uint32_t>(word)));
  for (float special : {0.0f, -0.0f, kInfinity, -kInfinity, std::nanf(""), 1e-40f, -1e-40f, 88.7f, -87.4f, -103.9f}) x.push_back(special);
  for (Isa isa : available_isas()) {
    set_isa(isa);
    const auto same = [&](auto array, float (*single)(float), const char* what) {
      for (size_t n : {x.size(), x.size() - 3, size_t{1}, size_t{15}}) {
        std::vector<float> y(n + 1, 5.0f);
        array(x.data() + (x.size() - n), y.data(), static_cast<int64_t>(n));
        for (size_t i = 0; i < n; ++i) {
          const float expected = single(x[x.size() - n + i]);
          ASSERT_EQ(std::memcmp(&y[i], &expected, 4), 0) << what << "(" << x[x.size() - n + i] << ") on " << name(isa);
        }
        EXPECT_EQ(y[n], 5.0f);
      }
    };
    same(exp_array<float>, mexp<float>, "exp");
    same(log_array<float>, mlog<float>, "log");
    same(sigmoid_array<float>, msigmoid<float>, "sigmoid");
    same(silu_array<float>, msilu<float>, "silu");
  }
  set_isa(before);
}

}  // namespace millrace::trainer
