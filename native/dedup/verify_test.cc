// Oracle: the definition with std::set_intersection over all kept sets of the group.
#include "native/dedup/verify.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <iterator>
#include <set>

#include "native/dedup/random_state.h"

namespace millrace::dedup {
namespace {

struct Sets {
  std::vector<int32_t> offsets = {0};
  std::vector<uint64_t> values;
  void add(const std::set<uint64_t>& set) {
    values.insert(values.end(), set.begin(), set.end());
    offsets.push_back(static_cast<int32_t>(values.size()));
  }
  SetColumn column() const { return {offsets, values}; }
};

double definition(std::span<const uint64_t> a, std::span<const uint64_t> b) {
  std::vector<uint64_t> both, any;
  std::set_intersection(a.begin(), a.end(), b.begin(), b.end(), std::back_inserter(both));
  std::set_union(a.begin(), a.end(), b.begin(), b.end(), std::back_inserter(any));
  return any.empty() ? 0 : static_cast<double>(both.size()) / static_cast<double>(any.size());
}

// Families around random bases, each member with some values exchanged, so that similarities lie on both sides of the threshold.
Sets families(uint32_t seed, std::vector<int32_t>& groups) {
  RandomState random(seed);
  Sets sets;
  groups = {0};
  for (int g = 0; g < 6; ++g) {
    for (int family = 0; family < 3; ++family) {
      std::vector<uint64_t> base;
      const uint32_t size = 1 + random.next() % 60;
      for (uint32_t i = 0; i < size; ++i) base.push_back(random.next() % 500);
      for (uint32_t member = 0; member < 1 + random.next() % 8; ++member) {
        std::set<uint64_t> set(base.begin(), base.end());
        for (uint32_t change = random.next() % 12; change > 0; --change) {
          if (random.next() % 2 && set.size() > 1) set.erase(set.begin());
          else set.insert(random.next() % 500);
        }
        sets.add(set);
      }
    }
    groups.push_back(static_cast<int32_t>(sets.offsets.size()) - 1);
  }
  return sets;
}

TEST(Verify, KeepsWhatTheDefinitionKeeps) {
  for (uint32_t seed = 1; seed <= 40; ++seed) {
    std::vector<int32_t> groups;
    const Sets sets = families(seed, groups);
    for (double threshold : {0.5, 0.8, 1.0}) {
      Verdicts first;
      ASSERT_FALSE(keep_greedily(sets.column(), groups, threshold, 1000, 1, first));
      for (size_t g = 0; g + 1 < groups.size(); ++g) {
        std::vector<int32_t> kept;
        for (int32_t i = groups[g]; i < groups[g + 1]; ++i) {
          int32_t partner = -1;
          double best = 0;
          for (int32_t other : kept) {
            const double similarity = definition(sets.column()[static_cast<size_t>(i)], sets.column()[static_cast<size_t>(other)]);
            if (similarity >= threshold && similarity > best) best = similarity, partner = other;
          }
          EXPECT_EQ(first.partner[static_cast<size_t>(i)], partner) << "seed " << seed << ", set " << i;
          EXPECT_EQ(first.similarity[static_cast<size_t>(i)], best);
          if (partner < 0) kept.push_back(i);
        }
      }
      Verdicts threaded;
      ASSERT_FALSE(keep_greedily(sets.column(), groups, threshold, 1000, 3, threaded));
      EXPECT_EQ(threaded.partner, first.partner);
      EXPECT_EQ(threaded.comparisons, first.comparisons);
    }
  }
}

TEST(Verify, TemplatedFamiliesCostNoComparisons) {
  // 300 sets that share 70 of 100 values: similarity .54, far from .8. Without the rarest-first order each would meet all before it.
  Sets sets;
  for (uint64_t i = 0; i < 300; ++i) {
    std::set<uint64_t> set;
    for (uint64_t v = 0; v < 70; ++v) set.insert(v);
    for (uint64_t v = 0; v < 30; ++v) set.insert(1000 + i * 30 + v);
    sets.add(set);
  }
  Verdicts out;
  ASSERT_FALSE(keep_greedily(sets.column(), std::vector<int32_t>{0, 300}, 0.8, 10, 1, out));
  EXPECT_EQ(out.comparisons, 0u);
  EXPECT_EQ(out.cut_short, 0u);
}

TEST(Verify, SaysWhereItStoppedLooking) {
  Sets sets;
  for (uint64_t i = 0; i < 20; ++i) {  // one of ten values differs: similarity 9/11 = .82
    std::set<uint64_t> set = {100 + i};
    for (uint64_t v = 0; v < 9; ++v) set.insert(v);
    sets.add(set);
  }
  Verdicts out;
  ASSERT_FALSE(keep_greedily(sets.column(), std::vector<int32_t>{0, 20}, 0.83, 5, 1, out));
  EXPECT_EQ(out.cut_short, 14u);
}

TEST(Verify, RefusesBrokenShapes) {
  Sets sets;
  sets.add({1, 2});
  Verdicts out;
  EXPECT_STREQ(keep_greedily(sets.column(), std::vector<int32_t>{0, 2}, 0.8, 1, 1, out).code(), kShape);
  EXPECT_STREQ(keep_greedily(sets.column(), std::vector<int32_t>{}, 0.8, 1, 1, out).code(), kShape);
  EXPECT_STREQ(keep_greedily(sets.column(), std::vector<int32_t>{0, 1}, 0, 1, 1, out).code(), kArgument);
  const std::vector<int32_t> beyond = {0, 9};
  EXPECT_STREQ(keep_greedily({beyond, sets.values}, std::vector<int32_t>{0, 1}, 0.8, 1, 1, out).code(), kShape);
}

}  // namespace
}  // namespace millrace::dedup
