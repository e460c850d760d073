// Oracles: the definition of BPE, written as slowly and plainly as it reads (Sennrich et al. 2016, algorithm 1). Equality with Hugging
// Face is tested in test/native/tokenizer.
#include "native/tokenizer/bpe.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <map>
#include <random>

#include "native/tokenizer/layout.h"
#include "native/tokenizer/train.h"

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

std::unique_ptr<Bpe> open(const Trained& trained) {
  Column tokens;
  for (uint32_t id = 0; id < kFirstByte; ++id) tokens.add("<special " + std::to_string(id) + ">");
  for (uint8_t byte : kByteOrder) tokens.add(std::string(1, static_cast<char>(byte)));
  for (const std::string& token : trained.tokens) tokens.add(token);
  std::vector<uint32_t> merges;
  for (const Merge& m : trained.merges) merges.insert(merges.end(), {m.left, m.right, m.id});
  std::unique_ptr<Bpe> bpe;
  const Error error = Bpe::make(tokens.view(), merges, bpe);
  EXPECT_FALSE(error) << error.message();
  return bpe;
}

std::vector<uint32_t> slow_encode(std::string_view piece, const std::vector<Merge>& merges) {
  std::vector<uint32_t> ids;
  for (char byte : piece) ids.push_back(kByteId[static_cast<uint8_t>(byte)]);
  for (;;) {
    size_t best = merges.size(), at = 0;
    for (size_t i = 0; i + 1 < ids.size(); ++i)
      for (size_t rank = 0; rank < best; ++rank)
        if (merges[rank].left == ids[i] && merges[rank].right == ids[i + 1]) best = rank, at = i;
    if (best == merges.size()) return ids;
    ids[at] = merges[best].id;
    ids.erase(ids.begin() + static_cast<long>(at) + 1);
  }
}

}  // namespace

TEST(Train, MergesTheMostFrequentPairAndTiesToTheSmallerIds) {
  Column words;  // the words of the example in the paper, with counts
  std::vector<uint64_t> counts = {5, 2, 6, 3};
  for (const char* word : {"low", "lower", "newest", "widest"}) words.add(word);
  std::map<std::string, uint64_t> slow;
  std::vector<std::vector<std::string>> split;
  for (const char* word : {"low", "lower", "newest", "widest"}) {
    split.emplace_back();
    for (const char* c = word; *c; ++c) split.back().emplace_back(1, *c);
  }
  Trained trained;
  ASSERT_FALSE(train(words.view(), counts, 512 + 10, 0, trained));
  std::vector<std::string> expected;
  for (int step = 0; step < 10; ++step) {
    std::map<std::pair<std::string, std::string>, uint64_t> pairs;
    for (size_t w = 0; w < split.size(); ++w)
      for (size_t i = 0; i + 1 < split[w].size(); ++i) pairs[{split[w][i], split[w][i + 1]}] += counts[w];
    const auto id = [&](const std::string& token) {
      for (size_t i = 0; i < expected.size(); ++i)
        if (expected[i] == token) return static_cast<uint32_t>(kFirstMerge + i);
      return kByteId[static_cast<uint8_t>(token[0])];
    };
    auto best = pairs.begin();
    for (auto it = pairs.begin(); it != pairs.end(); ++it) {
      const auto key = std::pair(id(it->first.first), id(it->first.second)), best_key = std::pair(id(best->first.first), id(best->first.second));
      if (it->second > best->second || (it->second == best->second && key < best_key)) best = it;
    }
    const auto [left, right] = best->first;
    expected.push_back(left + right);
    for (auto& word : split)
      for (size_t i = 0; i + 1 < word.size(); ++i)
        if (word[i] == left && word[i + 1] == right) {
          word[i] += right;
          word.erase(word.begin() + static_cast<long>(i) + 1);
        }
  }
  EXPECT_EQ(trained.tokens, expected);
}

TEST(Bpe, FindsTheMergesOfTheDefinitionInShortAndLongPieces) {
  std::mt19937 random(3);
  const auto piece = [&](size_t length, int letters) {
    std::string out;
    for (size_t i = 0; i < length; ++i) out += static_cast<char>('a' + random() % static_cast<unsigned>(letters));
    return out;
  };
  Column words;
  std::vector<uint64_t> counts;
  for (int i = 0; i < 200; ++i) {
    words.add(piece(2 + random() % 30, 4));
    counts.push_back(1 + random() % 9);
  }
  Trained trained;
  ASSERT_FALSE(train(words.view(), counts, 800, 0, trained));
  const auto bpe = open(trained);
  Scratch scratch;
  for (size_t length = 1; length < 140; ++length)
    for (int letters : {1, 2, 4, 5}) {
      const std::string text = piece(length, letters);
      std::vector<uint32_t> ids;
      bpe->encode_piece(text, scratch, ids);
      ASSERT_EQ(ids, slow_encode(text, trained.merges)) << text;
    }
}

