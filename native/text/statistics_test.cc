// Hand-computed values and brute force by definition; test/pipelines/filter/conformance.test.ts compares with datatrove itself.
#include "native/text/statistics.h"

#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <random>
#include <set>

#include "native/text/markers.h"
#include "native/text/words.h"

namespace millrace::text {
namespace {

std::vector<std::string> words_of(std::string_view text) {
  std::vector<std::string> words;
  ClassCounts counts;
  for_each_word(text, counts, [&](const Word& word) { words.emplace_back(word.text); });
  return words;
}

Statistics measured(std::string_view text) {
  static Workspace workspace;
  Statistics statistics;
  EXPECT_EQ(workspace.measure(text, 1 << 26, statistics), Measured::ok);
  return statistics;
}

using Strings = std::vector<std::string>;

TEST(Words, SplitsAtWhiteSpaceAndPeelsMarks) {
  EXPECT_EQ(words_of(" \u00a0\n"), Strings{});
  EXPECT_EQ(words_of("\"Don't,\" she said... (well-known!)"),
            (Strings{"\"", "Don't", ",", "\"", "she", "said", ".", ".", ".", "(", "well-known", "!", ")"}));
  EXPECT_EQ(words_of("---"), (Strings{"-", "-", "-"}));
  EXPECT_EQ(words_of("中文。x。"), (Strings{"中文。x", "。"}));
}

TEST(Words, CountsSentences) {
  const auto sentences = [](std::string_view text) { return measured(text)[kSentences]; };
  EXPECT_EQ(sentences(""), 0);
  EXPECT_EQ(sentences("no end"), 1);
  EXPECT_EQ(sentences("One. Two! Three?"), 3);
  EXPECT_EQ(sentences("He said \"no.\" Then he left..."), 2);
  EXPECT_EQ(sentences("Version 1.5 is out."), 1);
}

TEST(Statistics, OfASmallText) {
  const auto s = measured("# The cat…\n- and the dog...\n\n- and the dog...\n");
  EXPECT_EQ(s[kCharacters], 46);
  EXPECT_EQ(s[kWords], 18);  // # The cat … | - and the dog . . . | the same
  EXPECT_EQ(s[kRealWords], 8);
  EXPECT_EQ(s[kMeanWordLength], 3);
  EXPECT_EQ(s[kHashRatio], 1.0 / 18);
  EXPECT_EQ(s[kEllipsisRatio], 3.0 / 18);
  EXPECT_EQ(s[kLines], 4);
  EXPECT_EQ(s[kBulletLines], 0.5);
  EXPECT_EQ(s[kEllipsisLines], 0.75);
  EXPECT_EQ(s[kAlphabeticWords], 8.0 / 18);
  EXPECT_EQ(s[kStopWords], 2);  // "The" is another word than "the"
  EXPECT_EQ(s[kParagraphs], 2);
  EXPECT_EQ(s[kDupParagraphs], 0);
  EXPECT_EQ(s[kDupLines], 0.25);  // # …, - …, - …, and the empty one at the end
  EXPECT_EQ(s[kDupLineCharacters], 16.0 / 46);
  EXPECT_EQ(s[kTextLines], 3);
  EXPECT_EQ(s[kTerminalLines], 2.0 / 3);
  EXPECT_EQ(s[kShortLines], 1);
  EXPECT_EQ(s[kDupTextCharacters], 16.0 / 42);
  EXPECT_EQ(s[kNewlinesPerWord], 4.0 / 18);
  EXPECT_EQ(s[kLongestLine], 16);
  EXPECT_EQ(s[kMeanLine], 10.5);
  EXPECT_EQ(s[kUpperShare], 1.0 / 24);
  EXPECT_EQ(s[kEndsSentence], 1);
  // The most frequent pair that was seen first is (-, and), twice; ". ." is there four times: 3 × 4.
  EXPECT_EQ(s[kTop2Gram], 12.0 / 46);
}

TEST(Statistics, OfNothing) {
  const auto s = measured("");
  EXPECT_EQ(s[kCharacters], 0);
  EXPECT_EQ(s[kLines], 0);
  EXPECT_TRUE(std::isnan(s[kMeanWordLength]));
  EXPECT_TRUE(std::isnan(s[kBulletLines]));
  EXPECT_TRUE(std::isnan(s[kTop2Gram]));
}

// Concatenation without a separator: "a bc" and "ab c" are the same to Gopher's repeated n-grams.
TEST(Statistics, RepeatedGramsAreComparedAsConcatenations) {
  EXPECT_EQ(measured("a bc d e f ab c d e f")[kDup5Grams], 6.0 / 21);
}

TEST(Statistics, GramsAgreeWithTheDefinition) {
  std::mt19937 random(1);
  for (int round = 0; round < 200; ++round) {
    std::string text;
    Strings words;
    for (int i = 0, n = static_cast<int>(random() % 80); i < n; ++i) {
      words.push_back(std::string(1 + random() % (2 + round % 7), static_cast<char>('a' + random() % (1 + round % 4))));
      text += (i ? " " : "") + words.back();
    }
    const auto s = measured(text);
    for (size_t n = 2; n <= 4; ++n) {
      if (words.size() < n) {
        EXPECT_TRUE(std::isnan(s[kTop2Gram + n - 2]));
        continue;
      }
      std::map<std::string, int> counts;
      Strings grams;
      for (size_t i = 0; i + n <= words.size(); ++i) {
        std::string gram;
        for (size_t j = 0; j < n; ++j) gram += (j ? " " : "") + words[i + j];
        grams.push_back(gram);
        ++counts[gram];
      }
      std::string best = grams[0];
      for (const auto& gram : grams)
        if (counts[gram] > counts[best]) best = gram;
      EXPECT_EQ(s[kTop2Gram + n - 2], double(best.size()) * counts[best] / double(text.size())) << text;
    }
    for (size_t n = 5; n <= 10; ++n) {
      std::set<std::string> seen;
      size_t repeated = 0;
      for (size_t i = 0; i + n <= words.size();) {
        std::string gram;
        for (size_t j = 0; j < n; ++j) gram += words[i + j];
        if (seen.insert(gram).second) {
          ++i;
        } else {
          repeated += gram.size();
          i += n;
        }
      }
      if (text.empty()) continue;
      EXPECT_EQ(s[kDup5Grams + n - 5], double(repeated) / double(text.size())) << text;
    }
  }
}

TEST(Statistics, KeepBudgets) {
  Workspace workspace;
  Statistics s;
  EXPECT_EQ(workspace.measure("abc", 2, s), Measured::too_large);
  EXPECT_EQ(workspace.measure("ab\xff", 10, s), Measured::not_utf8);
  EXPECT_TRUE(std::isnan(s[kCharacters]));
  std::string marks(kMaxWords + 1, '!');
  EXPECT_EQ(workspace.measure(marks, 1 << 26, s), Measured::too_many_words);
  std::string word(1 << 22, 'x');
  EXPECT_EQ(workspace.measure(word, 1 << 26, s), Measured::ok);
  EXPECT_EQ(s[kWords], 1);
}

TEST(Interner, NumbersByFirstSight) {
  Interner interner;
  std::mt19937 random(2);
  Strings strings;
  for (int i = 0; i < 5000; ++i) strings.push_back(std::to_string(random() % 700) + std::string(random() % 40, 'x'));
  std::map<std::string, uint32_t> expected;
  interner.reset(strings.size());
  for (const auto& each : strings) EXPECT_EQ(interner.add(each), expected.emplace(each, expected.size()).first->second);
  EXPECT_FALSE(interner.exhausted());
}

// A thousand pairs that all want the same slot of 2,048.
TEST(Interner, GivesUpOnMadeCollisions) {
  PairInterner pairs;
  pairs.reset(1000);
  int added = 0;
  for (uint32_t i = 0; added < 1000; ++i) {
    if ((fold(uint64_t{i} ^ 0xa0761d6478bd642full, 0xe7037ed1a0b428dbull) & 2047) != 0) continue;
    pairs.add(0, i);
    ++added;
  }
  EXPECT_TRUE(pairs.exhausted());
  pairs.reset(1000);
  EXPECT_FALSE(pairs.exhausted());
}

TEST(Markers, FindGeneratedFiles) {
  EXPECT_TRUE(says_generated("// Code generated by protoc-gen-go. DO NOT EDIT.\npackage x"));
  EXPECT_TRUE(says_generated("/* This file is AUTO-GENERATED */"));
  EXPECT_FALSE(says_generated("1\n2\n3\n4\n5\nautogenerated"));
  EXPECT_FALSE(says_generated("code generated by hand"));
  EXPECT_EQ(longest_encoded_run("ab c+/=\nd é"), 6u);
  EXPECT_EQ(longest_encoded_run(""), 0u);
  EXPECT_EQ(longest_encoded_run("   "), 0u);
  EXPECT_EQ(longest_encoded_run("a bb ccc dd eeee"), 4u);
  EXPECT_TRUE(ends_sentence("He said \"yes.\")  \n"));
  EXPECT_TRUE(ends_sentence("完。」"));
  EXPECT_FALSE(ends_sentence("and then he"));
  EXPECT_FALSE(ends_sentence(" ) "));
}

}  // namespace
}  // namespace millrace::text
