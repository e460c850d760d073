#include "native/text/judge.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <random>

namespace millrace::text {
namespace {

struct Column {
  std::vector<int32_t> offsets{0};
  std::vector<uint8_t> bytes;
  explicit Column(const std::vector<std::string>& texts) {
    for (const auto& text : texts) {
      bytes.insert(bytes.end(), text.begin(), text.end());
      offsets.push_back(static_cast<int32_t>(bytes.size()));
    }
  }
  TextColumn view() const { return {offsets, bytes}; }
};

int rule(std::string_view name) {
  for (size_t i = 0; i < rules().size(); ++i)
    if (name == rules()[i].name) return static_cast<int>(i);
  return -1;
}

Judgement judged(const std::vector<std::string>& texts, const Profile& profile, int threads = 1) {
  const Column column(texts);
  const std::vector<uint8_t> all(texts.size(), 0);
  Judgement out;
  EXPECT_FALSE(judge(column.view(), all, {&profile, 1}, {.threads = threads}, out));
  return out;
}

TEST(Judge, FirstFailureDecides) {
  const Profile profile{{{rule("gopher_short_doc"), 3}, {rule("gopher_above_avg_threshold"), 5}}, {}, {}};
  const auto out = judged({"abcdefgh", "one two three", "longwords longwords longwords", "the a is", ""}, profile);
  EXPECT_EQ(out.rule, (std::vector<int16_t>{int16_t(rule("gopher_short_doc")), -1, int16_t(rule("gopher_above_avg_threshold")), -1,
                                            int16_t(rule("gopher_short_doc"))}));
  EXPECT_EQ(out.value[0], 1);
  EXPECT_EQ(out.threshold[2], 5);
  EXPECT_TRUE(std::isnan(out.value[1]));
  EXPECT_EQ(out.kept, (std::vector<uint32_t>{1, 3}));
  EXPECT_TRUE(out.offsets.empty());
}

TEST(Judge, LaterRulesReadTheEditedText) {
  const Profile profile{{}, C4{.min_sentences = 1}, {{rule("gopher_short_doc"), 4}}};
  const auto out = judged({"Menu\nFour words are here.", "Menu\nnothing else at all stays\nOnly three words.", "Kept as it is."}, profile);
  EXPECT_EQ(out.rule, (std::vector<int16_t>{-1, int16_t(rule("gopher_short_doc")), -1}));
  EXPECT_EQ(out.statistics[kRealWords][0], 4);
  EXPECT_EQ(out.statistics[kC4Lines][0], 0.5);
  EXPECT_EQ(out.edited, std::vector<uint32_t>{0});
  EXPECT_EQ(out.offsets, (std::vector<int32_t>{0, 20, 34}));
  EXPECT_EQ(std::string(out.bytes.begin(), out.bytes.end()), "Four words are here.Kept as it is.");
}

TEST(Judge, NamesTheVerdictsOfC4) {
  const auto out = judged({"lorem ipsum dolor sit.", "one { two three.", "Too few."}, Profile{{}, C4{}, {}});
  const int first = static_cast<int>(rules().size());
  EXPECT_EQ(out.rule, (std::vector<int16_t>{int16_t(first), int16_t(first + 1), int16_t(first + 2)}));
  EXPECT_EQ(out.value[2], 0);
  EXPECT_EQ(out.threshold[2], 5);
}

TEST(Judge, SetsAsideWhatItCannotRead) {
  const auto out = judged({"fine", "\xff\xfe"}, Profile{});
  EXPECT_EQ(out.status, (std::vector<uint8_t>{0, uint8_t(Measured::not_utf8)}));
  EXPECT_EQ(out.kept, std::vector<uint32_t>{0});
}

TEST(Judge, GivesTheSameOnAnyThreads) {
  std::mt19937 random(3);
  std::vector<std::string> texts;
  for (int i = 0; i < 300; ++i) {
    std::string text;
    for (int n = static_cast<int>(random() % 200); n > 0; --n) text += random() % 9 ? std::string(1 + random() % 9, static_cast<char>('a' + random() % 26)) + " " : ".\n";
    texts.push_back(text);
  }
  const Profile profile{{{rule("duplicated_5_n_grams"), 0.05}}, C4{.terminal_punctuation = false}, {{rule("short_line_ratio"), 0.5}}};
  const auto one = judged(texts, profile, 1), many = judged(texts, profile, 3);
  EXPECT_EQ(one.rule, many.rule);
  EXPECT_EQ(one.bytes, many.bytes);
  for (int s = 0; s < kStatisticCount; ++s)
    EXPECT_EQ(std::memcmp(one.statistics[s].data(), many.statistics[s].data(), texts.size() * sizeof(double)), 0) << name(Statistic(s));
}

// What is measured depends on the extent; verdicts do not, nor does a value that two of them measure.
TEST(Judge, GivesTheSameVerdictsAtAnyExtent) {
  std::mt19937 random(9);
  std::vector<std::string> texts;
  for (int i = 0; i < 600; ++i) {
    std::string text;
    const unsigned different = 5 + random() % 400;
    for (int n = static_cast<int>(random() % 400); n > 0; --n) text += "w" + std::to_string(random() % different) + (random() % 12 ? " " : random() % 4 ? ".\n" : "...\n\n");
    texts.push_back(text);
  }
  Profile profile{{}, C4{.terminal_punctuation = false}, {{rule("short_line_ratio"), 0.5}, {rule("char_dup_ratio"), 0.01}, {rule("list_ratio"), 0.3}}, Words::spacy};
  for (const auto& [name, threshold] : std::vector<std::pair<const char*, double>>{{"dup_line_frac", 0.3},
                                                                                   {"top_2_gram", 0.1},
                                                                                   {"top_3_gram", 0.09},
                                                                                   {"top_4_gram", 0.08},
                                                                                   {"duplicated_5_n_grams", 0.15},
                                                                                   {"duplicated_7_n_grams", 0.1},
                                                                                   {"duplicated_10_n_grams", 0.05},
                                                                                   {"gopher_short_doc", 20}})
    profile.before.push_back({rule(name), threshold});
  const Column column(texts);
  const std::vector<uint8_t> of(texts.size(), 0);
  Judgement all, asked, verdict;
  ASSERT_FALSE(judge(column.view(), of, {&profile, 1}, {.extent = Extent::all}, all));
  ASSERT_FALSE(judge(column.view(), of, {&profile, 1}, {.extent = Extent::rules}, asked));
  ASSERT_FALSE(judge(column.view(), of, {&profile, 1}, {.extent = Extent::verdict}, verdict));
  EXPECT_GT(all.kept.size(), 20u);
  EXPECT_LT(all.kept.size(), texts.size() - 20);
  for (const Judgement* other : {&asked, &verdict}) {
    EXPECT_EQ(all.rule, other->rule);
    EXPECT_EQ(all.kept, other->kept);
    EXPECT_EQ(all.bytes, other->bytes);
    for (size_t i = 0; i < texts.size(); ++i) {
      if (all.rule[i] >= 0) {
        EXPECT_EQ(all.value[i], other->value[i]);
      }
    }
  }
  for (const auto* steps : {&profile.before, &profile.after})
    for (const Step& step : *steps) {
      const int s = rules()[step.rule].statistic;
      EXPECT_EQ(std::memcmp(all.statistics[s].data(), asked.statistics[s].data(), texts.size() * sizeof(double)), 0) << rules()[step.rule].name;
    }
}

TEST(Judge, BearsRandomBytes) {
  std::mt19937 random(4);
  std::vector<std::string> texts;
  const std::vector<std::string> pieces = {"\n", "\r", "```", "$$", "[", "]", "[1", "...", "…", "\u0085", "\u2028", "#", "|", "-", "a", "é", "😀", " ", "\xc3", std::string(1, 0)};
  for (int i = 0; i < 2000; ++i) {
    std::string text;
    for (int n = static_cast<int>(random() % 40); n > 0; --n) text += pieces[random() % pieces.size()];
    texts.push_back(text);
  }
  Profile profile{{}, C4{.terminal_punctuation = false, .min_words = 0, .min_sentences = 0, .markdown = true}, {}};
  judged(texts, profile);
  profile.edit->markdown = false;
  const auto out = judged(texts, profile);
  // The only piece that is not UTF-8 by itself is a lone C3, which no other piece completes.
  const auto broken = [](const std::string& text) {
    for (size_t at = text.find('\xc3'); at != text.npos; at = text.find('\xc3', at + 1))
      if (text.substr(at, 2) != "\xc3\xa9") return true;
    return false;
  };
  for (size_t i = 0; i < texts.size(); ++i) EXPECT_EQ(out.status[i] == 0, !broken(texts[i])) << i;
}

TEST(Judge, RefusesWhatDisagrees) {
  const Column column({"a", "b"});
  Judgement out;
  const Profile profile{{{1000, 1}}, {}, {}};
  const std::vector<uint8_t> one{0}, two{0, 0}, other{0, 7};
  EXPECT_STREQ(judge(column.view(), one, {&profile, 1}, {}, out).code(), kShape);
  EXPECT_STREQ(judge(column.view(), two, {&profile, 1}, {}, out).code(), kArgument);
  EXPECT_STREQ(judge(column.view(), other, {&profile, 1}, {}, out).code(), kArgument);
  const std::vector<int32_t> wild{0, 9, 2};
  EXPECT_STREQ(judge({wild, column.bytes}, two, {}, {}, out).code(), kShape);
}

}  // namespace
}  // namespace millrace::text
