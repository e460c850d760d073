// Published byte sequences, and well-formed output for any input. Decoders are compared with others' in test/native/html/charset.test.ts.
#include <gtest/gtest.h>

#include <random>

#include "native/html/charset.h"

namespace millrace::html {
namespace {

std::string decoded(Encoding encoding, std::string_view bytes) {
  std::string out;
  decode(encoding, bytes, out);
  return out;
}

std::string noise(size_t size, uint32_t seed) {
  std::mt19937 random(seed);
  const std::string hot = "\x1b$B(JI\x8f\x8e\x81\xfe\x80\xff\xd8\xdc\xf0\xe0\xed\xa1\x30\x39<meta charset=\"'>";
  std::string out;
  for (size_t i = 0; i < size; ++i) out += random() % 3 ? hot[random() % hot.size()] : static_cast<char>(random());
  return out;
}

}  // namespace

TEST(Decode, KnowsPublishedSequences) {
  EXPECT_EQ(decoded(Encoding::shift_jis, "\x83\x65\x83\x58\x83\x67"), "テスト");
  EXPECT_EQ(decoded(Encoding::euc_jp, "\xa5\xc6\xa5\xb9\xa5\xc8"), "テスト");
  EXPECT_EQ(decoded(Encoding::iso_2022_jp, "\x1b$B%F%9%H\x1b(B"), "テスト");
  EXPECT_EQ(decoded(Encoding::gbk, "\xb2\xe2\xca\xd4"), "测试");
  EXPECT_EQ(decoded(Encoding::big5, "\xb4\xfa\xb8\xd5"), "測試");
  EXPECT_EQ(decoded(Encoding::euc_kr, "\xbd\xc3\xc7\xe8"), "시험");
  EXPECT_EQ(decoded(Encoding::windows_1251, "\xf2\xe5\xf1\xf2"), "тест");
  EXPECT_EQ(decoded(Encoding::koi8_r, "\xd4\xc5\xd3\xd4"), "тест");
  EXPECT_EQ(decoded(Encoding::windows_1252, "\x80\x93\xe9"), "€“é");
}

TEST(Decode, ReplacesTheLongestMalformedBeginning) {
  EXPECT_EQ(decoded(Encoding::utf_8, "\xf0\x90\x80z\xc0\x80\xed\xa0\x80"), "\xef\xbf\xbdz" + decoded(Encoding::utf_8, "\xff\xff\xff\xff\xff"));
  EXPECT_EQ(decoded(Encoding::gbk, "\x81 x"), "\xef\xbf\xbd x");
}

TEST(Decode, GivesUtf8ForAnyInput) {
  for (int e = 0; e <= static_cast<int>(Encoding::none); ++e)
    for (uint32_t seed = 1; seed <= 200; ++seed)
      EXPECT_TRUE(is_utf8(decoded(static_cast<Encoding>(e), noise(seed % 67, seed)))) << e << ", seed " << seed;
}

TEST(Page, IsUtf8WhateverTheBytes) {
  for (uint32_t seed = 1; seed <= 2000; ++seed) {
    const std::string bytes = noise(seed % 301, seed);
    std::string out;
    const Charset found = decode_page(bytes, seed % 3 ? "" : "euc-jp", out);
    EXPECT_TRUE(is_utf8(out)) << seed;
    EXPECT_NE(found.encoding, Encoding::none);
  }
}

TEST(Page, IsUtf8ThoughItsEndIsCutOrAPartBroken) {
  const std::string text = "<p>größer, später, schöner", cut = text + "\xe2\x82";
  const auto read = [](std::string_view bytes, std::string_view label) {
    std::string out;
    return std::pair{decode_page(bytes, label, out).encoding, out};
  };
  EXPECT_EQ(read(cut, "windows-1252"), std::pair(Encoding::utf_8, text + "\xef\xbf\xbd"));
  EXPECT_EQ(read(cut, "").first, Encoding::utf_8);
  std::string broken;
  for (int i = 0; i < 40; ++i) broken += text;
  EXPECT_EQ(read(broken + "\xff" + broken, "").first, Encoding::utf_8);
  EXPECT_EQ(read("<p>caf\xe9", "").first, Encoding::windows_1252);
  EXPECT_EQ(read("<p>\xe9t\xe9", "").first, Encoding::windows_1252);
}

TEST(Count, TellsWellFormedMalformedAndCut) {
  const auto count = [](std::string_view bytes) {
    const Utf8Count c = count_utf8(bytes);
    return std::tuple(c.well, c.malformed, c.cut);
  };
  EXPECT_EQ(count("aé€😀"), std::tuple(3u, 0u, false));
  EXPECT_EQ(count("\xc3"), std::tuple(0u, 0u, true));
  EXPECT_EQ(count("\xf0\x9f\x98"), std::tuple(0u, 0u, true));
  EXPECT_EQ(count("\xf0\x9f\x98z"), std::tuple(0u, 1u, false));
  EXPECT_EQ(count("\x80\xff\xc0\x80"), std::tuple(0u, 4u, false));
}

TEST(Prescan, IsNotFooled) {
  EXPECT_EQ(prescan("<!-- <meta charset=koi8-r> --><meta charset='gb2312'>"), Encoding::gbk);
  EXPECT_EQ(prescan("<metadata charset=koi8-r>"), Encoding::none);
  EXPECT_EQ(prescan("<meta content='text/html; charset=koi8-r'>"), Encoding::none);
  EXPECT_EQ(prescan("<META http-equiv=Content-Type content='text/html; charset=koi8-r'>"), Encoding::koi8_r);
  EXPECT_EQ(prescan("<meta charset=utf-16le>"), Encoding::utf_8);
  EXPECT_EQ(prescan(std::string(1010, ' ') + "<meta charset=koi8-r>"), Encoding::none);
}

}  // namespace millrace::html
