// Oracle: a map of strings. Small tables are forced to spill hundreds of times, so that files are merged over two levels.
#include "native/tokenizer/counts.h"

#include <gtest/gtest.h>

#include <map>
#include <random>

#include "native/tokenizer/counts_runs.h"

namespace millrace::tokenizer {
namespace {

struct Column {
  std::vector<int32_t> offsets = {0};
  std::vector<uint8_t> bytes;
  void add(std::string_view text) {
    bytes.insert(bytes.end(), text.begin(), text.end());
    offsets.push_back(static_cast<int32_t>(bytes.size()));
  }
  TextColumn view() const { return {offsets, bytes}; }
};

using Expected = std::map<std::pair<uint32_t, std::string>, uint64_t>;

// Words of few letters, so that many repeat; some with zeros, some longer than eight bytes that differ at their end only.
std::string word(std::mt19937& random) {
  std::string text;
  const size_t size = 1 + random() % 5;
  for (size_t i = 0; i < size; ++i) text += static_cast<char>("ab\0cdefgh"[random() % 9]);
  return random() % 3 ? text : "a long beginning " + text;
}

Expected take(Counter& counter, size_t bytes) {
  Expected found;
  Counts block;
  std::pair<uint32_t, std::string> last;
  for (;;) {
    const Error error = counter.next(bytes, block);
    EXPECT_FALSE(error) << error.message();
    if (error || block.counts.empty()) return found;
    EXPECT_LE(block.bytes.size(), bytes);
    for (size_t i = 0; i < block.counts.size(); ++i) {
      std::pair<uint32_t, std::string> piece{block.partition, std::string(block.column()[i])};
      EXPECT_TRUE(found.empty() || last < piece);
      last = piece;
      found[piece] = block.counts[i];
    }
  }
}

TEST(Counter, SumsWhateverSpills) {
  std::mt19937 random(1);
  for (const uint32_t partitions : {1u, 5u}) {
    Expected expected;
    Column pieces;
    std::vector<uint64_t> counts;
    for (int i = 0; i < 50000; ++i) {
      const std::string piece = word(random);
      pieces.add(piece);
      counts.push_back(random() % 1000);
      expected[{partition_of(piece, partitions), piece}] += counts.back();
    }
    for (const bool spilling : {false, true}) {
      CounterOptions options{.partitions = partitions};
      if (spilling) options.folder = ::testing::TempDir(), options.max_memory = 1 << 15;
      Counter counter(options);
      ASSERT_FALSE(counter.add(pieces.view(), counts));
      EXPECT_EQ(counter.spills() > 64, spilling) << counter.spills();
      EXPECT_EQ(take(counter, 5000), expected);
      Counts more;
      ASSERT_FALSE(counter.next(5000, more));
      EXPECT_TRUE(more.counts.empty());
      EXPECT_STREQ(counter.add(pieces.view(), counts).code(), kArgument);
    }
  }
}

TEST(Counter, ThreadsAndMemoryChangeNothing) {
  std::mt19937 random(2);
  Column texts;
  Expected expected;
  for (int i = 0; i < 80; ++i) {
    std::string text;
    for (int w = 0; w < 300; ++w) {
      const std::string piece = " " + std::to_string(random() % 50000 * 1000003);
      text += piece;
      ++expected[{0, piece}];
    }
    texts.add(text);
  }
  for (const int threads : {1, 2, 7})
    for (const uint64_t memory : {1 << 18, 1 << 22}) {
      Counter counter({.pattern = Pattern::kGpt2, .threads = threads, .max_memory = memory, .folder = ::testing::TempDir()});
      ASSERT_FALSE(counter.add(texts.view()));
      ASSERT_FALSE(counter.add(texts.view()));
      EXPECT_GE(counter.spills(), memory == 1 << 18 ? 10u : 0u);
      EXPECT_EQ(counter.pieces(), 2u * 80 * 300);
      Expected found = take(counter, 1 << 20);
      for (auto& [piece, count] : found) count /= 2;
      EXPECT_EQ(found, expected);
    }
}

TEST(Counter, LeavesOutLongPieces) {
  Column texts;
  texts.add("short muchlonger short");
  Counter counter({.max_piece = 6});
  ASSERT_FALSE(counter.add(texts.view()));
  EXPECT_EQ(counter.pieces(), 2u);
  EXPECT_EQ(counter.skipped(), 1u);
  EXPECT_EQ(take(counter, 100), (Expected{{{0, "short"}, 1}, {{0, " short"}, 1}}));
}

TEST(Counter, Refuses) {
  Column texts;
  texts.add("fine");
  texts.add("a\xff");
  Counter counter({});
  const Error error = counter.add(texts.view());
  EXPECT_STREQ(error.code(), kFormat);
  EXPECT_NE(error.message().find("text 1"), std::string::npos);
  EXPECT_NE(error.message().find("byte 1"), std::string::npos);
  EXPECT_STREQ(Counter({}).add(texts.view(), std::vector<uint64_t>(1)).code(), kShape);
  EXPECT_STREQ(Counter({}).add(TextColumn{std::vector<int32_t>{5, 2}, {}}).code(), kShape);

  Column long_piece;
  long_piece.add(std::string(1000, 'x'));
  Counter one({});
  ASSERT_FALSE(one.add(long_piece.view()));
  Counts block;
  EXPECT_STREQ(one.next(999, block).code(), kMemory);

  Column many;
  std::vector<uint64_t> counts;
  for (int i = 0; i < 20000; ++i) many.add(std::to_string(i)), counts.push_back(1);
  EXPECT_STREQ(Counter({.folder = "/nonexistent"}).add(many.view(), counts).code(), kIo);
}

TEST(Counter, OfNothingIsEmpty) {
  Counts block;
  Counter counter({.folder = ::testing::TempDir()});
  ASSERT_FALSE(counter.next(100, block));
  EXPECT_TRUE(block.counts.empty());
}

}  // namespace
}  // namespace millrace::tokenizer
