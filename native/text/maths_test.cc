// Spans and statistics counted by hand; broken TeX and badly recognised print made for the test.
#include "native/text/maths.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>

namespace millrace::text {
namespace {

// Inner texts, f( ) or c( ), blocks in capitals.
std::string found(std::string_view text, uint64_t* unclosed = nullptr) {
  Spans spans;
  find_spans(text, spans);
  std::string out;
  size_t end = 0;
  for (const Span& span : spans.found) {
    EXPECT_LE(end, span.begin);
    EXPECT_LE(span.begin, span.inner_begin);
    EXPECT_LE(span.inner_begin, span.inner_end);
    EXPECT_LE(span.inner_end, span.end);
    EXPECT_LE(span.end, text.size());
    end = span.end;
    out += span.kind == Span::formula ? (span.block ? "F(" : "f(") : (span.block ? "C(" : "c(");
    out += text.substr(span.inner_begin, span.inner_end - span.inner_begin);
    out += ")";
  }
  if (unclosed) *unclosed = spans.unclosed;
  return out;
}

MathsStatistics measured(std::string_view text) {
  Spans spans;
  MathsStatistics out;
  measure_maths(text, spans, out);
  return out;
}

std::string view(std::string_view text) {
  Spans spans;
  std::string out;
  find_spans(text, spans);
  append_prose_view(text, spans, out);
  EXPECT_LE(out.size(), text.size());
  return out;
}

TEST(Spans, AreThoseOfEveryNotation) {
  EXPECT_EQ(found("where $x^2$ and \\(y\\) are"), "f(x^2)f(y)");
  EXPECT_EQ(found("a\n$$\nx = 1\n$$\nb"), "F(\nx = 1\n)");
  EXPECT_EQ(found("a\n\\[ x \\\\[2pt] y \\]\nb"), "F( x \\\\[2pt] y )");
  EXPECT_EQ(found("with \\\\(p\\_{i}\\\\) and\n\\\\[\nq = 1\n\\\\]\n"), "f(p\\_{i})F(\nq = 1\n)");
  EXPECT_EQ(found("\\begin{align*}\na &= b\n\n\\end{align*}"), "F(\na &= b\n\n)");
  EXPECT_EQ(found("\\begin{align}\\begin{aligned}x\\end{aligned}\\end{align}"), "F(\\begin{aligned}x\\end{aligned})");
  EXPECT_EQ(found("```math\nx\n```\n```js\nlet a = '$b$'\n```\n"), "F(x)C(let a = '$b$')");
  EXPECT_EQ(found("The `$HOME` and ``a`b`` of $z$"), "c($HOME)c(a`b)f(z)");
  EXPECT_EQ(found("of :math:`n^2`, and\n\n.. math::\n\n   x = 1\n\n   y = 2\n\nText"), "f(n^2)F(\n\n   x = 1\n\n   y = 2)");
  EXPECT_EQ(found("\\begin{verbatim}\n$a$\n\\end{verbatim}"), "C(\n$a$\n)");
}

TEST(Spans, AreNotMoneyEscapesOrHeadings) {
  for (const char* text : {"It costs $5 and $6.", "From $5-$6 a piece.", "\\$x\\$", "US$ 5 and US$ 6", "a \\[link\\] and \\(see below\\)", "Title\n~~~~~\n\nText\n\nOther\n~~~~~\n",
                           "$a\n\nb$", "a $ b $ c", "1.. 2", ".. note::\n   x\n", "", "$", "$$", "\\", "`", "\\begin{", "\\begin{equation", ":math:`"})
    EXPECT_EQ(found(text), "") << text;
}

TEST(Spans, CountOpeningsWithoutAnEnd) {
  uint64_t unclosed = 0;
  EXPECT_EQ(found("\\begin{equation} x \\begin{align} y \\end{align}", &unclosed), "f( y )");
  EXPECT_EQ(unclosed, 1u);
  EXPECT_EQ(found("$$x\n\ny and \\[ \\frac{a}{b}\n\nz", &unclosed), "");
  EXPECT_EQ(unclosed, 2u);
  EXPECT_EQ(found("a \\[x] b", &unclosed), "");
  EXPECT_EQ(unclosed, 0u);
}

TEST(ProseView, GivesAFormulaOneWordAndABlockNone) {
  const std::string a = view("Let $x^2+1$ be, and $x^2+1$ again; $y$ is `code_of(it)`.\n");
  // Words between the same marks: twice the same of six letters, one of three letters, one of six.
  ASSERT_EQ(a.size(), std::string("Let xxxxxx be, and xxxxxx again; yyy is cccccc.\n").size());
  EXPECT_EQ(a.substr(4, 6), a.substr(19, 6));
  EXPECT_NE(a.substr(4, 6), a.substr(40, 6));
  for (const char c : a.substr(4, 6)) EXPECT_TRUE(c >= 'a' && c <= 'z');
  EXPECT_EQ(view("One.\n\n$$\nx\n$$\n\nTwo.\n```\nraw\n```\nThree."), "One.\n\n\nTwo.\nThree.");
  EXPECT_EQ(view("No formula at all, $5.\n"), "No formula at all, $5.\n");
}

TEST(Maths, CountsWhatIsBroken) {
  const auto s = measured("$\\frac{a}{b$ $\\left( x \\right)$ $\\left( x$ $\\leftarrow y$ $x$ $x$");
  EXPECT_EQ(s[kMathsFormulas], 6);
  EXPECT_DOUBLE_EQ(s[kMathsBroken], 2.0 / 6);
  EXPECT_DOUBLE_EQ(s[kMathsDistinct], 5.0 / 6);
  EXPECT_EQ(s[kMathsWords], 0);
  EXPECT_TRUE(std::isnan(s[kMathsStray]));
}

TEST(Maths, CountsWordsOutsideOfFormulas) {
  // Words with a letter: So, x1 (one turn: no odd word), is, b, a, l1ke, th!s, https://a.b/c1d2, \alpha; numbers: 12, 3.5.
  const auto s = measured("So x1 is $q$ 12 3.5 b a l1ke th!s https://a.b/c1d2 \\alpha -- ?\n");
  EXPECT_EQ(s[kMathsWords], 9);
  EXPECT_DOUBLE_EQ(s[kMathsOddWords], 2.0 / 9);
  EXPECT_DOUBLE_EQ(s[kMathsSingles], 1.0 / 11);
  EXPECT_DOUBLE_EQ(s[kMathsNumbers], 2.0 / 11);
  EXPECT_DOUBLE_EQ(s[kMathsStray], 1.0 / 9);
  EXPECT_DOUBLE_EQ(measured("$\xEF\xBF\xBD\x01z")[kMathsReplaced], 2.0 / 4);
  // Nothing in it can be a formula.
  EXPECT_EQ(measured("So it is 12.")[kMathsFormulas], 0);
  EXPECT_TRUE(std::isnan(measured("So it is 12.")[kMathsWords]));
}

TEST(Maths, ReadsHostileTextsInLinearTime) {
  const char* pieces[] = {"$", "$$", "\\[", "\\(", "\\]", "\\)", "\\\\[", "\\begin{equation}", "\\begin{align}", "\\end{align*}", "`", "``", "```\n", "~~~ x\n", "\n", "\n\n", ".. math::\n", ":math:`", "x", " ", "\\", "{", "}"};
  std::mt19937 random(5);
  for (int round = 0; round < 20000; ++round) {
    std::string text;
    for (size_t i = random() % 30; i > 0; --i) text += pieces[random() % std::size(pieces)];
    found(text);
    view(text);
    measured(text);
  }
  for (const char* piece : pieces) {
    std::string text;
    while (text.size() < 2'000'000) text += piece, text += "a ";
    view(text);
  }
}

TEST(Maths, ColumnsAreTheSameOnAnyNumberOfThreads) {
  std::string bytes;
  std::vector<int32_t> offsets{0};
  std::vector<uint8_t> wanted;
  for (int i = 0; i < 300; ++i) {
    bytes += "Let $x_{" + std::to_string(i) + "}$ be " + std::string(i % 5, 'y') + ".\n";
    offsets.push_back(static_cast<int32_t>(bytes.size()));
    wanted.push_back(i % 3 != 0);
  }
  const TextColumn column{offsets, {reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size()}};
  std::vector<int32_t> offsets1, offsets3;
  std::vector<uint8_t> bytes1, bytes3;
  EXPECT_FALSE(prose_views(column, wanted, 1, offsets1, bytes1));
  EXPECT_FALSE(prose_views(column, wanted, 3, offsets3, bytes3));
  EXPECT_EQ(offsets1, offsets3);
  EXPECT_EQ(bytes1, bytes3);
  EXPECT_EQ(std::string(bytes1.begin(), bytes1.begin() + offsets1[1]), "Let $x_{0}$ be .\n");
  EXPECT_EQ(std::string(bytes1.begin() + offsets1[1], bytes1.begin() + offsets1[2]).substr(0, 4), "Let ");
  EXPECT_EQ(offsets1[2] - offsets1[1], static_cast<int32_t>(std::string("Let xxxxxx be y.\n").size()));
  wanted.pop_back();
  EXPECT_STREQ(prose_views(column, wanted, 1, offsets1, bytes1).code(), kShape);
}

}  // namespace
}  // namespace millrace::text
