// Expected values are worked out by hand from the definitions in dclm.h; the arithmetic stands beside them.
#include "native/text/dclm.h"

#include <gtest/gtest.h>

#include <cmath>

#include "native/text/dclm_lines.h"

namespace millrace::text {
namespace {

using Scores = std::array<double, kDclmStatisticCount>;

Scores measure(std::string_view text) {
  Dclm dclm;
  Scores scores;
  EXPECT_TRUE(dclm.measure(text, scores));
  return scores;
}

void expect(const Scores& scores, std::initializer_list<std::pair<DclmStatistic, double>> values) {
  for (const auto& [statistic, value] : values) EXPECT_DOUBLE_EQ(scores[statistic], value) << kDclmNames[statistic];
}

std::string lines(std::string_view text) {
  std::string edited;
  dclm_lines(text, edited);
  return edited;
}

// "a b" stands twice: 2 × 2 of 5 characters. Nothing longer repeats.
TEST(Dclm, OneLine) {
  expect(measure("a b a b c"),
         {{kDclmWords, 5}, {kDclmMeanWordLength, 1}, {kDclmSymbolRatio, 0}, {kDclmNonAlphabetic, 0}, {kDclmStopWords, 0}, {kDclmBullets, 0}, {kDclmEllipsis, 0},
          {kDclmDupLines, 0}, {kDclmDupParagraphs, 0}, {kDclmDupLineCharacters, 0}, {kDclmDupParagraphCharacters, 0}, {kDclmTop2Gram, 4.0 / 5}, {kDclmTop3Gram, 0},
          {kDclmTop4Gram, 0}, {kDclmDup5Gram, 0}, {kDclmDup6Gram, 0}, {kDclmDup7Gram, 0}, {kDclmDup8Gram, 0}, {kDclmDup9Gram, 0}, {kDclmDup10Gram, 0}});
}

// split(): 12 words, 34 characters, two without a letter; the two "-" do not begin with a letter or digit, so 10 for the length. Lines of
// 10, 10, 11, 11 characters: all are copies; paragraphs of 21, 11, 11: two are. Words of n-grams: the cat the cat to be or to be or, 12 + 12 = 24
// characters; "the cat" twice is 12, "to be or" twice 12, no 4-gram repeats. "the", "to", "be" twice each.
TEST(Dclm, LinesAndParagraphs) {
  expect(measure("- the cat.\n- the cat.\n\nto be or...\n\nto be or..."),
         {{kDclmWords, 10}, {kDclmMeanWordLength, 34.0 / 12}, {kDclmSymbolRatio, 2.0 / 12}, {kDclmNonAlphabetic, 2.0 / 12}, {kDclmStopWords, 6}, {kDclmBullets, 2.0 / 4},
          {kDclmEllipsis, 2.0 / 4}, {kDclmDupLines, 1}, {kDclmDupParagraphs, 2.0 / 3}, {kDclmDupLineCharacters, 1}, {kDclmDupParagraphCharacters, 22.0 / 43},
          {kDclmTop2Gram, 12.0 / 24}, {kDclmTop3Gram, 12.0 / 24}, {kDclmTop4Gram, 0}, {kDclmDup5Gram, 0}, {kDclmDup6Gram, 0}, {kDclmDup7Gram, 0}, {kDclmDup8Gram, 0},
          {kDclmDup9Gram, 0}, {kDclmDup10Gram, 0}});
}

// Without "#" nine words of 16 characters twice, and zz: 19 words, 34 characters. 5- to 9-grams cover both copies, 32; no 10-gram repeats.
TEST(Dclm, LongRepeats) {
  expect(measure("the of and x1 # d e f g hh the of and x1 # d e f g hh zz"),
         {{kDclmWords, 19}, {kDclmMeanWordLength, 36.0 / 21}, {kDclmSymbolRatio, 2.0 / 21}, {kDclmNonAlphabetic, 2.0 / 21}, {kDclmStopWords, 6}, {kDclmBullets, 0},
          {kDclmEllipsis, 0}, {kDclmDupLines, 0}, {kDclmDupParagraphs, 0}, {kDclmDupLineCharacters, 0}, {kDclmDupParagraphCharacters, 0}, {kDclmTop2Gram, 10.0 / 34},
          {kDclmTop3Gram, 16.0 / 34}, {kDclmTop4Gram, 20.0 / 34}, {kDclmDup5Gram, 32.0 / 34}, {kDclmDup6Gram, 32.0 / 34}, {kDclmDup7Gram, 32.0 / 34},
          {kDclmDup8Gram, 32.0 / 34}, {kDclmDup9Gram, 32.0 / 34}, {kDclmDup10Gram, 0}});
}

// Six words twice: 6-grams repeat, 7-grams do not.
TEST(Dclm, LengthOfRepeats) {
  expect(measure("a b c d e f a b c d e f"), {{kDclmTop2Gram, 4.0 / 12}, {kDclmTop3Gram, 6.0 / 12}, {kDclmTop4Gram, 8.0 / 12}, {kDclmDup5Gram, 1}, {kDclmDup6Gram, 1},
                                              {kDclmDup7Gram, 0}, {kDclmDup8Gram, 0}, {kDclmDup9Gram, 0}, {kDclmDup10Gram, 0}});
}

// x six times: 5 × 2, 4 × 3 and 3 × 4 of 6 characters, as a top n-gram's overlaps count; words in repeated 5-grams count once.
TEST(Dclm, OverlapsOfTheTopCount) {
  expect(measure("x x x x x x"), {{kDclmTop2Gram, 10.0 / 6}, {kDclmTop3Gram, 12.0 / 6}, {kDclmTop4Gram, 12.0 / 6}, {kDclmDup5Gram, 1}, {kDclmDup6Gram, 0}});
}

// ● • * - begin 4 of 5 lines; "..." ". . ." "…" end 3 of 5; symbols: one # and three ellipses (". . ." is three words) over 13 words. NO-BREAK SPACE is
// no space to fastText: "d\u00a0e" is one of its words, two of split()'s. Words: ● a... • b . . . * c… - d e #f, of them 6 alphanumeric-first of fastText's:
// a... b c… d\u00a0e, so 4.
TEST(Dclm, Marks) {
  const Scores scores = measure("● a...\n• b . . .\n* c…\n- d\u00a0e\n#f");
  expect(scores, {{kDclmWords, 4}, {kDclmBullets, 4.0 / 5}, {kDclmEllipsis, 3.0 / 5}, {kDclmSymbolRatio, 4.0 / 13}, {kDclmNonAlphabetic, 7.0 / 13}});
}

TEST(Dclm, NoWords) {
  const Scores scores = measure(" \n ");
  expect(scores, {{kDclmWords, 0}, {kDclmStopWords, 0}});
  EXPECT_TRUE(std::isnan(scores[kDclmMeanWordLength]));
  EXPECT_TRUE(std::isnan(scores[kDclmDupLines]));
}

TEST(DclmLines, Capitals) {
  EXPECT_EQ(lines("ONLY CAPS HERE ok\nsmall words are fine"), "small words are fine");  // 12 of 17
  EXPECT_EQ(lines("ABCD efgh\nx y"), "ABCD efgh\nx y");                                // 4 of 9
  EXPECT_EQ(lines("AB cd E\nx y"), "AB cd E\nx y");                                    // 3 of 7
  EXPECT_EQ(lines("AB c\nx y"), "AB c\nx y");                                          // 2 of 4 is not more than half
}

TEST(DclmLines, Digits) {
  EXPECT_EQ(lines("12345\nx y"), "x y");
  EXPECT_EQ(lines("²³\nx y"), "x y");
  EXPECT_EQ(lines("12 45\nx y"), "12 45\nx y");
}

TEST(DclmLines, Counters) {
  for (const char* line : {"3 likes", "• 1,024 views", "2.5K shares", "7M followers!", "١٢ comments"}) EXPECT_EQ(lines(std::string(line) + "\nx y"), "x y") << line;
  for (const char* line : {"likes 3", "3likes it", "about 3 likes", "3 likes more", "3KK likes"}) EXPECT_NE(lines(std::string(line) + "\nx y"), "x y") << line;
}

TEST(DclmLines, OneWord) {
  EXPECT_EQ(lines("one\ntwo words\n\n \nx y"), "two words\n\nx y");
}

TEST(DclmLines, Phrases) {
  EXPECT_EQ(lines("You have 3 items in cart now\nx y"), "You have 3 now\nx y");
  EXPECT_EQ(lines("a good story Read More...\nx y"), "a good story\nx y");
  EXPECT_EQ(lines("a good story read more now\nx y"), "a good story read more now\nx y");  // " now" is four characters
  EXPECT_EQ(lines("Sign-in now please\nx y"), "now please\nx y");
  EXPECT_EQ(lines("one two three four five six seven eight nine items in cart\nx y"), "one two three four five six seven eight nine items in cart\nx y");
  EXPECT_EQ(lines("ıteMſ in cart and\nx y"), "and\nx y");
  EXPECT_EQ(lines("items in cart\nx y"), "x y");
}

}  // namespace
}  // namespace millrace::text
