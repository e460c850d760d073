// Expected values are worked out by hand from the definitions in paper.h; the arithmetic stands beside them.
#include "native/text/paper.h"

#include <gtest/gtest.h>

#include <cmath>

namespace millrace::text {
namespace {

using Scores = std::array<double, kPaperStatisticCount>;

Scores measure(std::string_view text) {
  Paper paper;
  Scores scores;
  EXPECT_TRUE(paper.measure(text, scores));
  return scores;
}

void expect(const Scores& scores, std::initializer_list<std::pair<PaperStatistic, double>> values) {
  for (const auto& [statistic, value] : values) EXPECT_DOUBLE_EQ(scores[statistic], value) << kPaperNames[statistic];
}

// Words a b a b c: 5 with 5 characters, 9 with the spaces. "a b" stands twice and covers the first four words; nothing longer repeats.
TEST(Paper, OneLine) {
  expect(measure("a b a b c"),
         {{kPaperCharacters, 9}, {kPaperWords, 5}, {kPaperMeanWordLength, 5.0 / 5}, {kPaperHashes, 0}, {kPaperEllipses, 0}, {kPaperBullets, 0},
          {kPaperEllipsisLines, 0}, {kPaperAlphabetic, 1}, {kPaperStopWords, 0}, {kPaperDupLines, 0}, {kPaperDupParagraphs, 0}, {kPaperDupLineCharacters, 0},
          {kPaperDupParagraphCharacters, 0}, {kPaperTop2Gram, 4.0 / 5}, {kPaperTop3Gram, 0}, {kPaperTop4Gram, 0}, {kPaperDup5Gram, 0}, {kPaperDup6Gram, 0},
          {kPaperDup7Gram, 0}, {kPaperDup8Gram, 0}, {kPaperDup9Gram, 0}, {kPaperDup10Gram, 0}, {kPaperTerminalLines, 0}, {kPaperShortLines, 1}});
}

// Lines: "- the cat." (10 characters) twice, "to be or..." (11) twice; paragraphs: the first two lines (21), then each of the others (11).
// Words: - the cat. - the cat. to be or... to be or...: 12 with 2 × 8 + 2 × 9 = 34 characters. Text: 10 + 1 + 10 + 2 + 11 + 2 + 11 = 47.
// 2-grams that stand twice have 4, 7, 4, 7 characters; 3-grams 8 and 9; no 4-gram repeats.
TEST(Paper, LinesAndParagraphs) {
  expect(measure("- the cat.\n- the cat.\n\nto be or...\n\nto be or..."),
         {{kPaperCharacters, 47}, {kPaperWords, 12}, {kPaperMeanWordLength, 34.0 / 12}, {kPaperHashes, 0}, {kPaperEllipses, 2.0 / 12}, {kPaperBullets, 2.0 / 4},
          {kPaperEllipsisLines, 2.0 / 4}, {kPaperAlphabetic, 10.0 / 12}, {kPaperStopWords, 3}, {kPaperDupLines, 2.0 / 4}, {kPaperDupParagraphs, 1.0 / 3},
          {kPaperDupLineCharacters, 21.0 / 42}, {kPaperDupParagraphCharacters, 11.0 / 43}, {kPaperTop2Gram, 2 * 7.0 / 34}, {kPaperTop3Gram, 2 * 9.0 / 34},
          {kPaperTop4Gram, 0}, {kPaperDup5Gram, 0}, {kPaperDup6Gram, 0}, {kPaperDup7Gram, 0}, {kPaperDup8Gram, 0}, {kPaperDup9Gram, 0}, {kPaperDup10Gram, 0},
          {kPaperTerminalLines, 1}, {kPaperShortLines, 1}});
}

// Ten words of 3 + 2 + 3 + 2 + 1 + 1 + 1 + 1 + 1 + 2 = 17 characters twice, and zz: 21 words, 36 characters. All 5- to 10-grams of the ten repeat and
// cover both copies. The longest 2-grams have 5 characters, 3-grams 8, 4-grams 10. The line has 36 + 20 = 56 characters.
TEST(Paper, LongRepeats) {
  expect(measure("the of and x1 # d e f g hh the of and x1 # d e f g hh zz"),
         {{kPaperCharacters, 56}, {kPaperWords, 21}, {kPaperMeanWordLength, 36.0 / 21}, {kPaperHashes, 2.0 / 21}, {kPaperEllipses, 0}, {kPaperBullets, 0},
          {kPaperEllipsisLines, 0}, {kPaperAlphabetic, 19.0 / 21}, {kPaperStopWords, 3}, {kPaperDupLines, 0}, {kPaperDupParagraphs, 0}, {kPaperDupLineCharacters, 0},
          {kPaperDupParagraphCharacters, 0}, {kPaperTop2Gram, 10.0 / 36}, {kPaperTop3Gram, 16.0 / 36}, {kPaperTop4Gram, 20.0 / 36}, {kPaperDup5Gram, 34.0 / 36},
          {kPaperDup6Gram, 34.0 / 36}, {kPaperDup7Gram, 34.0 / 36}, {kPaperDup8Gram, 34.0 / 36}, {kPaperDup9Gram, 34.0 / 36}, {kPaperDup10Gram, 34.0 / 36},
          {kPaperTerminalLines, 0}, {kPaperShortLines, 0}});
}

// Six words twice: a 6-gram is the longest that repeats. 2-, 3-, 4-grams cover 2 × 2, 2 × 3, 2 × 4 of 12.
TEST(Paper, LengthOfRepeats) {
  expect(measure("a b c d e f a b c d e f"), {{kPaperTop2Gram, 4.0 / 12}, {kPaperTop3Gram, 6.0 / 12}, {kPaperTop4Gram, 8.0 / 12}, {kPaperDup5Gram, 1},
                                              {kPaperDup6Gram, 1}, {kPaperDup7Gram, 0}, {kPaperDup8Gram, 0}, {kPaperDup9Gram, 0}, {kPaperDup10Gram, 0}});
}

// x six times: five 2-grams, two 5-grams, one 6-gram; every character counts once.
TEST(Paper, OverlapsCountOnce) {
  expect(measure("x x x x x x"),
         {{kPaperTop2Gram, 1}, {kPaperTop3Gram, 1}, {kPaperTop4Gram, 1}, {kPaperDup5Gram, 1}, {kPaperDup6Gram, 0}, {kPaperDup7Gram, 0}});
}

// Hashes 3/3, ellipses ("..." once, "…" twice) 3/3; 1 of 3 lines ends in one; • is a bullet, ‣ too; 2 of 3 lines. THE and The are one stop word.
TEST(Paper, Marks) {
  expect(measure("### ...a ……b"), {{kPaperWords, 3}, {kPaperHashes, 3.0 / 3}, {kPaperEllipses, 3.0 / 3}, {kPaperAlphabetic, 2.0 / 3}, {kPaperMeanWordLength, 10.0 / 3}});
  expect(measure("• THE\n‣ The end\nand so…"), {{kPaperBullets, 2.0 / 3}, {kPaperEllipsisLines, 1.0 / 3}, {kPaperStopWords, 2}, {kPaperTerminalLines, 0}});  // … is no terminal mark
}

// 29 characters are short, 30 are not.
TEST(Paper, ShortLines) {
  expect(measure(std::string(29, 'x') + "\n" + std::string(30, 'y') + "!\n" + std::string(30, 'z')), {{kPaperShortLines, 1.0 / 3}, {kPaperTerminalLines, 1.0 / 3}});
  expect(measure("Ends so.\nand so"), {{kPaperTerminalLines, 1.0 / 2}, {kPaperShortLines, 1}});
}

TEST(Paper, NoWords) {
  const Scores scores = measure(" \n\n ");
  EXPECT_EQ(scores[kPaperWords], 0);
  for (const auto statistic : {kPaperMeanWordLength, kPaperBullets, kPaperDupParagraphs, kPaperTop2Gram, kPaperDup10Gram, kPaperTerminalLines})
    EXPECT_TRUE(std::isnan(scores[statistic])) << kPaperNames[statistic];
}

}  // namespace
}  // namespace millrace::text
