// What memory must not change. The merges themselves are compared with Hugging Face's in test/native/tokenizer, and what they mean in
// bpe_test.cc.
#include "native/tokenizer/train.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>

#include "native/tokenizer/layout.h"
#include "native/tokenizer/train_memory.h"
#include "native/tokenizer/train_pairs.h"

namespace millrace::tokenizer {
namespace {

struct Words {
  std::vector<int32_t> offsets = {0};
  std::vector<uint8_t> bytes;
  std::vector<uint64_t> counts;
  void add(std::string_view word, uint64_t count) {
    bytes.insert(bytes.end(), word.begin(), word.end());
    offsets.push_back(static_cast<int32_t>(bytes.size()));
    counts.push_back(count);
  }
  TextColumn view() const { return {offsets, bytes}; }
};

std::map<std::string, uint64_t> random_words(uint32_t seed) {
  std::mt19937 random(seed);
  std::map<std::string, uint64_t> words;
  for (int i = 0; i < 20000; ++i) {
    std::string word;
    for (size_t n = 1 + random() % 12; n > 0; --n) word += static_cast<char>('a' + random() % 5);
    words[word] += random() % 100;
  }
  return words;
}

TEST(Trainer, MemoryOrderAndPartsChangeNothing) {
  Words all;
  const auto words = random_words(1);
  for (const auto& [word, count] : words) all.add(word, count);
  Trained want;
  ASSERT_FALSE(train(all.view(), all.counts, 3000, 0, want));
  ASSERT_EQ(want.tokens.size(), 3000u - kFirstMerge);

  std::vector<std::pair<std::string, uint64_t>> shuffled(words.begin(), words.end());
  std::shuffle(shuffled.begin(), shuffled.end(), std::mt19937(2));
  std::unique_ptr<Trainer> trainer;
  ASSERT_FALSE(Trainer::open({3000, 0, 100000, ::testing::TempDir()}, trainer));
  for (size_t at = 0; at < shuffled.size();) {
    Words part;
    for (size_t n = 0; n < 700 && at < shuffled.size(); ++n, ++at) {
      part.add(shuffled[at].first, shuffled[at].second / 3);
      part.add(shuffled[at].first, shuffled[at].second - shuffled[at].second / 3);
    }
    ASSERT_FALSE(trainer->add(part.view(), part.counts));
  }
  Trained found;
  ASSERT_FALSE(trainer->run(found));
  EXPECT_GE(trainer->moved(), 5u);
  EXPECT_EQ(found.tokens, want.tokens);
  EXPECT_EQ(found.merges, want.merges);
}

TEST(Trainer, RefusesWhatItCannotDo) {
  std::unique_ptr<Trainer> trainer;
  EXPECT_STREQ(Trainer::open({511}, trainer).code(), kArgument);
  ASSERT_FALSE(Trainer::open({600, 0, 0, "/nonexistent"}, trainer));
  Words words;
  words.add("abcabc", 3);
  EXPECT_STREQ(trainer->add(words.view(), std::vector<uint64_t>(2)).code(), kShape);
  EXPECT_STREQ(trainer->add(words.view(), words.counts).code(), kIo);
  Trained out;
  EXPECT_STREQ(trainer->run(out).code(), kIo);
}

TEST(Trainer, NothingToTrainOnGivesTheBytes) {
  Trained out;
  ASSERT_FALSE(train(TextColumn{}, {}, 1000, 0, out));
  EXPECT_TRUE(out.tokens.empty());
  EXPECT_TRUE(out.merges.empty());
}

TEST(Array, KeepsItsValuesWhenItMovesToAFile) {
  Budget budget(20000, ::testing::TempDir());
  Array<uint64_t> array(budget);
  for (uint64_t i = 0; i < 100000; ++i) ASSERT_TRUE(array.push(i * i));
  EXPECT_EQ(budget.moved(), 1u);
  for (uint64_t i = 0; i < 100000; ++i) ASSERT_EQ(array[i], i * i);
}

TEST(PairTable, IsAMap) {
  for (const std::string& folder : {std::string(), ::testing::TempDir()}) {
    Budget budget(1 << 16, folder);
    PairTable<uint32_t> table(budget);
    EXPECT_EQ(table.find(7), nullptr);
    std::map<uint64_t, uint32_t> want;
    std::mt19937_64 random(3);
    for (int i = 0; i < 50000; ++i) {
      const uint64_t key = 1 + random() % 30000 * 4294967291u;
      *table.at(key) += 1;
      ++want[key];
    }
    for (const auto& [key, count] : want) ASSERT_EQ(*table.find(key), count);
    EXPECT_EQ(table.find(2), nullptr);
  }
}

}  // namespace
}  // namespace millrace::tokenizer
