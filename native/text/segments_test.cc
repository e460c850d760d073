// Expected boundaries: the examples and rules of UAX #29; npm run conformance compares with the Python package uniseg on 21,000 texts.
#include "native/text/segments.h"

#include <gtest/gtest.h>

#include <string>

namespace millrace::text {
namespace {

std::string segments(std::string_view text) {
  std::string joined;
  for_each_segment(text, [&](std::string_view segment) { joined.append(joined.empty() ? "" : "|").append(segment); });
  return joined;
}

TEST(Segments, ExamplesOfTheStandard) {
  EXPECT_EQ(segments("The quick (“brown”) fox can’t jump 32.3 feet, right?"), "The| |quick| |(|“|brown|”|)| |fox| |can’t| |jump| |32.3| |feet|,| |right|?");
  EXPECT_EQ(segments("a\u0308b"), "a\u0308b");
}

TEST(Segments, LettersAndNumbers) {
  EXPECT_EQ(segments("a1 1a x_y _ 3,000.5 1,a a.b a..b e:f 'tis o'"), "a1| |1a| |x_y| |_| |3,000.5| |1|,|a| |a.b| |a|.|.|b| |e:f| |'|tis| |o|'");
  EXPECT_EQ(segments("1.2.3 a'b'c"), "1.2.3| |a'b'c");
}

TEST(Segments, Hebrew) {
  EXPECT_EQ(segments("צה\"ל ג'"), "צה\"ל| |ג'");
  EXPECT_EQ(segments("א\" ב"), "א|\"| |ב");
}

TEST(Segments, LinesAndSpaces) {
  EXPECT_EQ(segments("a\r\nb\n\rc"), "a|\r\n|b|\n|\r|c");
  EXPECT_EQ(segments("a  b"), "a|  |b");
  EXPECT_EQ(segments("a \u0308 b"), "a| \u0308| |b");
  EXPECT_EQ(segments("\n\u0308a"), "\n|\u0308|a");
}

TEST(Segments, EmojiAndFlags) {
  EXPECT_EQ(segments("👩‍👩‍👧👧"), "👩‍👩‍👧|👧");
  EXPECT_EQ(segments("🇩🇪🇫🇷🇮"), "🇩🇪|🇫🇷|🇮");
  EXPECT_EQ(segments("a🇩🇪b"), "a|🇩🇪|b");
}

TEST(Segments, OtherScripts) {
  EXPECT_EQ(segments("カタカナ日本ﾃﾞｰﾀ"), "カタカナ|日|本|ﾃﾞｰﾀ");
  EXPECT_EQ(segments("слово слово"), "слово| |слово");
}

TEST(Segments, WordsBeginWithALetterOrDigit) {
  std::string joined;
  for_each_segment_word("Well, 2 (or ½) words_ _x", [&](std::string_view word) { joined.append(word).append("|"); });
  EXPECT_EQ(joined, "Well|2|or|½|words_|");
}

// A joiner looks ahead over what is attached to it once: a long run costs its length, not its square.
TEST(Segments, LongRuns) {
  std::string text = "a'";
  for (int i = 0; i < 200'000; ++i) text += "\u0308";
  size_t count = 0;
  for_each_segment(text + "b", [&](std::string_view) { ++count; });
  EXPECT_EQ(count, 1u);
  for_each_segment(text + " ", [&](std::string_view) { ++count; });
  EXPECT_EQ(count, 4u);
}

}  // namespace
}  // namespace millrace::text
