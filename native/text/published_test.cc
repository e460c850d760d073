#include "native/text/published.h"

#include <gtest/gtest.h>

#include <cmath>

namespace millrace::text {
namespace {

struct Column {
  std::vector<int32_t> offsets{0};
  std::vector<uint8_t> bytes;
  explicit Column(const std::vector<std::string>& texts) {
    for (const std::string& text : texts) {
      bytes.insert(bytes.end(), text.begin(), text.end());
      offsets.push_back(static_cast<int32_t>(bytes.size()));
    }
  }
  operator TextColumn() const { return {offsets, bytes}; }
};

int number(std::string_view name) {
  const auto& names = published_statistics();
  for (size_t i = 0; i < names.size(); ++i)
    if (names[i] == name) return static_cast<int>(i);
  return -1;
}

PublishedJudgement judge(const std::vector<std::string>& texts, const PublishedProfile& profile, PublishedOptions options = {}) {
  PublishedJudgement out;
  const Column column(texts);
  const Error error = judge_published(column, std::vector<uint8_t>(texts.size(), 0), std::span(&profile, 1), options, out);
  EXPECT_FALSE(error) << error.message();
  return out;
}

TEST(Published, NamesAreUnique) {
  for (const char* name : published_statistics()) EXPECT_STREQ(published_statistics()[static_cast<size_t>(number(name))], name);
  EXPECT_EQ(family_of(number("nemo_bullet_ratio")), Family::nemo);
  EXPECT_EQ(family_of(number("dolma_word_count")), Family::dolma);
  EXPECT_EQ(family_of(number("edit_words_removed")), Family::edit);
}

// FineWeb's paper drops at its thresholds, too: 3 of 25 lines with an end mark are 0.12.
TEST(Published, ComparesAtTheThreshold) {
  std::string text;
  for (int i = 0; i < 25; ++i) text += "line " + std::to_string(i) + (i < 3 ? ".\n" : "\n");
  const int terminal = number("paper_terminal_lines");
  EXPECT_EQ(judge({text}, {{Edit::none, {{terminal, Compare::at_most, 0.12}}}}).step[0], 0);
  EXPECT_EQ(judge({text}, {{Edit::none, {{terminal, Compare::below, 0.12}}}}).step[0], -1);
  EXPECT_EQ(judge({text}, {{Edit::none, {{terminal, Compare::at_least, 0.12}}}}).step[0], 0);
  EXPECT_EQ(judge({text}, {{Edit::none, {{terminal, Compare::above, 0.12}}}}).step[0], -1);
}

// One line of ten is a copy, all of one length: 0.1 of the characters. 67 of 100 lines under 30 characters: 0.67.
TEST(Published, FineWebThresholds) {
  std::string tenth, lines;
  for (int i = 0; i < 10; ++i) tenth += "line " + std::to_string(i == 9 ? 0 : i) + "\n";
  for (int i = 0; i < 100; ++i) lines += (i < 67 ? "short " : "this line is longer than thirty characters ") + std::to_string(i) + "\n";
  const PublishedProfile copies = {{Edit::none, {{number("paper_duplicate_line_characters"), Compare::at_least, 0.1}}}};
  EXPECT_EQ(judge({tenth, tenth + "another line\n", "a\nb"}, copies).step, (std::vector<int16_t>{0, -1, -1}));
  const PublishedProfile shorts = {{Edit::none, {{number("paper_short_lines"), Compare::at_least, 0.67}}}};
  EXPECT_EQ(judge({lines, lines + "and one more line of many characters\n", "a"}, shorts).step, (std::vector<int16_t>{0, -1, 0}));
}

// C4's cap: 190,000 characters stay; characters, not bytes.
TEST(Published, LongPages) {
  std::string accents;
  for (int i = 0; i < 190'000; ++i) accents += "é";
  const PublishedProfile cap = {{Edit::none, {{number("paper_characters"), Compare::above, 190'000}}}};
  EXPECT_EQ(judge({std::string(190'000, 'x'), std::string(190'001, 'x'), accents}, cap).step, (std::vector<int16_t>{-1, 0, -1}));
}

TEST(Published, LaterPassesReadTheEditedText) {
  const PublishedProfile profile = {{Edit::none, {{number("paper_words"), Compare::below, 2}}},
                                    {Edit::dolma_no_end_mark, {{number("edit_lines_kept"), Compare::below, 0.4}, {number("paper_words"), Compare::below, 2}}}};
  const auto judged = judge({"a", "one\ntwo\nthree.", "one.\nno end", "one two.\nno end", "all stays."}, profile);
  EXPECT_EQ(judged.step, (std::vector<int16_t>{0, 1, 2, -1, -1}));
  EXPECT_EQ(judged.value[2], 1);
  EXPECT_EQ(judged.edited, (std::vector<uint32_t>{3}));
  EXPECT_EQ(judged.offsets, (std::vector<int32_t>{0, 1, 15, 26, 35, 45}));
  EXPECT_EQ(std::string(judged.bytes.begin() + 26, judged.bytes.begin() + 35), "one two.\n");
}

TEST(Published, StatusesAndThreads) {
  const PublishedProfile profile = {{Edit::none, {{number("nemo_word_count"), Compare::below, 1}}}};
  const auto judged = judge({"ok", "\xff", std::string(100, 'x'), ""}, profile, {.max_document_bytes = 50});
  EXPECT_EQ(judged.status, (std::vector<uint8_t>{0, 2, 1, 0}));
  EXPECT_EQ(judged.step, (std::vector<int16_t>{-1, -1, -1, 0}));
  std::vector<std::string> many;
  for (int i = 0; i < 3000; ++i) many.push_back(std::string(static_cast<size_t>(i % 7), 'a') + " b");
  EXPECT_EQ(judge(many, profile).statistics[0], judge(many, profile, {.threads = 3}).statistics[0]);
}

TEST(Published, RefusesWhatDisagrees) {
  PublishedJudgement out;
  const Column column({"a", "b"});
  const PublishedProfile profile = {{Edit::none, {{-1, Compare::below, 1}}}};
  EXPECT_STREQ(judge_published(column, std::vector<uint8_t>{0}, {}, {}, out).code(), kShape);
  EXPECT_STREQ(judge_published(column, std::vector<uint8_t>{0, 0}, {}, {}, out).code(), kArgument);
  EXPECT_STREQ(judge_published(column, std::vector<uint8_t>{0, 0}, std::span(&profile, 1), {}, out).code(), kArgument);
  EXPECT_FALSE(judge_published(column, std::vector<uint8_t>{kNotJudged, kNotJudged}, {}, {}, out));
}

}  // namespace
}  // namespace millrace::text