// Any list of merges, ranks in any order: parts that are made after their whole, strings that several pairs make, runs of one symbol.
TEST(Bpe, FindsTheMergesOfTheDefinitionUnderAnyListOfMerges) {
  std::mt19937 random(11);
  const auto below = [&](size_t n) { return static_cast<uint32_t>(random() % n); };
  Scratch scratch;
  for (int round = 0; round < 400; ++round) {
    const uint32_t letters = 1 + below(3);
    // Letters, bytes of which some begin a character of three, and such with what follows.
    const std::string alphabet = std::array<std::string, 3>{"abcd", "\xdf\xe0\xe1\xe2", "\x80\xe4\x81\xe5"}[below(3)];
    std::vector<std::string> tokens;
    for (int byte = 0; byte < 256; ++byte) tokens.emplace_back(1, static_cast<char>(byte));
    std::vector<uint32_t> used;
    for (uint32_t i = 0; i < letters; ++i) used.push_back(static_cast<uint8_t>(alphabet[i]));
    std::map<std::pair<uint32_t, uint32_t>, uint32_t> made;
    for (uint32_t wanted = 1 + below(40), tries = 0; made.size() < wanted && tries < 1000; ++tries) {
      const uint32_t left = used[below(used.size())], right = used[below(used.size())];
      const std::string joint = tokens[left] + tokens[right];
      if (joint.size() > 24 || made.count({left, right})) continue;
      const auto id = static_cast<uint32_t>(std::find(tokens.begin(), tokens.end(), joint) - tokens.begin());
      if (id == tokens.size()) tokens.push_back(joint), used.push_back(id);
      made[{left, right}] = id;
    }
    std::vector<std::array<uint32_t, 3>> merges;
    for (const auto& [pair, id] : made) merges.push_back({pair.first, pair.second, id});
    std::sort(merges.begin(), merges.end(), [](const auto& a, const auto& b) { return a[2] < b[2]; });
    if (round % 3) std::shuffle(merges.begin(), merges.end(), random);
    Column column;
    for (const std::string& token : tokens) column.add(token);
    std::vector<uint32_t> flat;
    std::map<std::pair<uint32_t, uint32_t>, uint32_t> ranks;
    for (const auto& merge : merges) {
      ranks[{merge[0], merge[1]}] = static_cast<uint32_t>(flat.size() / 3);
      flat.insert(flat.end(), merge.begin(), merge.end());
    }
    std::unique_ptr<Bpe> bpe;
    ASSERT_FALSE(Bpe::make_given(column.view(), flat, {}, false, bpe));
    for (int p = 0; p < 8; ++p) {
      std::string piece;
      const size_t length = 1 + below(300);
      // A letter beyond those that merge, now and then: nothing reaches across it.
      while (piece.size() < length) piece.append(1 + (below(4) ? 0 : below(40)), alphabet[below(letters + (below(30) == 0))]);
      std::vector<uint32_t> expected, ids;
      for (char byte : piece) expected.push_back(static_cast<uint8_t>(byte));
      for (;;) {
        uint32_t best = ~0u;
        size_t at = 0;
        for (size_t i = 0; i + 1 < expected.size(); ++i)
          if (const auto found = ranks.find({expected[i], expected[i + 1]}); found != ranks.end() && found->second < best) best = found->second, at = i;
        if (best == ~0u) break;
        expected[at] = merges[best][2];
        expected.erase(expected.begin() + static_cast<long>(at) + 1);
      }
      bpe->encode_piece(piece, scratch, ids);
      ASSERT_EQ(ids, expected) << piece;
    }
  }
}

TEST(Bpe, RefusesATokenThatRepeats) {
  Trained trained{{"ab", "ab"}, {}};
  Column tokens;
  for (uint32_t id = 0; id < kFirstByte; ++id) tokens.add("<special " + std::to_string(id) + ">");
  for (uint8_t byte : kByteOrder) tokens.add(std::string(1, static_cast<char>(byte)));
  for (const std::string& token : trained.tokens) tokens.add(token);
  std::unique_ptr<Bpe> bpe;
  const Error error = Bpe::make(tokens.view(), {}, bpe);
  EXPECT_STREQ(error.code(), kFormat);
  EXPECT_EQ(error.message(), "tokenizer, id 513: expected a token of its own, found the bytes of an earlier one");
}

}  // namespace millrace::tokenizer
