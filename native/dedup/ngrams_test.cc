// Oracle: a map from the n-gram's words themselves, no hash.
#include "native/dedup/ngrams.h"

#include <gtest/gtest.h>

#include <map>
#include <string>

#include "native/dedup/random_state.h"
#include "native/dedup/simplify.h"

namespace millrace::dedup {
namespace {

struct Column {
  std::vector<int32_t> offsets = {0};
  std::string bytes;
  void add(const std::string& text) {
    bytes += text;
    offsets.push_back(static_cast<int32_t>(bytes.size()));
  }
  TextColumn column() const { return {offsets, {reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size()}}; }
};

Column random_texts(uint32_t seed, int count, uint32_t words) {
  RandomState random(seed);
  Column out;
  for (int i = 0; i < count; ++i) {
    std::string text;
    for (uint32_t w = random.next() % words; w > 0; --w) text += std::string(1, static_cast<char>('a' + random.next() % 3)) + (w % 5 ? " " : ", ");
    out.add(text);
  }
  return out;
}

TEST(Ngrams, IndexAndHitsMatchTheWordsThemselves) {
  constexpr int n = 7;
  const Column evaluation = random_texts(1, 12, 30), corpus = random_texts(2, 60, 200);
  std::map<std::string, std::pair<uint32_t, uint32_t>> seen;
  Words words;
  for (uint32_t i = 0; i < 12; ++i) {
    simplify(evaluation.column()[i], words);
    for (uint32_t w = 0; w + n <= words.size(); ++w) seen.try_emplace(std::string(words.run(w, n)), i, w);
  }
  NgramIndex index;
  ASSERT_FALSE(ngram_index(evaluation.column(), n, index));
  EXPECT_EQ(index.hashes.size(), seen.size());
  NgramHits hits, threaded;
  ASSERT_FALSE(ngram_hits(corpus.column(), n, index.hashes, 1, hits));
  ASSERT_FALSE(ngram_hits(corpus.column(), n, index.hashes, 3, threaded));
  EXPECT_EQ(hits.entries, threaded.entries);
  uint32_t clean = 0, dirty = 0;
  for (size_t i = 0; i < 60; ++i) {
    simplify(corpus.column()[i], words);
    uint32_t count = 0, position = 0;
    std::pair<uint32_t, uint32_t> first;
    for (uint32_t w = 0; w + n <= words.size(); ++w) {
      const auto found = seen.find(std::string(words.run(w, n)));
      if (found != seen.end() && count++ == 0) first = found->second, position = w;
    }
    EXPECT_EQ(hits.counts[i], count);
    EXPECT_EQ(hits.positions[i], position);
    ASSERT_EQ(hits.entries[i] >= 0, count > 0);
    (count ? dirty : clean)++;
    if (!count) continue;
    const auto entry = static_cast<size_t>(hits.entries[i]);
    EXPECT_EQ(std::pair(index.texts[entry], index.positions[entry]), first);
  }
  EXPECT_GT(clean, 0u);
  EXPECT_GT(dirty, 0u);
}

TEST(Ngrams, SaysWhichTextsAreTooShort) {
  Column texts;
  texts.add("one two");
  texts.add("one two three four");
  NgramIndex index;
  ASSERT_FALSE(ngram_index(texts.column(), 3, index));
  EXPECT_EQ(index.sizes, (std::vector<uint32_t>{0, 2}));
}

TEST(Ngrams, RefusesWhatItCannotDo) {
  NgramIndex index;
  NgramHits hits;
  EXPECT_STREQ(ngram_index({}, 0, index).code(), kArgument);
  EXPECT_STREQ(ngram_hits({}, 3, std::vector<uint64_t>{2, 1}, 1, hits).code(), kArgument);
}

}  // namespace
}  // namespace millrace::dedup
