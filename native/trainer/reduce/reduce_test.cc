// Oracles: the order of summation written out with plain loops, and the sum in long double for its error.
#include "native/trainer/reduce/reduce.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <vector>

#include "native/base/cpu.h"
#include "native/trainer/philox/philox.h"

namespace millrace::trainer {
namespace {

std::vector<float> draw(uint32_t tensor, size_t n) {
  std::vector<float> x(n);
  fill_normal({11, tensor, 0}, 0, 0.25f, 1.0f, x);
  return x;
}

// docs/numerics.md, rule 4, as its text says it: level by level, not as the code does it.
template <class Real, class Step>
Real rule(size_t n, Step step) {
  std::vector<Real> level;
  for (size_t from = 0; from < n; from += 1024) {
    Real lanes[16] = {};
    for (size_t i = from; i < std::min(n, from + 1024); ++i) lanes[(i - from) % 16] = step(lanes[(i - from) % 16], i);
    Real chunk = lanes[0];
    for (int l = 1; l < 16; ++l) chunk += lanes[l];
    level.push_back(chunk);
  }
  while (level.size() > 1) {
    std::vector<Real> next;
    for (size_t i = 0; i < level.size(); i += 2) next.push_back(i + 1 < level.size() ? level[i] + level[i + 1] : level[i]);
    level = next;
  }
  return level.empty() ? Real(0) : level[0];
}

bool same_bits(float a, float b) { return std::memcmp(&a, &b, sizeof a) == 0; }

}  // namespace

TEST(Reduce, EqualsTheRuleOnEveryInstructionSetAndThreadCount) {
  const Isa before = active_isa();
  for (size_t n : {0u, 1u, 15u, 16u, 17u, 1023u, 1024u, 1025u, 3 * 1024u, 5 * 1024u + 7, 7 * 1024u, 33 * 1024u + 1, 200'000u}) {
    const auto x = draw(1, n), y = draw(2, n);
    const float sums = rule<float>(n, [&](float lane, size_t i) { return lane + x[i]; });
    const float squares = rule<float>(n, [&](float lane, size_t i) { return std::fma(x[i], x[i], lane); });
    const float products = rule<float>(n, [&](float lane, size_t i) { return std::fma(x[i], y[i], lane); });
    const auto count = static_cast<int64_t>(n);
    for (Isa isa : available_isas())
      for (int threads : {1, 2, 3}) {
        set_isa(isa);
        EXPECT_TRUE(same_bits(sum(x.data(), count, threads), sums)) << n << " on " << name(isa) << ", " << threads << " threads";
        EXPECT_TRUE(same_bits(sum_squares(x.data(), count, threads), squares)) << n << " on " << name(isa);
        EXPECT_TRUE(same_bits(dot(x.data(), y.data(), count, threads), products)) << n << " on " << name(isa);
      }
  }
  set_isa(before);
}

TEST(Reduce, DoubleFollowsTheSameRule) {
  const auto f = draw(3, 9000);
  const std::vector<double> x(f.begin(), f.end());
  EXPECT_EQ(sum(x.data(), 9000), rule<double>(9000, [&](double lane, size_t i) { return lane + x[i]; }));
  EXPECT_EQ(sum_squares(x.data(), 9000), rule<double>(9000, [&](double lane, size_t i) { return std::fma(x[i], x[i], lane); }));
}

TEST(Reduce, IsAccurate) {
  const auto x = draw(4, 1'000'000);
  long double exact = 0, squares = 0;
  for (float v : x) exact += v, squares += static_cast<long double>(v) * v;
  EXPECT_NEAR(sum(x.data(), 1'000'000), static_cast<double>(exact), 2e-6 * static_cast<double>(std::fabs(exact)));
  EXPECT_NEAR(sum_squares(x.data(), 1'000'000), static_cast<double>(squares), 1e-6 * static_cast<double>(squares));
}

// No zero is added that the rule does not name: sixteen products that underflow to -0 leave -0, fifteen leave an empty lane's +0.
TEST(Reduce, KeepsTheSignOfAnUnderflow) {
  const Isa before = active_isa();
  const std::vector<float> x(16, 1e-30f), y(16, -1e-30f);
  for (Isa isa : available_isas()) {
    set_isa(isa);
    EXPECT_TRUE(same_bits(dot(x.data(), y.data(), 16), -0.0f)) << name(isa);
    EXPECT_TRUE(same_bits(dot(x.data(), y.data(), 15), 0.0f)) << name(isa);
  }
  set_isa(before);
}

}  // namespace millrace::trainer
