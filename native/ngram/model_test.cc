// Scores of a model small enough for pencil and paper, and files that are none. bench/conformance/ngram.ts compares with KenLM itself.
#include "native/ngram/model.h"

#include <gtest/gtest.h>

#include <cmath>

#include "native/ngram/logarithm.h"
#include "native/ngram/score.h"
#include "native/ngram/testing.h"

namespace millrace::ngram {
namespace {

const std::string kArpa = R"(# a comment

\data\
ngram 1=5
ngram 2=4
ngram 3=2

\1-grams:
-2	<unk>	0
-99	<s>	-0.5
-1	</s>
-0.75	a	-0.25
-0.5	b	-0.125

\2-grams:
-0.3	<s> a	-0.0625
-0.4	a b	-0.03125
-0.6	b a
-0.2	b </s>

\3-grams:
-0.1	<s> a b
-0.15	a b </s>

\end\
)";

Scores scored(const Model& model, const std::vector<std::string>& texts, ScoreOptions options = {}) {
  Scores out;
  EXPECT_FALSE(score(model, Texts(texts), options, out));
  return out;
}

std::unique_ptr<Model> loaded(const Folder& folder, const std::string& arpa) {
  std::unique_ptr<Model> model;
  const Error error = Model::load(folder.write("model.arpa", arpa), model);
  EXPECT_FALSE(error) << error.message();
  return model;
}

TEST(Model, BacksOffByHand) {
  const Folder folder;
  const auto model = loaded(folder, kArpa);
  ASSERT_TRUE(model);
  const auto s = scored(*model, {"a b", "b", "a a", "x", "b x a", "", " a\tb\n"});
  EXPECT_NEAR(s.log10[0], -0.3 - 0.1 - 0.15, 1e-6);
  EXPECT_NEAR(s.log10[1], (-0.5 - 0.5) + -0.2, 1e-6);                                                 // <s>'s weight, b; b </s>
  EXPECT_NEAR(s.log10[2], -0.3 + (-0.0625 - 0.25 - 0.75) + (-0.25 - 1), 1e-6);                        // <s> a; a after (<s> a) and (a); </s> after a
  EXPECT_NEAR(s.log10[3], (-0.5 - 2) + (0 - 1), 1e-6);                                                // <unk> after <s>; </s> after <unk>
  EXPECT_NEAR(s.log10[4], (-0.5 - 0.5) + (-0.125 - 2) + (0 - 0.75) + (-0.25 - 1), 1e-6);
  EXPECT_NEAR(s.log10[5], -0.5 - 1, 1e-6);
  EXPECT_EQ(s.log10[6], s.log10[0]);
  EXPECT_EQ(s.words, (std::vector<uint32_t>{2, 1, 2, 1, 3, 0, 2}));
  EXPECT_EQ(s.unknown, (std::vector<uint32_t>{0, 0, 0, 1, 1, 0, 0}));
}

TEST(Model, TakesSentencesApart) {
  const Folder folder;
  const auto model = loaded(folder, kArpa);
  const auto bare = scored(*model, {"a b"}, {.begin = false, .end = false});
  EXPECT_NEAR(bare.log10[0], -0.75 - 0.4, 1e-6);
  const auto begun = scored(*model, {"a b"}, {.begin = true, .end = false});
  EXPECT_NEAR(begun.log10[0], -0.3 - 0.1, 1e-6);
  const auto ended = scored(*model, {"a b"}, {.begin = false, .end = true});
  EXPECT_NEAR(ended.log10[0], -0.75 - 0.4 - 0.15, 1e-6);
  const auto lines = scored(*model, {"a b\n\na b\n"}, {.lines = true});
  EXPECT_NEAR(lines.log10[0], 2 * -0.55, 1e-6);
  EXPECT_EQ(lines.sentences[0], 2u);
}

TEST(Model, ReadsOurSentencesInSmallLetters) {
  const Folder folder;
  const auto model = loaded(folder, "# millrace words=simple\n" + kArpa);
  ASSERT_EQ(model->words(), Words::simple);
  // Sentences: a b | a b | <unk> . | <unk> "."s are unknown.
  const auto s = scored(*model, {"A b\na B\n", "B\n\n", "\xff", "A b. B", "a " + std::string(300, 'w')});
  EXPECT_NEAR(s.log10[0], 2 * -0.55, 1e-6);
  EXPECT_EQ(s.sentences[0], 2u);
  EXPECT_NEAR(s.log10[1], -1.2, 1e-6);
  EXPECT_TRUE(std::isnan(s.log10[2]));
  EXPECT_EQ(s.sentences[3], 2u);
  EXPECT_EQ(s.words[3], 4u);
  EXPECT_EQ(s.unknown[3], 1u);
  EXPECT_EQ(s.unknown[4], 1u);
}

// Blocks of words are looked up together: what a text scores must not depend on where it lies, nor on threads.
TEST(Model, ScoresATextTheSameAnywhere) {
  const Folder folder;
  const auto model = loaded(folder, kArpa);
  std::vector<std::string> texts;
  std::vector<double> alone;
  for (int i = 0; i < 700; ++i) {
    std::string text;
    for (int j = 0; j < i % 37; ++j) text += (i * 7 + j * j) % 5 == 0 ? "x " : (i + j * 3) % 2 ? "a " : "b ";
    texts.push_back(text);
    alone.push_back(scored(*model, {text}).log10[0]);
  }
  texts.push_back("a b ");
  while (texts.back().size() < 500'000) texts.back() += texts.back();
  alone.push_back(scored(*model, {texts.back()}).log10[0]);
  EXPECT_EQ(scored(*model, texts).log10, alone);
  EXPECT_EQ(scored(*model, texts, {.threads = 4}).log10, alone);
}

// SRILM leaves out suffixes of n-grams when it prunes; KenLM gives them what backing off gives them.
TEST(Model, PutsInMissingSuffixes) {
  const Folder folder;
  std::string arpa = kArpa;
  arpa.replace(arpa.find("ngram 2=4"), 9, "ngram 2=3");
  arpa.erase(arpa.find("-0.2\tb </s>\n"), 12);
  const auto model = loaded(folder, arpa);
  ASSERT_TRUE(model);
  EXPECT_NEAR(scored(*model, {"a b"}).log10[0], -0.55, 1e-6);          // a b </s> is found through b </s>
  EXPECT_NEAR(scored(*model, {"b"}).log10[0], -1 - 0.125 - 1, 1e-6);  // which itself scores as </s> behind b
}

TEST(Model, RefusesWhatIsNoModelAndSaysWhere) {
  const Folder folder;
  const auto refuses = [&](std::string_view from, std::string_view to, const std::string& where) {
    std::string arpa = kArpa;
    const size_t at = arpa.find(from);
    ASSERT_NE(at, std::string::npos) << from;
    arpa.replace(at, from.size(), to);
    std::unique_ptr<Model> model;
    const Error error = Model::load(folder.write("bad.arpa", arpa), model);
    EXPECT_STREQ(error.code(), kBadModel) << to;
    EXPECT_EQ(error.message().substr(0, where.size()), where) << error.message();
  };
  refuses("# a comment", "a comment", "line 1: expected \\data\\, found \"a comment\"");
  refuses("\\data\\", "\\date\\", "line 3: ");
  refuses("ngram 2=4", "ngram 3=4", "line 5: expected \"ngram 2=COUNT\"");
  refuses("ngram 2=4", "ngram 2=-4", "line 5: expected a count");
  refuses("ngram 2=4", "ngram 2=99999999999999999999", "line 5: expected a count");
  refuses("ngram 3=2\n", "ngram 3=2\nngram 4=1\nngram 5=1\nngram 6=1\nngram 7=1\n", "line 10: expected n-grams of at most 6");
  refuses("ngram 1=5", "ngram 1=6", "line 14: expected 6 1-grams, found 5");
  refuses("ngram 1=5", "ngram 1=18446744073709551615", "line 14: ");
  refuses("ngram 1=5", "ngram 1=4", "line 13: expected \\2-grams:");
  refuses("-0.75\ta", "0.75\ta", "line 12: expected a log10 probability of at most 0, found \"0.75\"");
  refuses("-0.75\ta", "nan\ta", "line 12: expected a log10 probability");
  refuses("-0.75\ta", "-inf\ta", "line 12: expected a log10 probability");
  refuses("-0.75\ta", "-0.75x\ta", "line 12: expected a log10 probability");
  refuses("-0.75\ta", "-0.75\tb", "line 13: expected a word that was not there before");
  refuses("-0.75\ta\t-0.25", "-0.75\ta\tc", "line 12: expected a log10 backoff weight");
  refuses("-0.75\ta\t-0.25", "-0.75\ta\t-0.25\t1", "line 12: expected the end of the line");
  refuses("-0.75\ta\t-0.25", "-0.75", "line 12: expected 1 words, found 0");
  refuses("-99\t<s>", "-99\t<x>", "line 13: expected the word <s> among the 1-grams");
  refuses("-1\t</s>", "-1\t</x>", "line 13: expected the word </s> among the 1-grams");
  refuses("-0.4\ta b", "-0.4\ta c", "line 17: expected words of the 1-grams, found \"c\"");
  refuses("-0.4\ta b\t-0.03125", "-0.4\ta", "line 17: expected 2 words, found 1");
  refuses("-0.6\tb a", "-0.6\ta b", "line 18: expected an n-gram that was not there before");
  refuses("-0.1\t<s> a b", "-0.1\ta a b", "line 22: expected an n-gram whose first 2 words are an n-gram themselves");
  refuses("-0.1\t<s> a b", "-0.1\t<s> a b\t-1", "line 22: expected no backoff weight at the highest order");
  refuses("\\3-grams:", "\\4-grams:", "line 21: expected \\3-grams:");
  refuses("\\end\\", "", "line 26: expected \\end\\, found the end of the file");
  refuses("\\end\\", "\\end\\\nmore", "line 26: expected the end of the file");
  refuses("-0.5\tb", "\x1b[31m\tb", "line 13: expected a log10 probability, found \"?[31m\"");
  refuses("-0.5\tb", std::string(2 << 20, 'b'), "line 13: expected a line of at most 1 MiB");
}

TEST(Model, RefusesEveryCutOfAFile) {
  const Folder folder;
  std::unique_ptr<Model> model;
  for (size_t size = 0; size + 6 < kArpa.size(); ++size)
    EXPECT_STREQ(Model::load(folder.write("cut.arpa", kArpa.substr(0, size)), model).code(), kBadModel) << size;
  EXPECT_STREQ(Model::load(folder.file("absent"), model).code(), kIo);
  EXPECT_STREQ(Model::load(folder.path, model).code(), kIo);
}

TEST(Model, KeepsItsScoresInBinaryForm) {
  const Folder folder;
  const auto model = loaded(folder, kArpa);
  ASSERT_FALSE(model->save(folder.file("model.bin")));
  std::unique_ptr<Model> mapped;
  const Error error = Model::load(folder.file("model.bin"), mapped);
  ASSERT_FALSE(error) << error.message();
  const std::vector<std::string> texts{"a b", "b x a", "", "a a a b b b a b"};
  EXPECT_EQ(scored(*mapped, texts).log10, scored(*model, texts).log10);
  EXPECT_EQ(mapped->order(), 3);
  EXPECT_EQ(mapped->count(2), 4u);

  const std::string bytes = folder.read("model.bin");
  for (size_t at = 0; at < bytes.size(); at += at < 300 ? 1 : 61) {
    EXPECT_TRUE(Model::load(folder.write("cut.bin", bytes.substr(0, at)), mapped)) << at;
    std::string other = bytes;
    other[at] = static_cast<char>(other[at] ^ 4);
    const Error damaged = Model::load(folder.write("bad.bin", other), mapped);
    EXPECT_STREQ(damaged.code(), kBadModel) << at;
  }
}

TEST(Logarithm, IsThatOfLongDoubles) {
  for (int i = 1; i < 200'000; ++i) {
    const double x = std::ldexp(i * 0.618033988749, -(i % 300)), y = decimal_logarithm(x);
    const auto exact = log10l(static_cast<long double>(x));
    EXPECT_LE(std::fabs(static_cast<double>(y - exact)), 4e-16 * std::max(1.0, std::fabs(y))) << x;
  }
  EXPECT_EQ(decimal_logarithm(1), 0);
}

}  // namespace
}  // namespace millrace::ngram
