// What is written, against texts worked out by hand from CommonMark and HTML's default style sheet. That Markdown reads back as the same
// text is checked with a renderer in test/pipelines/extract/markdown.test.ts.
#include <gtest/gtest.h>

#include "native/extract/write.h"

namespace millrace::extract {
namespace {

struct Written {
  html::Parser parser;
  Page page;
  std::vector<Block> blocks;

  explicit Written(std::string_view html) {
    parser.parse(html, page.tree);
    page.reset();
  }

  NodeId find(std::string_view name, int skip = 0) const {
    for (NodeId id = 0; id != kNoNode; id = page.tree.following(id))
      if (page.tree[id].kind == html::Kind::element && page.tree.name(page.tree[id]) == name && skip-- == 0) return id;
    return kNoNode;
  }

  void code(std::string_view name, std::string text, std::string language = "", bool block = true, int skip = 0) {
    page.rescue(Role::code, {find(name, skip), block, std::move(text), std::move(language)});
  }
  void formula(std::string_view name, std::string latex, bool display = false) {
    page.rescue(Role::formula, {find(name), display, std::move(latex), ""});
  }

  std::string as(Format format, WriteOptions options = {}) {
    find_blocks(page, blocks);
    options.format = format;
    std::string out;
    write_blocks(page, blocks, options, out);
    return out;
  }
  std::string markdown(WriteOptions options = {}) { return as(Format::markdown, options); }
};

std::string markdown(std::string_view html, WriteOptions options = {}) { return Written(html).markdown(options); }
std::string text(std::string_view html) { return Written(html).as(Format::text); }
std::string html(std::string_view html, WriteOptions options = {}) { return Written(html).as(Format::html, options); }

std::string repeated(std::string_view piece, size_t count) {
  std::string out;
  while (count-- > 0) out += piece;
  return out;
}

TEST(Write, ParagraphsAndHeadings) {
  EXPECT_EQ(markdown("<h1>A  title</h1><p>One\n two\tthree</p><p>Four<br>five</p><h3>B<br>C</h3>"),
            "# A title\n\nOne two three\n\nFour\nfive\n\n### B C");
  EXPECT_EQ(text("<h1>A  title</h1><p>One</p>"), "A title\n\nOne");
  EXPECT_EQ(html("<h2>A &amp; B</h2><p>One<br>2 &lt; 3</p>"), "<h2>A &amp; B</h2>\n<p>One<br>2 &lt; 3</p>");
}

TEST(Write, SpaceAsBrowsersShowIt) {
  EXPECT_EQ(markdown("<p> a<b> b</b> <i>c</i>d&nbsp;e&shy;f\xef\xbb\xbfg  </p>"), "a b cd efg");
  EXPECT_EQ(markdown("<p>a<span></span>b<script>x</script> <br><br>c"), "ab\n\nc");
  EXPECT_EQ(markdown("<p>a\x01\x7f b"), "a b");
}

TEST(Write, ListsFromAncestors) {
  const std::string_view page =
      "<ul><li>a<ul><li>b<li>c</ul><li>d<p>e</p></ul><ol start=9><li>f<li>g<ol><li>h</ol></ol><p>i</p>";
  EXPECT_EQ(markdown(page), "- a\n  - b\n  - c\n- d\n\n  e\n\n9. f\n10. g\n    1. h\n\ni");
  EXPECT_EQ(text(page), "- a\n  - b\n  - c\n- d\n\n  e\n\n9. f\n10. g\n    1. h\n\ni");
  EXPECT_EQ(html(page),
            "<ul>\n<li>a\n<ul>\n<li>b</li>\n<li>c</li>\n</ul></li>\n<li>d\n<p>e</p></li>\n</ul>\n<ol start=\"9\">\n<li>f</li>\n<li>g\n<ol>\n"
            "<li>h</li>\n</ol></li>\n</ol>\n<p>i</p>");
}

TEST(Write, NumbersStayWhereItemsAreDropped) {
  Written page("<ol><li>a<li>b<li value=7>c<li>d</ol>");
  find_blocks(page.page, page.blocks);
  page.blocks.erase(page.blocks.begin());
  std::string out;
  write_blocks(page.page, page.blocks, {}, out);
  EXPECT_EQ(out, "2. b\n7. c\n8. d");
  out.clear();
  WriteOptions options;
  options.format = Format::html;
  write_blocks(page.page, page.blocks, options, out);
  EXPECT_EQ(out, "<ol start=\"2\">\n<li>b</li>\n<li value=\"7\">c</li>\n<li>d</li>\n</ol>");
}

TEST(Write, NestedNumbersDoNotInterruptParagraphs) {
  EXPECT_EQ(markdown("<ul><li>a<ol start=3><li>b</ol></ul>"), "- a\n\n  3. b");
}

TEST(Write, ListsSideBySideStayTwo) {
  EXPECT_EQ(markdown("<ol><li>a<li>b</ol><ol><li>c<li>d</ol><ol><li>e</ol>"), "1. a\n2. b\n\n1) c\n2) d\n\n1. e");
  EXPECT_EQ(text("<ol><li>a</ol><ol><li>c</ol>"), "1. a\n\n1. c");
}

TEST(Write, Quotes) {
  const std::string_view page = "<blockquote><p>a<p>b<ul><li>c<blockquote>d</blockquote></ul></blockquote><blockquote>e</blockquote>";
  EXPECT_EQ(markdown(page), "> a\n>\n> b\n>\n> - c\n>\n>   > d\n\n> e");
  EXPECT_EQ(text(page), "a\n\nb\n\n- c\n\n  d\n\ne");
  EXPECT_EQ(html(page),
            "<blockquote>\n<p>a</p>\n<p>b</p>\n<ul>\n<li>c\n<blockquote>\n<p>d</p>\n</blockquote></li>\n</ul>\n</blockquote>\n<blockquote>\n"
            "<p>e</p>\n</blockquote>");
}

TEST(Write, Code) {
  Written page("<ul><li><pre>x</pre></ul><p>Use <code>a</code>, <code>b</code>.");
  page.code("pre", "if a:\n\n  b ``` c", "python");
  page.code("code", "a`b", "", false);
  page.code("code", "`", "", false, 1);
  EXPECT_EQ(page.markdown(), "- ````python\n  if a:\n\n    b ``` c\n  ````\n\nUse ``a`b``, `` ` ``.");
  EXPECT_EQ(page.as(Format::text), "- if a:\n\n    b ``` c\n\nUse a`b, `.");
  EXPECT_EQ(page.as(Format::html),
            "<ul>\n<li><pre><code class=\"language-python\">if a:\n\n  b ``` c</code></pre></li>\n</ul>\n<p>Use <code>a`b</code>, "
            "<code>`</code>.</p>");
}

TEST(Write, CodeThatTouches) {
  Written page("<p><code>a</code><code>b</code> <code>c</code>");
  page.code("code", "a`", "", false);
  page.code("code", "b", "", false, 1);
  page.code("code", "c", "", false, 2);
  EXPECT_EQ(page.markdown(), "``a`b`` `c`");
  EXPECT_EQ(page.as(Format::text), "a`b c");
}

TEST(Write, Formulas) {
  Written page("<p>Let <var>x</var> cost $5.</p><math></math>");
  page.formula("var", "x_1 < 2");
  page.formula("math", "\\sum a_i", true);
  EXPECT_EQ(page.markdown(), "Let $x_1 < 2$ cost \\$5.\n\n$$\\sum a_i$$");
  EXPECT_EQ(page.as(Format::text), "Let $x_1 < 2$ cost $5.\n\n$$\\sum a_i$$");
  EXPECT_EQ(page.as(Format::html),
            "<p>Let <span class=\"math inline\">\\(x_1 &lt; 2\\)</span> cost $5.</p>\n<p><span class=\"math display\">\\[\\sum a_i\\]</span></p>");
}

TEST(Write, Powers) {
  EXPECT_EQ(text("<p>10<sup>6</sup>, 10<sup>\xe2\x88\x92""12</sup>, x<sup>2</sup>, 2<sup>n</sup>, 5 m<sup>2</sup>, 3 km<sup>2</sup>"),
            "10^6, 10^\xe2\x88\x92""12, x^2, 2^n, 5 m^2, 3 km^2");
  EXPECT_EQ(html("<p>10<sup> 6 </sup> a<sup>b</sup>"), "<p>10<sup>6</sup> ab</p>");
  // Footnotes, ordinals, and numbers that only end in 10.
  EXPECT_EQ(text("<p>word<sup>1</sup> 2010<sup>2</sup> 1<sup>st</sup> x<sup><a href=#n>2</a></sup> it <sup>3</sup> km<sup>5</sup> 1.5<sup>2</sup>"),
            "word1 20102 1st x2 it 3 km5 1.52");
  EXPECT_EQ(text("<p>\xc3\xa9t\xc3\xa9 <b>10</b><sup>4</sup> caf\xc3\xa9s<sup>2</sup>"), "\xc3\xa9t\xc3\xa9 10^4 caf\xc3\xa9s2");
}

TEST(Write, DelimitedTeX) {
  Written page("<p>Let \\( x*y*z \\) be * a * b, <code>\\(k\\)</code></p>");
  page.code("code", "\\(k\\)", "", false);
  page.page.delimiters.pairs.push_back({"\\(", "\\)", false});
  EXPECT_EQ(page.markdown(), "Let $x*y*z$ be * a * b, `\\(k\\)`");
  EXPECT_EQ(page.as(Format::html), "<p>Let <span class=\"math inline\">\\(x*y*z\\)</span> be * a * b, <code>\\(k\\)</code></p>");
}

TEST(Write, LinksAndImages) {
  const std::string_view page =
      "<p>See <a href=' /a b(c)?x=1&amp;y '>the [one]</a>, <a href='#top'>up</a>, <a href=\"javascript:x()\">no</a><a href=/q> </a>"
      "<img src=i.png alt='An [image]'></p><a href=/card><div>one</div><div>two</div></a>";
  EXPECT_EQ(markdown(page), "See the [one], up, no\n\none\n\ntwo");
  WriteOptions options;
  options.links = options.images = true;
  EXPECT_EQ(markdown(page, options),
            "See [the \\[one\\]](/a%20b%28c%29?x=1&y), up, no ![An \\[image\\]](i.png)\n\n[one](/card)\n\n[two](/card)");
  EXPECT_EQ(html(page, options),
            "<p>See <a href=\"/a%20b%28c%29?x=1&amp;y\">the [one]</a>, up, no <img src=\"i.png\" alt=\"An [image]\"></p>\n"
            "<p><a href=\"/card\">one</a></p>\n<p><a href=\"/card\">two</a></p>");
  EXPECT_EQ(text(page), "See the [one], up, no\n\none\n\ntwo");
}

TEST(Write, EscapesOnlyWhatWouldBeRead) {
  for (std::string plain : {"snake_case_name", "5 * 3 = 15", "a*b", "C# and #hash", "[1] see", "costs 10$ or $5 each", "$5 and $10", "x -", "it's 1.5 m",
                            "a -- b", "~5", "f(x) -> y!", "100_000", "(c) [a](", "C:\\dir", "a [b] (c)", "1.5. x", "3) 4. y", "AT&T R&D"})
    EXPECT_EQ(markdown("<p>x " + plain), "x " + plain);
  EXPECT_EQ(markdown("<p>x &lt; y &lt;b"), "x < y <b");
  EXPECT_EQ(markdown("<p>*a* and **b**"), "\\*a\\* and \\*\\*b\\*\\*");
  EXPECT_EQ(markdown("<p>_a_ b_c_d"), "\\_a\\_ b_c_d");
  EXPECT_EQ(markdown("<p>~~a~~"), "\\~\\~a\\~\\~");
  EXPECT_EQ(markdown("<p># a"), "\\# a");
  EXPECT_EQ(markdown("<p>#a"), "#a");
  EXPECT_EQ(markdown("<p>1. a<br>2) b<br>1234567890. c"), "1\\. a\n2\\) b\n1234567890. c");
  EXPECT_EQ(markdown("<p>- a<br>+ b<br>-c"), "\\- a\n\\+ b\n-c");
  EXPECT_EQ(markdown("<p>> a"), "\\> a");
  EXPECT_EQ(markdown("<p>a<br>==="), "a\n\\===");
  EXPECT_EQ(markdown("<p>---"), "\\---");
  EXPECT_EQ(markdown("<p>* * *"), "\\* * *");
  EXPECT_EQ(markdown("<p>```<br>a"), "\\```\na");
  EXPECT_EQ(markdown("<p>a | b<br>--|--"), "a | b\n\\--|--");
  EXPECT_EQ(markdown("<p>[a]: b"), "\\[a]: b");
  EXPECT_EQ(markdown("<p>[a](b)"), "[a\\](b)");
  EXPECT_EQ(markdown("<p>List&lt;T&gt; &amp;amp; x"), "List\\<T> \\&amp; x");
  EXPECT_EQ(markdown("<p>$a$"), "\\$a\\$");
  EXPECT_EQ(markdown("<p>a `b` c"), "a \\`b\\` c");
  EXPECT_EQ(markdown("<p>a \\* b"), "a \\\\* b");
  EXPECT_EQ(markdown("<h2>a #</h2><h2>1. C#</h2>"), "## a \\#\n\n## 1. C#");
  // Text has no escapes.
  EXPECT_EQ(text("<p>*a* # 1. $a$"), "*a* # 1. $a$");
}

TEST(Write, InlineOfCells) {
  Written page("<table><tr><td><p>a</p><p>b</p>c<br>d</td><td># e</td></tr></table>");
  const auto cell = page.find("td"), second = page.find("td", 1);
  std::string out = "| ";
  write_inline(page.page, page.page.tree[cell].first_child, page.page.tree.behind(cell), {}, out);
  EXPECT_EQ(out, "| a\nb\nc\nd");
  out.clear();
  write_inline(page.page, page.page.tree[second].first_child, page.page.tree.behind(second), {}, out);
  EXPECT_EQ(out, "# e");
  write_inline(page.page, kNoNode, kNoNode, {}, out);
  EXPECT_EQ(out, "# e");
}

TEST(Write, DeepNestingStaysLinear) {
  const auto page = repeated("<ul><li><blockquote>", 170) + repeated("<p>x</p>", 2000);
  const auto out = markdown(page);
  EXPECT_LT(out.size(), 2000u * 2 * 60);
  EXPECT_NE(out.find("- > - > - > - > - > - > - > - > x"), std::string::npos);
  // Texts between items make no list be counted twice.
  EXPECT_GT(markdown("<ol>" + repeated("text<li>item</li>", 50000)).size(), 500000u);
}

TEST(Write, Nothing) {
  EXPECT_EQ(markdown(""), "");
  EXPECT_EQ(html("<ul><li> <li></ul>"), "");
  std::string out = "before";
  const Written page("<p>a");
  write_blocks(page.page, {}, {}, out);
  EXPECT_EQ(out, "before");
}

}  // namespace
}  // namespace millrace::extract
