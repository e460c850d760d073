// Expected values are worked out by hand from the definitions in published_edits.h.
#include "native/text/published_edits.h"

#include <gtest/gtest.h>

#include <cmath>

namespace millrace::text {
namespace {

struct Edited {
  std::string text;
  std::array<double, kEditStatisticCount> told;
};

Edited run(Edit edit, std::string_view text) {
  Edited result;
  apply(edit, text, result.text, result.told);
  return result;
}

// Five words and an end mark; the count of words comes after citations went, unlike datatrove's.
TEST(C4Tfds, KeepsLines) {
  const Edited edited = run(Edit::c4_tfds, "  This line has five words.  \nThis one has four.\nno end mark on this line\nIt ends in a quote'\nHe said \"stay here with us\"\nThis one trails off here...\n"
                                           "One two three four [1].\nOne two three four five[1].");
  EXPECT_EQ(edited.text, "This line has five words.\nHe said \"stay here with us\"\nOne two three four .\nOne two three four five.");
  EXPECT_DOUBLE_EQ(edited.told[kEditLines], 4.0 / 8);
  EXPECT_EQ(edited.told[kEditSentences], 4);
}

TEST(C4Tfds, DropsLines) {
  EXPECT_EQ(run(Edit::c4_tfds, "Please enable JavaScript to see this.\nRead our privacy policy before you go.\nWe use coo\u212aies to serve you well.\nThis is what stays of it.").text,
            "This is what stays of it.");
  EXPECT_EQ(run(Edit::c4_tfds, "a b c d " + std::string(1001, 'x') + ".").text, "");
  EXPECT_EQ(run(Edit::c4_tfds, "a b c d " + std::string(999, 'x') + ".").text, "a b c d " + std::string(999, 'x') + ".");
}

TEST(C4Tfds, GivesUpOnLoremIpsum) {
  for (const char* text : {"This is lorem ipsum in short.", "Fine words stand here first.\nThen LOREM IPSUM comes, alas.", "It is Lorem Ipsum { and so on."}) {
    const Edited edited = run(Edit::c4_tfds, text);
    EXPECT_EQ(edited.told[kEditLoremIpsum], 1) << text;
    EXPECT_EQ(edited.told[kEditCurlyBracket], 0) << text;
    EXPECT_TRUE(std::isnan(edited.told[kEditSentences])) << text;
  }
  EXPECT_EQ(run(Edit::c4_tfds, "lorem ipsum").told[kEditLoremIpsum], 0);  // the line goes before that is asked
}

TEST(C4Tfds, GivesUpOnCurlyBrackets) {
  for (const char* text : {"It holds { and so on.", "Fine words stand here first.\nThen one { comes, alas.", "a b c d e{."})
    EXPECT_EQ(run(Edit::c4_tfds, text).told[kEditCurlyBracket], 1) << text;
  EXPECT_EQ(run(Edit::c4_tfds, "javascript has one { in here.").told[kEditCurlyBracket], 0);  // that line goes before
}

// A run of marks is one end; an end needs white space behind it; what is left behind the last end is one more.
TEST(C4, SimpleSentences) {
  EXPECT_EQ(count_simple_sentences("One. Two! Three?"), 3u);
  EXPECT_EQ(count_simple_sentences("Is it so?! \"Yes.\" (It is.) and more"), 4u);
  EXPECT_EQ(count_simple_sentences("Version 3.14 of example.com"), 1u);
  EXPECT_EQ(count_simple_sentences("e.g. that"), 2u);
  EXPECT_EQ(count_simple_sentences(""), 0u);
}

// Three words, any end.
TEST(C4Paper, KeepsLinesWithoutEndMarks) {
  const Edited edited = run(Edit::c4_paper_any_end, "one two three\none two\none two [3]\nfour words stand here. And more...");
  EXPECT_EQ(edited.text, "one two three\nfour words stand here. And more...");
  EXPECT_EQ(edited.told[kEditSentences], 3);
}

TEST(Dolma, DropsLinesWithoutEndMark) {
  EXPECT_EQ(run(Edit::dolma_no_end_mark, "stays.\ngoes\n\nstays!  \ngoes'\nstays\"\n").text, "stays.\nstays!  \nstays\"\n");
  EXPECT_EQ(run(Edit::dolma_no_end_mark, "goes\nstays?").text, "stays?");
  EXPECT_EQ(run(Edit::dolma_no_end_mark, "").text, "");
}

TEST(DclmEdits, TwoNewlines) {
  EXPECT_EQ(run(Edit::dclm_newlines, "a\n\n\n\nb\nc\n\nd\n\n\n").text, "a\n\nb\nc\n\nd\n\n");
}

// fastText words before and after: 9 and 7, 8 and 4, 8 and 7, 6 and 5; where nothing is left, all.
TEST(DclmEdits, WordsRemoved) {
  const auto removed = [](std::string_view text) { return run(Edit::dclm_lines, text).told[kEditWordsRemoved]; };
  EXPECT_DOUBLE_EQ(removed("Good line here now\n3 likes\nAnother good line"), 2.0 / 9);
  EXPECT_DOUBLE_EQ(removed("ONLY CAPS HERE ok\nsmall words are fine"), 4.0 / 8);
  EXPECT_DOUBLE_EQ(removed("one\ntwo words\nmany more words to see"), 1.0 / 8);
  EXPECT_DOUBLE_EQ(removed("Sign-in now please\nAll is well"), 1.0 / 6);
  EXPECT_EQ(removed("12345"), 1);
  EXPECT_EQ(removed("all of it stays"), 0);
}

}  // namespace
}  // namespace millrace::text
