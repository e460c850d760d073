#include "native/text/characters.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace millrace::text {
namespace {

std::vector<std::string> lines_of(std::string_view text) {
  std::vector<std::string> lines;
  for_each_line(text, [&](std::string_view line) { lines.emplace_back(line); });
  return lines;
}

std::vector<std::string> blocks_of(std::string_view text, size_t least) {
  std::vector<std::string> blocks;
  for_each_block(text, least, [&](std::string_view block) { blocks.emplace_back(block); });
  return blocks;
}

using Strings = std::vector<std::string>;

// Unicode 15, table 3-7: one sequence at each border of a well-formed range, and its neighbours outside.
TEST(Characters, TellsWellFormedUtf8) {
  for (const char* good : {"", "a", "\x7f", "\xc2\x80", "\xdf\xbf", "\xe0\xa0\x80", "\xed\x9f\xbf", "\xee\x80\x80", "\xef\xbf\xbf", "\xf0\x90\x80\x80",
                           "\xf4\x8f\xbf\xbf", "eight ascii bytes and \xc3\xa9"})
    EXPECT_TRUE(is_utf8(good)) << good;
  for (const char* bad : {"\x80", "\xc0\x80", "\xc1\xbf", "\xc2", "\xc2z", "\xe0\x9f\xbf", "\xed\xa0\x80", "\xe2\x82", "\xe2\x28\xa1", "\xf0\x8f\xbf\xbf",
                          "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xff", "eight ascii bytes and \xc3"})
    EXPECT_FALSE(is_utf8(bad)) << bad;
}

TEST(Characters, CountsCodePoints) {
  EXPECT_EQ(count_characters(""), 0u);
  EXPECT_EQ(count_characters("naïve 中文 😀😀😀😀"), 13u);
  std::string text;
  for (int i = 0; i < 100; ++i) {
    EXPECT_EQ(count_characters(text), static_cast<size_t>(i));
    text += i % 3 == 0 ? "a" : i % 3 == 1 ? "é" : "😀";
  }
}

TEST(Characters, DecodesBackwards) {
  const std::string text = "aé中😀";
  EXPECT_EQ(decode_before(text.data() + 10).code, 0x1f600u);
  EXPECT_EQ(decode_before(text.data() + 6).code, 0x4e2du);
  EXPECT_EQ(decode_before(text.data() + 3).code, 0xe9u);
  EXPECT_EQ(decode_before(text.data() + 1).code, 'a' + 0u);
}

// From Python: "…".splitlines(), re.split(r"\n+", …), re.split(r"\n{2,}", …).
TEST(Characters, SplitsAsPython) {
  EXPECT_EQ(lines_of(""), Strings{});
  EXPECT_EQ(lines_of("\n"), Strings{""});
  EXPECT_EQ(lines_of("a\r\nb\rc\n\nd"), (Strings{"a", "b", "c", "", "d"}));
  EXPECT_EQ(lines_of("a\vb\fc\x1c" "d\x1d" "e\x1e" "f\x1fg"), (Strings{"a", "b", "c", "d", "e", "f\x1fg"}));
  EXPECT_EQ(lines_of("a\u0085b\u2028c\u2029d\u00a0e…f"), (Strings{"a", "b", "c", "d\u00a0e…f"}));
  EXPECT_EQ(blocks_of("", 1), Strings{""});
  EXPECT_EQ(blocks_of("\n\na\nb\n\n\nc\n", 1), (Strings{"", "a", "b", "c", ""}));
  EXPECT_EQ(blocks_of("a\nb\n\n\nc\n", 2), (Strings{"a\nb", "c\n"}));
}

TEST(Characters, StripsAsPython) {
  EXPECT_EQ(strip("\u3000\x1f\u0085 a b\u2003\n"), "a b");
  EXPECT_EQ(strip(" \u2029\t"), "");
  EXPECT_EQ(strip("\u200b"), "\u200b");  // zero width space is none to Python
}

TEST(Characters, KnowsClasses) {
  const uint8_t* c = class_table();
  EXPECT_TRUE(c[U'ª'] & kLetter);
  EXPECT_TRUE(c[U'中'] & kLetter);
  EXPECT_FALSE(c[U'٣'] & kLetter);
  EXPECT_TRUE(c[U'٣'] & kDecimal);
  EXPECT_FALSE(c[U'²'] & kDecimal);
  EXPECT_TRUE(c[U'½'] & kAlphanumeric);
  EXPECT_TRUE(c[U'。'] & kSentenceEnd);
  EXPECT_FALSE(c[U'…'] & kSentenceEnd);
  EXPECT_TRUE(c[U'…'] & kPunctuation);
  EXPECT_FALSE(c[U'_'] & kSentenceEnd);
}

}  // namespace
}  // namespace millrace::text
