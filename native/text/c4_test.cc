#include "native/text/c4.h"

#include <gtest/gtest.h>

namespace millrace::text {
namespace {

struct Edited {
  C4Outcome outcome;
  std::string text;
};

Edited run(std::string_view text, C4 rules = {.min_sentences = 0}) {
  Edited result;
  result.outcome = c4(text, rules, result.text).outcome;
  return result;
}

constexpr C4 kLoose{.terminal_punctuation = false, .min_sentences = 0};

TEST(C4, DropsLines) {
  EXPECT_EQ(run("This line stays.\nno end mark here\nToo short.\nAnd one more \"quoted\"\nThis one trails off...").text,
            "This line stays.\nAnd one more \"quoted\"");
  EXPECT_EQ(run("Enable JavaScript to see this.\nAccept our Privacy Policy at once.\nWe use coo\u212aies as others do.\nOne two three.").text, "One two three.");
  EXPECT_EQ(run("a " + std::string(1001, 'x') + " b.\n  a " + std::string(1000, 'x') + " b.  ").text, "a " + std::string(1000, 'x') + " b.");
}

TEST(C4, CountsWordsBeforeItRemovesCitations) {
  EXPECT_EQ(run("One two [12]", kLoose).text, "One two");
  EXPECT_EQ(run("see[1][٣] all[edit] of[citation needed] [a] [12 ] [[1]1] [", kLoose).text, "see all of [a] [12 ] [1] [");
}

TEST(C4, DropsDocuments) {
  EXPECT_EQ(run("A fine first line.\nLorem Ipsum dolor sit amet.").outcome, C4Outcome::lorem_ipsum);
  EXPECT_EQ(run("if (x) { y.").outcome, C4Outcome::curly_bracket);
  EXPECT_EQ(run("javascript and { in one line.").outcome, C4Outcome::keep);
  EXPECT_EQ(run("One is here. Two is here. Three is here.\nFour is here.", C4{}).outcome, C4Outcome::too_few_sentences);
  EXPECT_EQ(run("One is here. Two is here. Three is here.\nFour is here. Five is here.", C4{}).outcome, C4Outcome::keep);
}

TEST(C4, SparesMarkdown) {
  const C4 rules{.citations = false, .terminal_punctuation = false, .curly_bracket = false, .min_sentences = 0, .markdown = true};
  const char* text =
      "# Usage\n\n\nSome words of prose.\nMenu\n\n```js\n  if (x) {\n\n\n  }\n```\n\n| a | b |\n|---|---|\n\n$$\nx\n$$\n$$ y $$\nHome\n  - an indented list item\nBack\n";
  EXPECT_EQ(run(text, rules).text,
            "# Usage\n\nSome words of prose.\n\n```js\n  if (x) {\n\n\n  }\n```\n\n| a | b |\n|---|---|\n\n$$\nx\n$$\n$$ y $$\n  - an indented list item");
}

TEST(C4, BearsEmptyTexts) {
  EXPECT_EQ(run("").text, "");
  EXPECT_EQ(run("\n\u2028\n", kLoose).text, "");
  EXPECT_EQ(run("[1] [2] [3]", kLoose).text, "");
}

}  // namespace
}  // namespace millrace::text
