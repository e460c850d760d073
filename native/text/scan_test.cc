// Against the functions that look at one character at a time (characters.h), which follow the reference interpreter's tables.
#include "native/text/scan.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <string>

#include "native/text/characters.h"

namespace millrace::text {
namespace {

std::vector<std::string> chunks_of(std::string_view text) {
  std::vector<std::string> chunks;
  std::string open;
  for (size_t at = 0; at < text.size();) {
    const auto [code, bytes] = decode(text.data() + at);
    if (class_table()[code] & kSpace) {
      if (!open.empty()) chunks.push_back(open);
      open.clear();
    } else {
      open.append(text.substr(at, bytes));
    }
    at += bytes;
  }
  if (!open.empty()) chunks.push_back(open);
  return chunks;
}

void check(const std::string& text) {
  static Scan scan;
  scan.read(text);
  std::vector<std::string> chunks, lines, expected_lines;
  for (size_t i = 0; i < scan.chunks(); ++i) chunks.emplace_back(scan.chunk(i));
  EXPECT_EQ(chunks, chunks_of(text));
  scan.for_each_line([&](std::string_view line) { lines.emplace_back(line); });
  for_each_line(text, [&](std::string_view line) { expected_lines.emplace_back(line); });
  EXPECT_EQ(lines, expected_lines);
  EXPECT_EQ(scan.characters(), count_characters(text));
  EXPECT_EQ(scan.newlines(), static_cast<uint64_t>(std::count(text.begin(), text.end(), '\n')));
  EXPECT_EQ(scan.hashes(), static_cast<uint64_t>(std::count(text.begin(), text.end(), '#')));
  EXPECT_EQ(scan.ascii(), std::none_of(text.begin(), text.end(), [](char c) { return c < 0; }));
  if (text.find("...") != text.npos) {
    EXPECT_TRUE(scan.may_have_ellipsis());
  }
  ClassCounts counts;
  for (size_t at = 0; at < text.size();) {
    const auto [code, bytes] = decode(text.data() + at);
    const uint8_t c = class_table()[code];
    counts.letters += (c & kLetter) != 0;
    counts.decimals += (c & kDecimal) != 0;
    counts.alphanumerics += (c & kAlphanumeric) != 0;
    counts.uppers += (c & kUpper) != 0;
    counts.spaces += (c & kSpace) != 0;
    at += bytes;
  }
  const ClassCounts found = scan.classes();
  EXPECT_EQ(found.letters, counts.letters);
  EXPECT_EQ(found.decimals, counts.decimals);
  EXPECT_EQ(found.alphanumerics, counts.alphanumerics);
  EXPECT_EQ(found.uppers, counts.uppers);
  EXPECT_EQ(found.spaces, counts.spaces);
}

TEST(Scan, FindsWhatOneCharacterAtATimeFinds) {
  const std::vector<std::string> pieces = {"a",      "word",   "UP",     "7",      " ",      "  ",         "\n",       "\r\n",     "\r",        "\v",  "\f",
                                           "\x1c",   "\x1f",   "\t",     "\u0085", "\u00a0", "\u1680",     "\u2028",   "\u2029",   "\u3000",    "é",   "…",
                                           "\u200b", "\u00c2", "\u1fff", "中",     "😀",     "#",          "...",      ".",        "‘quoted’", "٣",   std::string(1, 0),
                                           "\u205f", "\u202f", "\u2003"};
  std::mt19937 random(5);
  check("");
  for (int i = 0; i < 4000; ++i) {
    std::string text;
    for (int n = static_cast<int>(random() % 120); n > 0; --n) text += pieces[random() % pieces.size()];
    check(text);
  }
  // White space, breaks and dots across the edges of blocks.
  for (size_t size = 55; size < 70; ++size)
    for (const char* end : {"\u2028x", "\r\nx", "\u00a0", "  x", "\u3000\u3000x", "...x", ""}) check(std::string(size, 'a') + end);
}

}  // namespace
}  // namespace millrace::text
