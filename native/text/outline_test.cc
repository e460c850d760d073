// The outline of a text against its words by the splitters themselves, and its bounds against the exact values.
#include "native/text/outline.h"

#include <gtest/gtest.h>

#include <map>
#include <random>
#include <set>
#include <string>

#include "native/base/cpu.h"
#include "native/text/english_tables.h"
#include "native/text/ngrams.h"
#include "native/text/tokens.h"

namespace millrace::text {
namespace {

const std::vector<std::string> kPieces = {
    "the",   "word",  "Word",  "cannot", "don't", "it's", "U.S.",  "e.g.",     "Mr.",  "a.m.",  "10",  "10km", "2019,", "end.",  "I.",    "(so",   "so)",     "\"so\"",
    "'tis",  "dogs'", "etc.",  ":)",     ":-(",   "o.O",  ")",     "...",      "?!",   "and/or", "[1]", "['x']", "x)",    "(x.",   "USA.",  "id",    "Im",      "naïve",
    "中文。", "😀",    "it’s",  "$5",     "x8D",   "8)",   "=D",    "vs.",      "(etc.", "C++",   "--",  "foo:)", "'em",   "that.", "that:", "(it)",  "3:00",    "IS_ALPHA",
    "*",     "12.",   "'",     "be",     "to",    "of",   "and",   "have",     "with", "supercalifragilistic,", "(supercalifragilistic)", "1234567890123456789.", "x.", "p.m", "(a", "a:", "re", "\u00a0"};
const std::vector<std::string> kGaps = {" ", " ", " ", " ", "", "  ", "\n", "\n\n", "\t", "\u00a0", " \n"};

std::string made(std::mt19937& random, size_t most) {
  std::string text;
  for (size_t n = random() % most; n > 0; --n) text += kPieces[random() % kPieces.size()] + kGaps[random() % kGaps.size()];
  return text;
}

// Each exception and part of one, with every mark before and behind it.
std::vector<std::string> exceptions() {
  std::vector<std::string> all;
  const auto& tables = english::Tables::get();
  const auto add = [&](std::string_view text) {
    for (const char* open : {"", "(", "\"", "'", "["})
      for (const char* close : {"", ".", ",", ";", ":", "?", "!", ")", "]", "\"", "'"}) all.push_back(open + std::string(text) + close);
  };
  for (const auto text : tables.exceptions()) add(text);
  for (const auto text : tables.parts()) add(text);
  return all;
}

void compare(const std::string& text, Vocabulary& vocabulary) {
  static Scan scan;
  static Outline outline;
  static Tokens tokens;
  scan.read(text, Scan::kSimple);
  ASSERT_TRUE(outline.read(scan, vocabulary));
  Vocabulary other(vocabulary.words());
  ASSERT_TRUE(tokens.read(scan, other));
  ASSERT_EQ(outline.size(), tokens.size()) << text;
  uint32_t at = 0;
  uint64_t real = 0, characters = 0, alphabetic = 0;
  std::set<int> stops;
  for (size_t i = 0; i < tokens.size(); ++i) {
    const uint32_t id = tokens.ids()[i];
    ASSERT_EQ(outline.starts()[i], at) << text;
    at += tokens.bytes()[id];
    const uint8_t flags = tokens.flags()[id];
    if (flags & kReal) {
      ++real;
      characters += tokens.characters()[id];
    }
    alphabetic += (flags & kAlphabetic) != 0;
    if (flags & kStop) stops.insert(flags >> kStopShift);
  }
  EXPECT_EQ(outline.starts()[tokens.size()], at);
  for (size_t chunk = 0; chunk <= scan.chunks(); ++chunk) ASSERT_EQ(outline.first(chunk), tokens.first(chunk)) << text;
  EXPECT_EQ(outline.real(), real) << text;
  EXPECT_EQ(outline.real_characters(), characters) << text;
  EXPECT_EQ(outline.alphabetic(), alphabetic) << text;
  EXPECT_EQ(outline.stop_words(8), stops.size()) << text;
  EXPECT_EQ(outline.stop_words(2), std::min<size_t>(stops.size(), 2));
  EXPECT_EQ(outline.sentences(0, scan.chunks(), UINT64_MAX), tokens.sentences(0, scan.chunks())) << text;
  EXPECT_EQ(outline.sentences(0, scan.chunks(), 3), std::min<uint64_t>(tokens.sentences(0, scan.chunks()), 3));

  NGrams n_grams;
  double exact[3], bounds[3], closer[3];
  ASSERT_TRUE(n_grams.top(tokens, exact));
  outline.top_bounds(bounds);
  outline.top_bounds_of_pairs(closer);
  for (int i = 0; i < 3; ++i) {
    EXPECT_GE(bounds[i], exact[i]) << text;
    EXPECT_GE(closer[i], exact[i]) << text;
  }
  n_grams.find_candidates({outline.joined(), outline.starts(), outline.size(), scan.ascii()});
  for (size_t n = 5; n <= 10; ++n) {
    // By definition: on a repetition the search goes on behind it.
    std::set<std::string_view> seen;
    double repeated = 0, found;
    for (size_t i = 0; i + n <= outline.size();) {
      const std::string_view gram(outline.joined() + outline.starts()[i], outline.starts()[i + n] - outline.starts()[i]);
      const bool again = !seen.insert(gram).second;
      if (again) repeated += static_cast<double>(count_characters(gram));
      i += again ? n : 1;
    }
    ASSERT_TRUE(n_grams.repeated(n, found));
    EXPECT_EQ(found, repeated) << n << text;
    EXPECT_GE(n_grams.repeated_bound(n), repeated) << n << text;
  }
}

class Outlines : public testing::TestWithParam<Isa> {
 protected:
  void SetUp() override { set_isa(GetParam()); }
  void TearDown() override { set_isa(before_); }
  const Isa before_ = active_isa();
};

TEST_P(Outlines, HaveTheWordsOfTokens) {
  for (const Words words : {Words::spacy, Words::simple}) {
    Vocabulary vocabulary(words);
    std::mt19937 random(11);
    for (int i = 0; i < 4000; ++i) compare(made(random, i % 10 ? 60 : 600), vocabulary);
  }
}

TEST_P(Outlines, KnowEveryException) {
  Vocabulary vocabulary(Words::spacy);
  const auto all = exceptions();
  std::mt19937 random(12);
  // Among others of its kind, so that it stands at all places of a block.
  for (size_t i = 0; i < all.size(); i += 20) {
    std::string text(random() % 64, ' ');
    for (size_t k = i; k < i + 20 && k < all.size(); ++k) text += all[k] + (random() % 8 ? " " : "\n");
    if (random() % 2) text.pop_back();
    compare(text, vocabulary);
  }
}

INSTANTIATE_TEST_SUITE_P(Isas, Outlines, testing::ValuesIn(available_isas()), [](const auto& each) { return std::string(name(each.param)); });

}  // namespace
}  // namespace millrace::text
