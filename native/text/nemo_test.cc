// Expected values are worked out by hand from the package's definitions (nemo.h); npm run conformance compares with the package itself on 21,000
// texts. Instruction sets are compared with the plain one on random bytes.
#include "native/text/nemo.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "native/base/cpu.h"

namespace millrace::text {
namespace {

using Scores = std::array<double, kNemoStatisticCount>;

Scores measure(std::string_view text) {
  Nemo nemo;
  Scores scores;
  EXPECT_TRUE(nemo.measure(text, scores));
  return scores;
}

void expect(const Scores& scores, std::initializer_list<std::pair<NemoStatistic, double>> values) {
  for (const auto& [statistic, value] : values) EXPECT_DOUBLE_EQ(scores[statistic], value) << kNemoNames[statistic];
}

// 17 characters; outside [a-zA-Z0-9\n?!,.] are 4 spaces, ( ) and #; two digits; two parentheses; the words: The (cat) # is 42, 13 characters.
TEST(Nemo, Characters) {
  expect(measure("The (cat) # is 42"),
         {{kNemoAlphaNumeric, 7.0 / 17}, {kNemoNumbers, 2.0 / 17}, {kNemoWhiteSpace, 4.0 / 17}, {kNemoParentheses, 2.0 / 17}, {kNemoUrls, 0}, {kNemoWords, 5},
          {kNemoSymbolToWord, 1.0 / 5}, {kNemoAlphabets, 3.0 / 5}, {kNemoMeanWordLength, 13.0 / 5}, {kNemoLongestWord, 5}, {kNemoCommonWords, 0}});
  expect(measure("é⟨\u00a0b"), {{kNemoAlphaNumeric, 3.0 / 4}, {kNemoParentheses, 1.0 / 4}, {kNemoWhiteSpace, 0}, {kNemoWords, 2}, {kNemoAlphabets, 1}, {kNemoLongestWord, 2}});
}

TEST(Nemo, SymbolWords) {
  expect(measure("# ## #a# a# ... [...] …"), {{kNemoSymbolToWord, 5.0 / 7}});  // "##" is one run of two, "a#" one of two
  expect(measure("-» (...) […] ...a"), {{kNemoSymbolToWord, 3.0 / 4}});
}

// Words of 60 to 70 bytes end before, at and behind the border of a block; only what has no letter is without one.
TEST(Nemo, WordsWithoutLetters) {
  for (size_t size = 60; size < 70; ++size) {
    const std::string marks(size, '1'), letters(size, 'x');
    expect(measure(marks), {{kNemoWords, 1}, {kNemoAlphabets, 0}, {kNemoLongestWord, static_cast<double>(size)}});
    expect(measure(marks + "a b"), {{kNemoWords, 2}, {kNemoAlphabets, 1}, {kNemoLongestWord, static_cast<double>(size + 1)}});
    expect(measure(letters + " - " + marks + "\n— “a 中 -é -»"), {{kNemoWords, 8}, {kNemoAlphabets, 4.0 / 8}, {kNemoSymbolToWord, 1.0 / 8}});
    expect(measure(marks + "\u00a0" + marks), {{kNemoWords, 2}, {kNemoAlphabets, 0}});
  }
}

TEST(Nemo, Urls) {
  expect(measure("http://a.b/c%20d "), {{kNemoUrls, 16.0 / 17}});
  expect(measure("x https://a%2z http:// b"), {{kNemoUrls, 9.0 / 24}});
  expect(measure("http://http://a ahttps://b"), {{kNemoUrls, (15.0 + 9) / 26}});
}

// Lines "a b" twice, "• read more", "c...": blank ones do not count. Paragraphs "a b\na b", "• read more", "c...".
TEST(Nemo, LinesAndParagraphs) {
  expect(measure("a b\na b\n\n• read more\n \n\nc..."),
         {{kNemoRepeatedLines, 3.0 / 4}, {kNemoRepeatedLineCharacters, 18.0 / 21}, {kNemoRepeatedParagraphs, 1}, {kNemoRepeatedParagraphCharacters, 1},
          {kNemoPunctuation, 3.0 / 4}, {kNemoEllipsis, 2.0 / 4}, {kNemoBullets, 1.0 / 4}});
  expect(measure("x\n\ny\n\nx"), {{kNemoRepeatedParagraphs, 2.0 / 3}, {kNemoRepeatedParagraphCharacters, 2.0 / 3}, {kNemoRepeatedLines, 2.0 / 3}});
}

// Lines and paragraphs that agree in length and in their first and last eight bytes, and differ between.
TEST(Nemo, AlikeLines) {
  expect(measure("| name   a  value |\n| name   b  value |\n| name   a  value |"), {{kNemoRepeatedLines, 2.0 / 3}, {kNemoRepeatedLineCharacters, 38.0 / 57}});
  expect(measure("| name   a  value |\n\n| name   b  value |"), {{kNemoRepeatedLines, 1}, {kNemoRepeatedParagraphs, 1}, {kNemoRepeatedParagraphCharacters, 1}});
}

TEST(Nemo, Boilerplate) {
  expect(measure("Our Terms of Use\n\nb\n\nWe use coo\u212aies\n\nd"), {{kNemoBoilerplate, 2.0 / 4}});
  expect(measure("a\n\nLorem IPSUM"), {{kNemoBoilerplate, 1}});
  expect(measure("terms of\nuse"), {{kNemoBoilerplate, 0}});
  expect(measure("a cookie\n\nthe COOKIE Policy, and our privacy\n\nPrivacy Policy\n\nprivacy"), {{kNemoBoilerplate, 2.0 / 4}});
}

// "a b" first and three times, also inside "xa bx": 4 places of 3 characters of 17. Under n words the score is 1.
TEST(Nemo, TopGrams) {
  expect(measure("a b a b xa bx a b"), {{kNemoTop2Gram, 12.0 / 17}});
  expect(measure("a b"), {{kNemoTop2Gram, 1}, {kNemoTop3Gram, 1}, {kNemoDup5Gram, 1}});
  expect(measure("a  b c"), {{kNemoTop2Gram, 0}});  // "a b" itself stands nowhere
}

// Six words twice, 23 characters: the second 5-gram of each kind. At word 6: 5 characters and 4 spaces; at word 7 the one new word and its space: 11.
TEST(Nemo, DuplicateGrams) {
  expect(measure("a b c d e f a b c d e f"), {{kNemoDup5Gram, 11.0 / 23}, {kNemoDup6Gram, 11.0 / 23}, {kNemoDup7Gram, 0}});
}

TEST(Nemo, NoWords) {
  for (const char* text : {"", " ", "\n\n"}) {
    const Scores scores = measure(text);
    EXPECT_EQ(scores[kNemoWords], 0);
    EXPECT_TRUE(std::isnan(scores[kNemoSymbolToWord]));
    EXPECT_TRUE(std::isnan(scores[kNemoBullets]));
    EXPECT_EQ(scores[kNemoTop2Gram], 1);
  }
  EXPECT_EQ(measure("")[kNemoAlphaNumeric], 1);
  EXPECT_EQ(measure("\n\n")[kNemoAlphaNumeric], 0);
}

TEST(Nemo, InstructionSetsAgree) {
  std::mt19937 random(5);
  const std::string_view pieces[] = {"the ", "cookie ", "a", "\n", "\n\n", " ", "é", "\u00a0", "\u2003x", "…", "#", "http://a.b ", "(x) ", "42 ", "privacy policy", "\u212a", "⟨", "of and to ", "中", "\x1c"};
  const Isa best = active_isa();
  for (int round = 0; round < 2000; ++round) {
    std::string text;
    for (size_t n = random() % 300; n > 0; --n) text += pieces[random() % std::size(pieces)];
    set_isa(Isa::scalar);
    const Scores expected = measure(text);
    for (const Isa isa : available_isas()) {
      set_isa(isa);
      const Scores scores = measure(text);
      for (int s = 0; s < kNemoStatisticCount; ++s)
        EXPECT_TRUE(scores[s] == expected[s] || (std::isnan(scores[s]) && std::isnan(expected[s]))) << name(isa) << " " << kNemoNames[s] << " " << text;
    }
  }
  set_isa(best);
}

}  // namespace
}  // namespace millrace::text
