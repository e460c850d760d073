// Expected values are worked out by hand from the definitions in dolma.h; npm run conformance compares with Dolma's own taggers.
#include "native/text/dolma.h"

#include <gtest/gtest.h>

#include <cmath>

namespace millrace::text {
namespace {

using Scores = std::array<double, kDolmaStatisticCount>;

Scores measure(std::string_view text) {
  Dolma dolma;
  Scores scores;
  EXPECT_TRUE(dolma.measure(text, scores));
  return scores;
}

void expect(const Scores& scores, std::initializer_list<std::pair<DolmaStatistic, double>> values) {
  for (const auto& [statistic, value] : values) EXPECT_DOUBLE_EQ(scores[statistic], value) << kDolmaNames[statistic];
}

// Lengths 1 3 4 1 3 4 2 2 6: median 3. Lines "- the cat." twice, "", "to be no#w…": 4, two copies of 10 characters, 26 characters that are no space.
// "- the", "the cat." stand twice, the first seen has 4 characters: 8 / 26; 3-gram 2 × 8; the first 4-gram stands once: 9.
TEST(Dolma, LinesAndWords) {
  expect(measure("- the cat.\n- the cat.\n\nto be no#w…"),
         {{kDolmaWords, 9}, {kDolmaMedianWordLength, 3}, {kDolmaSymbolToWord, 1.0 / 9}, {kDolmaAlphabetic, 7.0 / 9}, {kDolmaRequiredWords, 4}, {kDolmaBullets, 2.0 / 4},
          {kDolmaEllipsis, 1.0 / 4}, {kDolmaDupLines, 2.0 / 4}, {kDolmaDupLineCharacters, 20.0 / 25}, {kDolmaTop2Gram, 8.0 / 25}, {kDolmaTop3Gram, 16.0 / 25},
          {kDolmaTop4Gram, 9.0 / 25}, {kDolmaDup5Gram, 0}, {kDolmaDup9Gram, 0}});
  EXPECT_TRUE(std::isnan(measure("- the cat.")[kDolmaDup5Gram]));
}

// Six words twice: of eight 5-grams, 5 characters each, four repeat; of seven 6-grams two; no 7-gram. Lengths 1 and 2: the median of an even number.
TEST(Dolma, Repeats) {
  expect(measure("a b c d e f a b c d e f"), {{kDolmaDup5Gram, 4.0 / 8}, {kDolmaDup6Gram, 2.0 / 7}, {kDolmaDup7Gram, 0}, {kDolmaTop2Gram, 4.0 / 12}, {kDolmaMedianWordLength, 1}});
  expect(measure("a bb"), {{kDolmaMedianWordLength, 1.5}, {kDolmaTop2Gram, 1}});
}

TEST(Dolma, Nothing) {
  expect(measure(""), {{kDolmaWords, 0}, {kDolmaDupLines, 0}, {kDolmaMedianWordLength, 0}});
  expect(measure("\n\n"), {{kDolmaWords, 0}, {kDolmaDupLines, 1}, {kDolmaDupLineCharacters, 0}});
}

}  // namespace
}  // namespace millrace::text
