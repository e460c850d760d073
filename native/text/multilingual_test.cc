// Expected values are worked out by hand from the definitions in multilingual.h.
#include "native/text/multilingual.h"

#include <gtest/gtest.h>

#include <cmath>

namespace millrace::text {
namespace {

using Scores = std::array<double, kMultilingualStatisticCount>;

Scores measure(std::string_view text, const std::vector<std::string>& stop_words = {"le", "de", "l'", "à"}) {
  Multilingual multilingual;
  Scores scores;
  EXPECT_TRUE(multilingual.measure(text, stop_words, scores));
  return scores;
}

// Words: - le chat . le chat à # …, nine; le chat le chat à are five real ones of 2 + 4 + 2 + 4 + 1 = 13 characters. Characters: 10 + 1 + 12 = 23.
TEST(Multilingual, WordsAndLines) {
  const Scores scores = measure("- le chat.\nle chat à #…");
  EXPECT_EQ(scores[kMultilingualWords], 9);
  EXPECT_EQ(scores[kMultilingualRealWords], 5);
  EXPECT_DOUBLE_EQ(scores[kMultilingualMeanWordLength], 13.0 / 5);
  EXPECT_DOUBLE_EQ(scores[kMultilingualAlphabetic], 5.0 / 9);
  EXPECT_DOUBLE_EQ(scores[kMultilingualHashes], 1.0 / 9);
  EXPECT_DOUBLE_EQ(scores[kMultilingualEllipses], 1.0 / 9);
  EXPECT_EQ(scores[kMultilingualStopWords], 2);
  EXPECT_DOUBLE_EQ(scores[kMultilingualBullets], 1.0 / 2);
  EXPECT_DOUBLE_EQ(scores[kMultilingualEllipsisLines], 1.0 / 2);
  EXPECT_DOUBLE_EQ(scores[kMultilingualTerminalLines], 1.0 / 2);
  EXPECT_DOUBLE_EQ(scores[kMultilingualNewlinesPerWord], 1.0 / 9);
  EXPECT_DOUBLE_EQ(scores[kMultilingualTop2Gram], 2 * 7.0 / 23);  // "le chat" twice
}

// Six words twice, 23 characters: one 5-gram of five characters that occurred before, then the next overlaps it; one 6-gram of six.
TEST(Multilingual, Repeats) {
  const Scores scores = measure("a b c d e f a b c d e f");
  EXPECT_DOUBLE_EQ(scores[kMultilingualDup5Gram], 5.0 / 23);
  EXPECT_DOUBLE_EQ(scores[kMultilingualDup6Gram], 6.0 / 23);
  EXPECT_EQ(scores[kMultilingualDup7Gram], 0);
  EXPECT_DOUBLE_EQ(measure("ab c\n\nab c\nd")[kMultilingualDupLines], 1.0 / 3);
  EXPECT_DOUBLE_EQ(measure("ab c\n\nab c\nd")[kMultilingualDupLineCharacters], 4.0 / 9);
}

TEST(Multilingual, OtherScriptsAndNothing) {
  EXPECT_EQ(measure("日本語。")[kMultilingualWords], 4);
  EXPECT_EQ(measure("")[kMultilingualWords], 0);
  EXPECT_TRUE(std::isnan(measure(" \n")[kMultilingualMeanWordLength]));
  EXPECT_TRUE(std::isnan(measure("")[kMultilingualTerminalLines]));
}

}  // namespace
}  // namespace millrace::text
