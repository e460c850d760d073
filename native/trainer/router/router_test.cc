// Oracles: a full sort for the choice, the formulas of longcat-flash.md 2.1 and 2.2 at points where they are known in closed form.
#include "native/trainer/router/router.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <random>
#include <vector>

namespace millrace::trainer {
namespace {

constexpr RouterShape kShape6{4, 2, 3, 2, 2.0, 1.5};

}  // namespace

TEST(Router, ChoosesByScoreThenIndex) {
  const RouterShape shape{20, 12, 7, 4, 5, 2.5};
  constexpr size_t tokens = 200;
  std::mt19937 random(1);
  std::vector<float> logits(tokens * 32), bias(32);
  for (float& x : logits) x = static_cast<float>(random() % 4);  // many ties
  for (float& b : bias) b = static_cast<float>(random() % 3) * 0.01f;
  std::vector<float> scores = logits, gates(tokens * 7);
  std::vector<int32_t> selected(tokens * 7);
  route(shape, tokens, scores.data(), bias.data(), false, selected.data(), gates.data(), 2);
  for (size_t t = 0; t < tokens; ++t) {
    std::vector<int32_t> order(32);
    std::iota(order.begin(), order.end(), 0);
    std::stable_sort(order.begin(), order.end(), [&](int32_t a, int32_t b) { return scores[t * 32 + a] + bias[a] > scores[t * 32 + b] + bias[b]; });
    for (size_t k = 0; k < 7; ++k) {
      ASSERT_EQ(selected[t * 7 + k], order[k]) << "token " << t << ", slot " << k;
      ASSERT_EQ(gates[t * 7 + k], scores[t * 32 + order[k]] * 2.5f) << "gates come from unbiased scores, and are not renormalised";
    }
  }
}

TEST(Router, FillsItsChoiceWhateverTheScoresAre) {
  std::vector<float> scores(6, NAN), bias(6), gates(3);
  std::vector<int32_t> selected(3, -7);
  route(kShape6, 1, scores.data(), bias.data(), false, selected.data(), gates.data(), 1);
  for (int32_t i : selected) EXPECT_TRUE(i >= 0 && i < 6);
}

TEST(BalanceLoss, IsOnePerTargetAtPerfectBalance) {
  // Two groups of two FFN experts and two zero experts; K = 3, K_e = 2: over two tokens each FFN expert once, each zero expert once.
  const std::vector<int32_t> selected{0, 2, 4, 1, 3, 5};
  std::mt19937 random(3);
  std::vector<double> scores(12), weights(3);
  for (size_t t = 0; t < 2; ++t) {
    double total = 0;
    for (size_t i = 0; i < 6; ++i) total += scores[t * 6 + i] = 1 + static_cast<double>(random() % 100);
    for (size_t i = 0; i < 6; ++i) scores[t * 6 + i] /= total;  // any distribution: every f is 1 and the P_j sum to 1
  }
  const RowSpan row{0, 2, 5};
  EXPECT_NEAR(balance_loss<double>(kShape6, {&row, 1}, scores.data(), selected.data(), weights.data(), 1), 5.0, 1e-12);
}

TEST(BalanceLoss, FollowsItsFormula) {
  const std::vector<int32_t> selected{0, 1, 2, 0, 1, 4, 0, 1, 5, 0, 3, 4};
  std::mt19937 random(4);
  std::vector<double> scores(24), weights(6);
  for (double& s : scores) s = static_cast<double>(random() % 1000) / 1000;
  const std::vector<RowSpan> rows{{0, 3, 2}, {3, 4, 1}};
  double expected = 0;
  for (const RowSpan& row : rows) {
    const double T = static_cast<double>(row.end - row.begin);
    for (int32_t group = 0; group < 3; ++group) {
      double P = 0, chosen = 0;
      for (size_t t = row.begin; t < row.end; ++t) {
        P += (scores[t * 6 + 2 * group] + scores[t * 6 + 2 * group + 1]) / T;
        for (size_t k = 0; k < 3; ++k) chosen += selected[t * 3 + k] / 2 == group;
      }
      const double f = group < 2 ? 2.0 / (2.0 * T) * chosen : 1.0 / ((3.0 - 2.0) * T) * chosen;  // D / (K_e T), 1 / ((K - K_e) T)
      expected += static_cast<double>(row.targets) * f * P;
    }
  }
  EXPECT_NEAR(balance_loss<double>(kShape6, rows, scores.data(), selected.data(), weights.data(), 2), expected, 1e-12);
}

TEST(BiasController, MovesTheSumByTheErrorOfTheMean) {
  std::mt19937 random(5);
  for (int trial = 0; trial < 20; ++trial) {
    const uint64_t tokens = 1000;
    std::vector<uint64_t> counts(4);
    for (uint64_t& c : counts) c = random() % 1000;
    std::vector<float> bias(6);
    update_bias(kShape6, counts, tokens, 0.5, bias.data());
    const double mean = static_cast<double>(std::accumulate(counts.begin(), counts.end(), uint64_t{0})) / static_cast<double>(tokens);
    const double moved = std::accumulate(bias.begin(), bias.begin() + 4, 0.0);
    EXPECT_NEAR(moved, 0.5 * (2.0 / 3 - mean / 3), 1e-6);
    EXPECT_EQ(bias[4], 0);  // zero experts stay
    EXPECT_EQ(bias[5], 0);
  }
}

TEST(BiasController, RestsAtTheTarget) {
  std::vector<float> bias(6, 0.25f);
  update_bias(kShape6, std::vector<uint64_t>(4, 500), 1000, 0.5, bias.data());  // 2 of 3 choices, spread evenly
  for (float b : bias) EXPECT_EQ(b, 0.25f);
}

}  // namespace millrace::trainer
