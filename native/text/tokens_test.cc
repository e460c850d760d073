// Words and sentences of a text, read by chunk and remembered, against the splitters run over the whole text.
#include "native/text/tokens.h"

#include <gtest/gtest.h>

#include <map>
#include <random>
#include <string>

namespace millrace::text {
namespace {

struct Read {
  std::vector<uint32_t> ids;
  std::vector<uint32_t> characters, bytes;
  uint64_t sentences;
};

Read read(const std::string& text, Vocabulary& vocabulary) {
  static Scan scan;
  static Tokens tokens;
  scan.read(text);
  EXPECT_TRUE(tokens.read(scan, vocabulary));
  Read result;
  for (size_t i = 0; i < tokens.size(); ++i) {
    result.ids.push_back(tokens.ids()[i]);
    result.characters.push_back(tokens.characters()[tokens.ids()[i]]);
    result.bytes.push_back(tokens.bytes()[tokens.ids()[i]]);
  }
  result.sentences = tokens.sentences(0, scan.chunks());
  return result;
}

template <class Words>
Read expected(Words&& each) {
  Read result{};
  std::map<std::string, uint32_t> numbers;
  each([&](const Word& word) {
    result.ids.push_back(numbers.emplace(std::string(word.text), numbers.size()).first->second);
    result.characters.push_back(word.characters);
    result.bytes.push_back(static_cast<uint32_t>(word.text.size()));
  });
  return result;
}

const std::vector<std::string> kPieces = {
    "the",  "word",  "Word",  "cannot", "don't", "it's",   "U.S.",  "e.g.",     "Mr.",    "a.m.",  "10",    "10km",          "2019,",   "end.",   "I.",     "(so",
    "so)",  "\"so\"", "'tis", "dogs'",  "etc.",  ":)",     ":-(",   "o.O",      ")",      "...",   "?!",    "well-known",    "and/or",  "[1]",    "['x']",  "x)",
    "(x.",  "USA.",  "id",    "Im",     "wont",  "naïve",  "中文。", "😀",       "“quote”", "it’s", "$5",    "http://x.org/", "a@b.co",  "x8D",    "8)",     "=D",
    "vs.",  "No.",   "(etc.", "C++",    "--",    "foo:)",  "'em",   "ma'am",    "that's", "(2)",   "3:00",  "supercalifragilistic", "IS_ALPHA", "*", "12.", "'"};
const std::vector<std::string> kGaps = {" ", " ", " ", " ", "", "  ", "\n", "\n\n", "\t", "\u00a0", " \n"};

std::string made(std::mt19937& random) {
  std::string text;
  for (int n = static_cast<int>(random() % 60); n > 0; --n) text += kPieces[random() % kPieces.size()] + kGaps[random() % kGaps.size()];
  return text;
}

TEST(Tokens, AreSpacysOfTheWholeText) {
  Vocabulary vocabulary(Words::spacy);
  English english;
  std::mt19937 random(6);
  for (int i = 0; i < 20000; ++i) {
    const std::string text = made(random);
    const Read found = read(text, vocabulary), all = expected([&](auto&& visit) { EXPECT_TRUE(english.for_each_word(text, visit)); });
    ASSERT_EQ(found.ids, all.ids) << text;
    EXPECT_EQ(found.characters, all.characters) << text;
    EXPECT_EQ(found.bytes, all.bytes) << text;
    uint64_t sentences = 0;
    english.for_each_sentence(text, [&](std::string_view sentence) { sentences += !strip_left(sentence).empty(); });
    EXPECT_EQ(found.sentences, sentences) << text;
  }
}

TEST(Tokens, AreSimpleOnesOfTheWholeText) {
  Vocabulary vocabulary(Words::simple);
  std::mt19937 random(7);
  for (int i = 0; i < 5000; ++i) {
    const std::string text = made(random);
    SentenceCounter sentences;
    const Read found = read(text, vocabulary), all = expected([&](auto&& visit) {
                 ClassCounts unused;
                 for_each_word(text, unused, [&](const Word& word) {
                   sentences.add(word);
                   visit(word);
                 });
               });
    ASSERT_EQ(found.ids, all.ids) << text;
    EXPECT_EQ(found.characters, all.characters);
    EXPECT_EQ(found.sentences, sentences.count());
  }
}

// More different chunks than are kept between documents: what is forgotten is found again.
TEST(Tokens, DoNotDependOnWhatIsRemembered) {
  Vocabulary used(Words::spacy);
  std::mt19937 random(8);
  for (int i = 0; i < 60; ++i) {
    std::string text;
    for (int n = 0; n < 6000; ++n) text += std::to_string(random()) + (n % 3 ? "x, " : ". ");
    read(text, used);
  }
  for (int i = 0; i < 200; ++i) {
    const std::string text = made(random);
    Vocabulary fresh(Words::spacy);
    EXPECT_EQ(read(text, used).ids, read(text, fresh).ids);
  }
}

}  // namespace
}  // namespace millrace::text
