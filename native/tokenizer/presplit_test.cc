// Vectors worked out by hand from the text of patterns.md; the same pattern as a regular expression is the oracle in
// test/native/tokenizer/presplit.test.ts.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "native/tokenizer/presplit.h"
#include "native/tokenizer/unicode.h"

namespace millrace::tokenizer {

// Two ends a call, so that texts go on where a block was full.
static std::vector<std::string> pieces(std::string_view text, Pattern pattern = Pattern::kMillrace) {
  std::vector<std::string> out;
  for (size_t at = 0; at < text.size();) {
    uint32_t ends[2];
    const size_t found = split(pattern, text, at, ends);
    EXPECT_GT(found, 0u);
    for (size_t i = 0; i < found; at = ends[i++]) {
      EXPECT_GT(ends[i], at);
      out.emplace_back(text.substr(at, ends[i] - at));
    }
  }
  return out;
}
using Pieces = std::vector<std::string>;

TEST(Presplit, SplitsDigitsAndHanOneByOne) {
  EXPECT_EQ(pieces("in 2026"), (Pieces{"in", " ", "2", "0", "2", "6"}));
  EXPECT_EQ(pieces("中文 かな"), (Pieces{"中", "文", " かな"}));
}

TEST(Presplit, SplitsWordsWhereCaseRises) {
  EXPECT_EQ(pieces("HTTPServer readFile"), (Pieces{"HTTPServer", " read", "File"}));
  EXPECT_EQ(pieces("don't WE'VE it'\xC5\xBFx"), (Pieces{"don't", " WE'VE", " it'\xC5\xBF", "x"}));
}

TEST(Presplit, LeavesTheLastSpaceToTheWord) {
  EXPECT_EQ(pieces("a   b"), (Pieces{"a", "  ", " b"}));
  EXPECT_EQ(pieces("a \n \n  b\t"), (Pieces{"a", " \n \n", " ", " b", "\t"}));
  EXPECT_EQ(pieces(" ... //\n/x"), (Pieces{" ...", " //\n/", "x"}));
}

TEST(Presplit, TakesAnUpperRunThatEndsInAMark) {
  // A* takes U, the mark and V; no B follows, so it gives back V: B+ is the mark.
  EXPECT_EQ(pieces("U\xCC\x81V"), (Pieces{"U\xCC\x81", "V"}));
}

TEST(Presplit, IsOneScanOnHostileRuns) {
  for (const char* unit : {"a", "A", "'", " ", "\n", "\xCC\x81", "\xE2\x80\x83", "1", "-"}) {
    std::string text;
    while (text.size() < 1u << 20) text += unit;
    for (int pattern = 0; pattern < kPatterns; ++pattern) {
      size_t total = 0;
      for (const auto& piece : pieces(text, static_cast<Pattern>(pattern))) total += piece.size();
      EXPECT_EQ(total, text.size());
    }
  }
}

TEST(Utf8, TakesEveryScalarValueAndNothingElse) {
  // The definition: a sequence is well formed if it is what encoding its own scalar value gives.
  for (uint32_t code = 0; code < 0x110000; ++code) {
    std::string text = "x";
    if (code < 0x80) text += static_cast<char>(code);
    else if (code < 0x800) text += {static_cast<char>(0xC0 | code >> 6), static_cast<char>(0x80 | (code & 63))};
    else if (code < 0x10000) text += {static_cast<char>(0xE0 | code >> 12), static_cast<char>(0x80 | (code >> 6 & 63)), static_cast<char>(0x80 | (code & 63))};
    else
      text += {static_cast<char>(0xF0 | code >> 18), static_cast<char>(0x80 | (code >> 12 & 63)), static_cast<char>(0x80 | (code >> 6 & 63)),
               static_cast<char>(0x80 | (code & 63))};
    const bool surrogate = code >= 0xD800 && code < 0xE000;
    ASSERT_EQ(first_invalid(text), surrogate ? 1 : text.size()) << code;
    if (!surrogate) {
      ASSERT_EQ(character_at(text, 1).code, code);
    }
    if (code >= 0x80) {
      ASSERT_EQ(first_invalid(text.substr(0, text.size() - 1)), 1u) << code;
    }
  }
  for (const char* bad : {"\xC0\x80", "\xC1\xBF", "\xE0\x9F\xBF", "\xF0\x8F\xBF\xBF", "\xF4\x90\x80\x80", "\xF5\x80\x80\x80", "\x80", "\xFF"})
    EXPECT_EQ(first_invalid(std::string("12345678") + bad), 8u);
}

}  // namespace millrace::tokenizer
