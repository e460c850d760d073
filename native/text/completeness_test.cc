// Vectors made by hand: at least three that have each trait, and some that only look as if they had.
#include "native/text/completeness.h"

#include <gtest/gtest.h>

#include <chrono>
#include <cmath>
#include <string>

namespace millrace::text {
namespace {

double of(Completeness statistic, std::string_view text) {
  CompletenessValues values;
  measure_completeness(text, values);
  return values[statistic];
}

TEST(Completeness, SeesAnEndInTheMiddleOfASentence) {
  EXPECT_EQ(of(kCutEnd, "The first sentence.\n\nThe second one goes on and on until it"), 1);
  EXPECT_EQ(of(kCutEnd, "He said that there was nothing left to do,"), 1);
  EXPECT_EQ(of(kCutEnd, "> A quotation that was cut before it came to its"), 1);
  EXPECT_EQ(of(kCutEnd, "A long line that was whole and ended well.  \n\n"), 0);
  EXPECT_EQ(of(kCutEnd, "He said that there was nothing left to “do.”"), 0);
  EXPECT_EQ(of(kCutEnd, "A text of prose.\n\nThe author of it"), 0);  // a signature, not a sentence
  EXPECT_EQ(of(kCutEnd, "- a list item whose author saw no need for any mark"), 0);
  EXPECT_EQ(of(kCutEnd, "| a table row | with many | words in it | and no mark |"), 0);
  EXPECT_EQ(of(kCutEnd, "# A heading of many words that ends without a mark"), 0);
  EXPECT_EQ(of(kCutEnd, "The code follows, with as many words as it takes\n```\nx = 1\n```"), 0);
  EXPECT_EQ(of(kCutEnd, "For all of this see what stands in [the manual](https://example.org)"), 0);
}

TEST(Completeness, SeesAStartInTheMiddle) {
  EXPECT_EQ(of(kCutStart, "and so it went on until the end.\nMore."), 1);
  EXPECT_EQ(of(kCutStart, "\n\n… which nobody had expected."), 1);
  EXPECT_EQ(of(kCutStart, ", he said, and left."), 1);
  EXPECT_EQ(of(kCutStart, "é uma frase."), 1);
  EXPECT_EQ(of(kCutStart, "And so it went on."), 0);
  EXPECT_EQ(of(kCutStart, "iPhone owners know this."), 0);
  EXPECT_EQ(of(kCutStart, "npm_config sets what follows."), 0);
  EXPECT_EQ(of(kCutStart, "sort(list) returns another list."), 0);
  EXPECT_EQ(of(kCutStart, "express\n\nFast and small."), 0);
  EXPECT_EQ(of(kCutStart, "# small heading\n\nText."), 0);
  EXPECT_EQ(of(kCutStart, "- first\n- second"), 0);
  EXPECT_EQ(of(kCutStart, "中文 的 句子。"), 0);
}

TEST(Completeness, SeesMarksOfATruncatedText) {
  EXPECT_EQ(of(kTruncatedMark, "The minister said on Monday that [...]"), 2);
  EXPECT_EQ(of(kTruncatedMark, "The minister said on Monday that […]\n"), 2);
  EXPECT_EQ(of(kTruncatedMark, "The minister said on Monday (…)"), 2);
  EXPECT_EQ(of(kTruncatedMark, "The minister said on Monday that… Read more"), 2);
  EXPECT_EQ(of(kTruncatedMark, "The minister said... [Continue reading »](https://example.org/a)"), 2);
  EXPECT_EQ(of(kTruncatedMark, "The minister said on Monday in the capital that he would\n\n[Read more →](/a)"), 2);
  EXPECT_EQ(of(kTruncatedMark, "The minister left.\n\nRead more"), 1);
  EXPECT_EQ(of(kTruncatedMark, "The minister left.\n\n[Continue reading The Minister](/a)"), 1);
  EXPECT_EQ(of(kTruncatedMark, "And nobody ever knew..."), 1);
  EXPECT_EQ(of(kTruncatedMark, "And nobody ever knew."), 0);
  EXPECT_EQ(of(kTruncatedMark, "Children should read more."), 0);
  EXPECT_EQ(of(kTruncatedMark, "To read more about this and everything else that we have published, write to us."), 0);
  EXPECT_EQ(of(kTruncatedMark, "He bread more"), 0);
  EXPECT_EQ(of(kTruncatedMark, "A list (a, b, c) ends here (see above)"), 0);
  EXPECT_EQ(of(kTruncatedMark, "```\nx = [...]\n```"), 0);
}

TEST(Completeness, MeasuresLinks) {
  EXPECT_DOUBLE_EQ(of(kLinkBytes, "[ab](cd)"), 1);
  EXPECT_DOUBLE_EQ(of(kLinkBytes, "[ab](cd) 12345678"), 0.5);
  EXPECT_DOUBLE_EQ(of(kLinkBytes, "[![a](b)](c)xxx yyy zzz xxx"), 0.5);
  EXPECT_DOUBLE_EQ(of(kLinkBytes, "https://a.org 1234567890123"), 0.5);
  EXPECT_DOUBLE_EQ(of(kLinkBytes, "no [link] (here) at all"), 0);
  EXPECT_DOUBLE_EQ(of(kLinkLines, "- [a](b)\n- [c](d) | [e](f)\n\n* <https://x.org>"), 1);
  EXPECT_DOUBLE_EQ(of(kLinkLines, "- [a](b)\n- [c](d): what it is\n- none\n1. [e](f)"), 0.5);
  EXPECT_DOUBLE_EQ(of(kLinkLines, "[a](b"), 0);
  EXPECT_DOUBLE_EQ(of(kLinkLines, "```\n[a](b)\n```\nText."), 0);
}

TEST(Completeness, MeasuresBoilerplate) {
  EXPECT_DOUBLE_EQ(of(kBoilerplateLines, "We use cookies to improve your visit.\n[Privacy Policy](/p)\n© 2020 X. All rights reserved."), 1);
  EXPECT_DOUBLE_EQ(of(kBoilerplateLines, "[Log in](/login)\n* Subscribe »\nMenu\nThe story of a menu."), 0.75);
  EXPECT_DOUBLE_EQ(of(kBoilerplateLines, "Your email address will not be published.\nA real line."), 0.5);
  EXPECT_DOUBLE_EQ(of(kBoilerplateLines, "The search for cookies went on.\nHome is where one starts from."), 0);
  EXPECT_DOUBLE_EQ(of(kBoilerplateLines, "A privacy policy is the subject of this line, which is long. " + std::string(300, 'x')), 0);
}

TEST(Completeness, MeasuresFragments) {
  EXPECT_DOUBLE_EQ(of(kFragmentLines, "Home\nShop\nNews\nCart"), 1);
  EXPECT_DOUBLE_EQ(of(kFragmentLines, "Red shoes\n\nThey are red and they are shoes.\n\n20 Euro\n\nYes."), 0.5);
  EXPECT_DOUBLE_EQ(of(kFragmentLines, "# Title\n- item\n| a | b |\nOne sentence of prose."), 0);
  EXPECT_EQ(of(kContentLines, "# Title\n\n- item\n| a | b |\n```\ncode\n```\nOne sentence of prose."), 4);
}

TEST(Completeness, SeesWhatIsNotClosed) {
  EXPECT_EQ(of(kOpenFence, "Text.\n```js\nlet x"), 1);
  EXPECT_EQ(of(kOpenFence, "Text.\n$$\nx = 1"), 1);
  EXPECT_EQ(of(kOpenFence, "~~~\na\n~~~\n~~~\nb"), 1);
  EXPECT_EQ(of(kOpenFence, "```\na\n```\n$$x$$\n```a```"), 0);
  EXPECT_EQ(of(kOpenBrackets, "a (b [c"), 2);
  EXPECT_EQ(of(kOpenBrackets, "a (b\nand c) {d"), 1);
  EXPECT_EQ(of(kOpenBrackets, "1) one\n2) two :( and ;(\n`f(x` and $[0, 1)$ and \\("), 0);
  EXPECT_EQ(of(kOpenBrackets, "```\n((((\n```\n(a)"), 0);
}

TEST(Completeness, HasNothingToSayOfNothing) {
  for (std::string_view text : {"", " \n\t\n", "\xff\xfe"})
    for (int s = 0; s < kCompletenessCount; ++s) EXPECT_TRUE(std::isnan(of(static_cast<Completeness>(s), text)));
  for (std::string_view text : {"a", ".", "[", "](", "```", "…", "…]", "[…]", ")", "- ", "-", "#", "1.", "中"})
    for (int s = 0; s < kCompletenessCount; ++s) EXPECT_FALSE(std::isnan(of(static_cast<Completeness>(s), text))) << text;
}

// Linear, whatever it holds: 4 MB of each take less than what a square would by far.
TEST(Completeness, IsLinearInHostileText) {
  const auto start = std::chrono::steady_clock::now();
  for (std::string_view part : {"[", "](", "[](", "http://", "(", "`", "$", "…", "[a](b", "\n[", "read more ", ")", "…] "}) {
    std::string text;
    while (text.size() < 4'000'000) text += part;
    of(kLinkBytes, text);
  }
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(30));
}

}  // namespace
}  // namespace millrace::text
