#include "native/extract/model.h"

#include <gtest/gtest.h>

#include <cmath>
#include <numeric>
#include <random>

#include "native/base/cpu.h"
#include "native/extract/choose.h"
#include "native/extract/forest.h"

namespace millrace::extract {
namespace {

TEST(Forest, AddsTheLeafOfEveryTree) {
  // x0 <= 1 ? (x1 <= 2 ? 10 : 20) : 30, and a tree of one leaf.
  const ForestNode nodes[] = {{1, 0, 4}, {2, 1, 3}, {10, kLeaf, 0}, {20, kLeaf, 0}, {30, kLeaf, 0}, {0.5f, kLeaf, 0}};
  const uint32_t roots[] = {0, 5};
  const Forest forest{nodes, roots, 2, 100};
  for (float first : {0.f, 1.f, 2.f})
    for (float other : {0.f, 2.f, 3.f}) {
      const float row[] = {first, other};
      EXPECT_EQ(sum_trees(forest, row), 100 + (first <= 1 ? other <= 2 ? 10 : 20 : 30) + 0.5f);
    }
}

// Random trees of up to 32 leaves, in the order parent, left, right.
void grow(std::mt19937& random, uint32_t leaves, std::vector<ForestNode>& nodes, size_t root) {
  if (leaves == 1) {
    nodes.push_back({static_cast<float>(random() % 1000) / 7, kLeaf, 0});
    return;
  }
  const size_t at = nodes.size();
  nodes.push_back({static_cast<float>(random() % 9), static_cast<uint16_t>(random() % 5), 0});
  const uint32_t left = 1 + random() % (leaves - 1);
  grow(random, left, nodes, root);
  nodes[at].other = static_cast<uint16_t>(nodes.size() - root);
  grow(random, leaves - left, nodes, root);
}

TEST(Forest, ManyRowsGetTheSumsOfEachAlone) {
  std::mt19937 random(7);
  std::vector<ForestNode> nodes;
  std::vector<uint32_t> roots;
  for (uint32_t t = 0; t < 40; ++t) {
    roots.push_back(static_cast<uint32_t>(nodes.size()));
    grow(random, t < 4 ? 32 : 1 + random() % 32, nodes, nodes.size());
  }
  const Forest forest{nodes.data(), roots.data(), 40, 0.25f};
  const Scorer scorer(forest), same(forest, 2, 4);
  const auto before = active_isa();
  for (auto isa : available_isas()) {
    set_isa(isa);
    for (size_t count : {0u, 1u, 7u, 8u, 9u, 100u}) {
      std::vector<float> rows(count * 6), out(count);
      for (auto& x : rows) x = static_cast<float>(random() % 10);
      for (size_t i = 0; i < count; ++i) rows[6 * i + 2] = rows[2], rows[6 * i + 3] = rows[3];
      std::vector<uint32_t> which(count);
      std::iota(which.begin(), which.end(), 0u);
      scorer.sum(rows.data(), which, 6, out.data());
      for (size_t i = 0; i < count; ++i) EXPECT_EQ(out[i], sum_trees(forest, rows.data() + 6 * i));
      same.sum(rows.data(), which, 6, out.data());
      for (size_t i = 0; i < count; ++i) EXPECT_EQ(out[i], sum_trees(forest, rows.data() + 6 * i));
    }
  }
  set_isa(before);
}

TEST(Forest, TheLogisticFunctionIsExactToAMillionth) {
  for (double x = -29; x < 29; x += 0.0137) EXPECT_NEAR(logistic(static_cast<float>(x)), 1 / (1 + std::exp(-double(float(x)))), 1e-6);
  EXPECT_GT(logistic(-1e30f), 0);
  EXPECT_LE(logistic(1e30f), 1);
}

TEST(Forest, TheRoughLogarithmMeetsPowersOfTwoAndRises) {
  for (int k = 0; k < 40; ++k) EXPECT_EQ(rough_log2(std::ldexp(1.f, k) - 1), k <= 24 ? float(k) : rough_log2(std::ldexp(1.f, k) - 1));
  float last = -1;
  for (float x = 0; x < 5000; x += 0.25f) {
    EXPECT_GT(rough_log2(x), last);
    last = rough_log2(x);
    EXPECT_NEAR(last, std::log2(1 + x), 0.0861);  // the largest gap between a chord and the curve
  }
}

// Brute force over all choices of eight blocks: no set has a higher expected F.
TEST(Choose, TakesTheSetWithTheHighestExpectedF) {
  std::mt19937 random(3);
  for (int round = 0; round < 200; ++round) {
    Features f;
    const size_t n = 8;
    f.stats.resize(n);
    f.values.assign(n * feature::count, 0);
    f.slot_of.assign(n, 0);
    f.slots.resize(1);
    std::vector<float> scores(n);
    for (size_t b = 0; b < n; ++b) {
      f.stats[b].words = 1 + random() % 50;
      f.stats[b].hash = b;
      scores[b] = static_cast<float>(random() % 1000) / 1000;
    }
    for (auto [mode, beta] : {std::pair{Mode::precision, 0.2f}, {Mode::balanced, 1.f}, {Mode::recall, 6.f}}) {
      const auto value = [&](uint32_t set) {
        float hits = 0, size = 0, all = 0;
        for (size_t b = 0; b < n; ++b) {
          const auto words = static_cast<float>(f.stats[b].words);
          all += scores[b] * words;
          if (set >> b & 1) hits += scores[b] * words, size += words;
        }
        return (1 + beta) * hits / std::max(1e-6f, size + beta * all);
      };
      std::vector<uint8_t> kept;
      float expected = 0, best = 0;
      choose(f, scores, mode, kept, expected);
      uint32_t chosen = 0;
      for (size_t b = 0; b < n; ++b) chosen |= uint32_t(kept[b]) << b;
      for (uint32_t set = 0; set < 1u << n; ++set) best = std::max(best, value(set));
      EXPECT_NEAR(value(chosen), best, 1e-5);
      if (mode == Mode::balanced) {
        EXPECT_NEAR(expected, best, 1e-5);
      }
    }
  }
}

TEST(Choose, ALaterCopyOfProseIsDropped) {
  Features f;
  f.stats.resize(3);
  f.values.assign(3 * feature::count, 0);
  f.slot_of.assign(3, 0);
  f.slots.resize(1);
  for (size_t b = 0; b < 3; ++b) f.stats[b] = {}, f.stats[b].mass = 200, f.stats[b].words = 40, f.stats[b].hash = b == 1 ? 1 : 7;
  std::vector<uint8_t> kept;
  float expected;
  choose(f, {0.9f, 0.9f, 0.9f}, Mode::balanced, kept, expected);
  EXPECT_EQ(kept, (std::vector<uint8_t>{1, 1, 0}));
}

TEST(Model, AnEmptyPageHasNoScoresAndSomeType) {
  Features f;
  std::vector<float> scores{1};
  label(f, scores);
  EXPECT_TRUE(scores.empty());
  EXPECT_STREQ(name(page_type(f)), "article");
}

}  // namespace
}  // namespace millrace::extract
