#include "native/text/english.h"

#include <gtest/gtest.h>

#include <chrono>
#include <random>
#include <sstream>
#include <string>
#include <vector>

namespace millrace::text {
namespace {

using namespace std::string_view_literals;

// Words with a space between, and "first-byte bytes" of each sentence.
struct Vector {
  std::string_view text, words, sentences;
};
#include "native/text/english_vectors.inc"

struct Read {
  std::string words, sentences;
  bool fits;
};

Read read(English& english, std::string_view text) {
  Read read;
  read.fits = english.scan(
      text, [&](const Word& word) { (read.words += read.words.empty() ? "" : " ").append(word.text); },
      [&](std::string_view span) {
        read.sentences += (read.sentences.empty() ? "" : " ") + std::to_string(span.data() - text.data()) + " " + std::to_string(span.size());
      });
  return read;
}
std::string words(std::string_view text) {
  English english;
  return read(english, text).words;
}

TEST(English, EqualsThePackage) {
  English english;
  for (const Vector& vector : kVectors) {
    const Read got = read(english, vector.text);
    EXPECT_EQ(got.words, vector.words) << vector.text;
    EXPECT_EQ(got.sentences, vector.sentences) << vector.text;
    EXPECT_TRUE(got.fits);
  }
}

// From the package's own documentation and tests (tests/lang/en, tests/tokenizer).
TEST(English, PublishedExamples) {
  EXPECT_EQ(words("Let's go to N.Y.!"), "Let 's go to N.Y. !");
  EXPECT_EQ(words("\"Let's go to N.Y.!\""), "\" Let 's go to N.Y. ! \"");
  EXPECT_EQ(words("don't can't cannot"), "do n't ca n't can not");
  EXPECT_EQ(words("best-known 0.1-13.5 103-104 Hello,world"), "best - known 0.1 - 13.5 103 - 104 Hello , world");
  EXPECT_EQ(words("dynamite...Yay"), "dynamite ... Yay");
  EXPECT_EQ(words("(http://www.nytimes.com/2016/04/20/us.html?hp&action=click)"), "( http://www.nytimes.com/2016/04/20/us.html?hp&action=click )");
  EXPECT_EQ(words("No decent bed--and no breakfast... $10. 5km."), "No decent bed -- and no breakfast ... $ 10 . 5 km .");
}

TEST(English, Empty) {
  English english;
  for (std::string_view text : {"", " ", "\n\n", "\t \xc2\xa0"}) EXPECT_EQ(read(english, text).words, "");
  EXPECT_EQ(read(english, "").sentences, "");
}

TEST(English, WordsKnowWhatTheyAre) {
  English english;
  std::string seen;
  english.for_each_word("a... \xe2\x80\x94 don't \xc3\xa9t\xc3\xa9 :) ...", [&](const Word& w) {
    seen += std::string(w.text) + ":" + std::to_string(w.characters) + (w.punctuation ? "p" : "") + (w.letter ? "l" : "") + " ";
  });
  EXPECT_EQ(seen, "a:1l ...:3p \xe2\x80\x94:1p do:2l n't:3l \xc3\xa9t\xc3\xa9:3l :):2p ...:3p ");
}

// A neighbour can take parts of an exception away: the package compares tokens without regard to spaces.
TEST(English, ChunksAndTheirNeighbours) {
  English english;
  EXPECT_EQ(read(english, "foo:)").words, "foo :)");
  EXPECT_TRUE(english.joined());
  EXPECT_EQ(read(english, "foo:) )").words, "foo : ) )");
  std::mt19937 random(1);
  const std::vector<std::string> parts = {":", ")", "foo", "-", "(", " ", " ", "8", "'", "s", "/", ".", "a", "St", "  ", "D", "=", "3", "<"};
  for (int i = 0; i < 20000; ++i) {
    std::string text;
    for (int n = 0; n < 16; ++n) text += parts[random() % parts.size()];
    const std::string whole = read(english, text).words;
    std::string apart;
    std::istringstream chunks(text);
    size_t at = 0;
    for (std::string chunk; chunks >> chunk; at += chunk.size()) {
      at = text.find(chunk, at);
      std::string alone = read(english, chunk).words;
      if (english.joined()) {
        alone.clear();
        english.for_each_word_of(text, std::string_view(text).substr(at, chunk.size()), [&](const Word& word) { (alone += alone.empty() ? "" : " ").append(word.text); });
      }
      apart += (apart.empty() ? "" : " ") + alone;
    }
    ASSERT_EQ(apart, whole) << text;
  }
}

// Ten times the text takes about ten times as long, whatever it is made of: 100 would be quadratic.
TEST(English, TimeIsLinear) {
  English english;
  for (const std::string unit : {"(", ")", "):", ".", "a.", "a-", "a@", "'", "\xe2\x80\xa6", "5%", "http://a.b", ":-", "A.", "5", "x", ": ) "}) {
    const auto seconds = [&](size_t bytes) {
      std::string text;
      while (text.size() < bytes) text += unit;
      const auto start = std::chrono::steady_clock::now();
      EXPECT_TRUE(english.for_each_word(text, [](const Word&) {}));
      return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    };
    seconds(1'000'000);  // buffers grow
    EXPECT_LT(seconds(1'000'000), 40 * seconds(100'000) + 0.1) << unit;
  }
}

TEST(English, GivesUpOnTooManyTokensAtOnce) {
  English english;
  const std::string text(English::kMostPending + 10, ')');
  EXPECT_FALSE(english.for_each_word(text, [](const Word&) {}));
  EXPECT_TRUE(english.for_each_word("and goes on", [](const Word&) {}));
}

}  // namespace
}  // namespace millrace::text
