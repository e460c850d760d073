// Oracles: maps, sets and repeated relabelling from the standard library on seeded random rows.
#include "native/dedup/keys.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <map>
#include <set>
#include <string>

#include "native/dedup/random_state.h"

namespace millrace::dedup {
namespace {

using Bytes = std::vector<uint8_t>;

std::string id_of(uint64_t n) {
  std::string id(16, '\0');
  for (int i = 0; i < 8; ++i) id[static_cast<size_t>(15 - i)] = static_cast<char>(n >> (8 * i)), id[static_cast<size_t>(7 - i)] = static_cast<char>((n * 0x9E3779B97F4A7C15ull) >> (8 * i));
  return id;
}
void append(Bytes& out, const std::string& bytes) { out.insert(out.end(), bytes.begin(), bytes.end()); }
std::string row(const Bytes& rows, size_t width, size_t i) { return {reinterpret_cast<const char*>(rows.data()) + i * width, width}; }

TEST(Keys, ArrangeSortsAndCuts) {
  RandomState random(1);
  Bytes rows;
  std::vector<std::string> expected;
  for (int i = 0; i < 500; ++i) {
    std::string key = id_of(random.next() % 300).substr(0, 12);
    append(rows, key);
    expected.push_back(key);
  }
  std::stable_sort(expected.begin(), expected.end());
  Arranged out;
  ASSERT_FALSE(arrange(rows, 12, 7, out));
  ASSERT_EQ(out.order.size(), 500u);
  ASSERT_EQ(out.bounds.size(), 8u);
  for (size_t i = 0; i < 500; ++i) EXPECT_EQ(row(rows, 12, out.order[i]), expected[i]);
  for (size_t i = 1; i < 500; ++i)
    if (expected[i] == expected[i - 1]) {
      EXPECT_LT(out.order[i - 1], out.order[i]);
    }
  for (uint32_t p = 0; p < 7; ++p)
    for (uint32_t i = out.bounds[p]; i < out.bounds[p + 1]; ++i) {
      unsigned __int128 leading = 0;
      for (int b = 0; b < 8; ++b) leading = leading << 8 | rows[out.order[i] * 12 + static_cast<size_t>(b)];
      EXPECT_EQ(static_cast<uint32_t>(leading * 7 >> 64), p);
    }
  EXPECT_STREQ(arrange(rows, 7, 1, out).code(), kArgument);
  EXPECT_STREQ(arrange(std::span(rows).first(13), 12, 1, out).code(), kShape);
}

TEST(Keys, GroupsTieEachMemberToTheSmallest) {
  RandomState random(2);
  Bytes rows;
  std::map<std::string, std::set<std::string>> groups;
  for (int i = 0; i < 400; ++i) {
    const std::string prefix = id_of(random.next() % 60).substr(0, 8), id = id_of(random.next() % 90);
    append(rows, prefix + id);
    groups[prefix].insert(id);
  }
  std::set<std::string> expected;
  for (const auto& [prefix, ids] : groups)
    for (const auto& id : ids)
      if (id != *ids.begin()) expected.insert(id + *ids.begin());
  Groups out;
  ASSERT_FALSE(group_pairs(rows, 8, 5, out));
  std::vector<std::string> found;
  for (size_t i = 0; i < out.pairs.size() / 32; ++i) found.push_back(row(out.pairs, 32, i));
  EXPECT_EQ(found, std::vector<std::string>(expected.begin(), expected.end()));
  EXPECT_GT(out.oversize, 0u);
  EXPECT_LE(out.oversize, out.groups);
}

TEST(Keys, ComponentsMatchRelabelling) {
  for (uint32_t seed = 1; seed <= 20; ++seed) {
    RandomState random(seed);
    Bytes edges;
    std::vector<std::pair<std::string, std::string>> list;
    for (int i = 0; i < 60; ++i) {
      list.emplace_back(id_of(random.next() % 80), id_of(random.next() % 80));
      append(edges, list.back().first + list.back().second);
    }
    std::map<std::string, std::string> label;
    for (const auto& [a, b] : list) label[a] = a, label[b] = b;
    for (bool changed = true; changed;) {
      changed = false;
      for (const auto& [a, b] : list) {
        const std::string least = std::min(label[a], label[b]);
        changed |= label[a] != least || label[b] != least;
        label[a] = label[b] = least;
      }
    }
    std::string expected;
    for (const auto& [id, component] : label) expected += id + component;
    Bytes out, folded;
    ASSERT_FALSE(components(edges, out));
    EXPECT_EQ(std::string(out.begin(), out.end()), expected);

    // A stream folded in two pieces, the first one's result as edges of the second.
    const size_t half = edges.size() / 64 * 32;
    ASSERT_FALSE(components(std::span(edges).first(half), folded));
    folded.insert(folded.end(), edges.begin() + static_cast<long>(half), edges.end());
    ASSERT_FALSE(components(folded, out));
    EXPECT_EQ(std::string(out.begin(), out.end()), expected);
  }
}

TEST(Keys, FindsIds) {
  Bytes table, wanted;
  for (uint64_t n : {5, 3, 9, 3}) append(table, id_of(n));
  for (uint64_t n : {3, 4, 9, 5}) append(wanted, id_of(n));
  Arranged arranged;
  ASSERT_FALSE(arrange(table, 16, 1, arranged));
  EXPECT_EQ(find_ids(table, arranged.order, wanted), (std::vector<int32_t>{1, -1, 2, 0}));
}

}  // namespace
}  // namespace millrace::dedup
