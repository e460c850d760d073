// The oracle is the definition in double precision.
#include "native/trainer/adamw/adamw.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <vector>

#include "native/base/cpu.h"
#include "native/trainer/philox/philox.h"

namespace millrace::trainer {
namespace {

struct State {
  std::vector<float> p, g, m, v;
};

State start(size_t n, float scale) {
  State s = {std::vector<float>(n), std::vector<float>(n), std::vector<float>(n), std::vector<float>(n)};
  fill_normal({1, 1, 0}, 0, 0.0f, 0.02f, s.p);
  fill_normal({1, 2, 0}, 0, 0.0f, scale, s.g);
  fill_normal({1, 3, 0}, 0, 0.0f, scale, s.m);
  fill_normal({1, 4, 0}, 0, 0.0f, scale, s.v);
  for (float& v : s.v) v = v * v;
  return s;
}

}  // namespace

TEST(AdamW, MatchesTheDefinition) {
  for (int64_t step : {1, 2, 1000, 1'000'000})
    for (float scale : {1.0f, 1e-6f}) {
      const AdamW o = {.lr = 3e-4, .beta1 = 0.9, .beta2 = 0.95, .eps = 1e-16, .decay = 0.1, .grad_scale = 0.37, .step = step};
      const State before = start(1003, scale);
      State s = before;
      ASSERT_FALSE(adamw_step(s.p, s.g, s.m, s.v, o));
      for (size_t i = 0; i < s.p.size(); ++i) {
        const double g = before.g[i] * o.grad_scale, m = o.beta1 * before.m[i] + (1 - o.beta1) * g;
        const double v = o.beta2 * before.v[i] + (1 - o.beta2) * g * g;
        const double m_hat = m / (1 - std::pow(o.beta1, step)), v_hat = v / (1 - std::pow(o.beta2, step));
        const double update = o.lr * m_hat / (std::sqrt(v_hat) + o.eps), p = before.p[i] * (1 - o.lr * o.decay) - update;
        const double size = std::fabs(0.9 * before.m[i]) + std::fabs(0.1 * g);
        EXPECT_NEAR(s.m[i], m, 2e-7 * size);
        EXPECT_NEAR(s.v[i], v, 5e-7 * v);
        EXPECT_NEAR(s.p[i], p, 1e-7 * std::fabs(p) + 1e-6 * std::fabs(update) + 1e-6 * o.lr * size / std::sqrt(v_hat) ) << i;
      }
    }
}

TEST(AdamW, GivesTheSameBitsOnEveryInstructionSetThreadCountAndCut) {
  const Isa before = active_isa();
  const AdamW o = {.lr = 1e-3, .decay = 0.1, .grad_scale = 0.5, .step = 7};
  set_isa(Isa::scalar);
  State expected = start(50'001, 0.1f);
  ASSERT_FALSE(adamw_step(expected.p, expected.g, expected.m, expected.v, o));
  const auto equal = [&](const State& s) {
    return std::memcmp(s.p.data(), expected.p.data(), s.p.size() * 4) == 0 && std::memcmp(s.m.data(), expected.m.data(), s.m.size() * 4) == 0 &&
           std::memcmp(s.v.data(), expected.v.data(), s.v.size() * 4) == 0;
  };
  for (Isa isa : available_isas()) {
    set_isa(isa);
    for (int threads : {1, 2, 3}) {
      State s = start(50'001, 0.1f);
      ASSERT_FALSE(adamw_step(s.p, s.g, s.m, s.v, o, threads));
      EXPECT_TRUE(equal(s)) << name(isa) << ", " << threads << " threads";
    }
    State s = start(50'001, 0.1f);
    for (size_t from = 0, n = 1; from < s.p.size(); from += n, n = std::min<size_t>(n * 3, s.p.size() - from)) {
      const auto cut = [&](std::vector<float>& x) { return std::span(x).subspan(from, n); };
      ASSERT_FALSE(adamw_step(cut(s.p), cut(s.g), cut(s.m), cut(s.v), o));
    }
    EXPECT_TRUE(equal(s)) << name(isa) << ", cut into spans";
  }
  set_isa(before);
}

TEST(AdamW, WithoutGradientOnlyDecays) {
  for (double eps : {0.0, 1e-16}) {
    std::vector<float> p = {2, -4}, g = {0, 0}, m = {0, 0}, v = {0, 0};
    ASSERT_FALSE(adamw_step(p, g, m, v, {.lr = 0.5, .eps = eps, .decay = 0.5, .step = 1}));
    EXPECT_EQ(p, (std::vector<float>{1.5f, -3.0f})) << "eps " << eps;
    EXPECT_EQ(m, g);
    EXPECT_EQ(v, g);
  }
}

// v underflows to 0 before g does: what is left over eps 1e-16 must stay small.
TEST(AdamW, AGradientWhoseSquareUnderflowsMovesNothingFar) {
  std::vector<float> p = {1}, g = {1e-23f}, m = {0}, v = {0};
  ASSERT_FALSE(adamw_step(p, g, m, v, {.lr = 1e-3, .step = 1}));
  EXPECT_EQ(v[0], 0.0f);
  EXPECT_NEAR(p[0], 1.0f, 1e-7);
}

TEST(AdamW, RefusesWhatIsOutOfRange) {
  std::vector<float> p(4), g(4), m(4), v(3);
  EXPECT_EQ(adamw_step(p, g, m, v, {}).message(), "adamw: expected g, m, v of 4 elements like p, found 4, 4, 3");
  v.resize(4);
  EXPECT_STREQ(adamw_step(p, g, m, v, {.step = 0}).code(), kArgument);
  EXPECT_STREQ(adamw_step(p, g, m, v, {.beta1 = 1}).code(), kArgument);
  EXPECT_STREQ(adamw_step(p, g, m, v, {.lr = NAN}).code(), kArgument);
  EXPECT_STREQ(adamw_step(p, g, m, v, {.eps = -1}).code(), kArgument);
  EXPECT_FALSE(adamw_step({}, {}, {}, {}, {}));
}

}  // namespace millrace::trainer
