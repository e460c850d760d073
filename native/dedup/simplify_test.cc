// Oracle: the five steps of curation.md 2.6 in Python (simplify_vectors.inc, made by test/native/dedup/simplify_vectors.py).
#include "native/dedup/simplify.h"

#include <gtest/gtest.h>

#include <string>

namespace millrace::dedup {
namespace {

const struct Case {
  template <size_t N, size_t M>
  constexpr Case(const char (&t)[N], const char (&w)[M]) : text(t, N - 1), words(w, M - 1) {}
  std::string_view text, words;
} kVectors[] = {
#include "native/dedup/simplify_vectors.inc"
};

std::string simplified(std::string_view text) {
  const std::vector<char> exact(text.begin(), text.end());  // so that a sanitizer sees a read past the end
  Words words;
  simplify({exact.data(), exact.size()}, words);
  return std::string(words.run(0, words.size()));
}

TEST(Simplify, AgreesWithPythonStepByStep) {
  for (const Case& c : kVectors) EXPECT_EQ(simplified(c.text), c.words) << c.text;
}

TEST(Simplify, CountsWords) {
  Words words;
  simplify("  One, two;\tTHREE 4.5 ", words);
  ASSERT_EQ(words.size(), 4u);
  EXPECT_EQ(words.run(1, 2), "two three");
  EXPECT_EQ(words.run(3, 1), "0");
  simplify("", words);
  EXPECT_EQ(words.size(), 0u);
}

TEST(Simplify, TakesBrokenUtf8AsReplacementCharacters) {
  for (std::string_view text : {"a\xff" "b", "a\xc3", "\xf4\x90\x80\x80", "\xe2\x82", "\xed\xa0\x80", "\xc0\xaf", "\xce\xa3\xff"}) {
    const std::string out = simplified(text);
    EXPECT_NE(out.find("\xef\xbf\xbd"), std::string::npos) << out;
  }
}

TEST(Simplify, GrowsForMarksThatWait) {
  std::string text = "a";
  for (int i = 0; i < 1000; ++i) text += "\xe3\x80\xae";  // U+302E, a spacing mark with a class: nothing is dropped
  EXPECT_EQ(simplified(text), text);
}

}  // namespace
}  // namespace millrace::dedup
