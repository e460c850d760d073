// Code as a reader of the page sees it. The pages below are written in the manner of the software named; what is expected is read off them by
// hand. Real pages with golds are scored by bench/extraction/code_blocks.py.
#include "native/extract/code.h"

#include <gtest/gtest.h>

#include "native/extract/code_gutter.h"
#include "native/extract/math.h"

namespace millrace::extract {
namespace {

struct Parsed {
  Page page;
  explicit Parsed(std::string_view html) {
    html::Parser parser;
    parser.parse(html, page.tree);
    page.reset();
    rescue_code(page);
  }
  std::vector<const Rescued*> found(bool block) const {
    std::vector<const Rescued*> result;
    for (NodeId id = 0; id != kNoNode; id = page.role[id] == Role::none ? page.tree.following(id) : page.tree.behind(id))
      if (page.role[id] == Role::code && page.at(id).block == block) result.push_back(&page.at(id));
    return result;
  }
  std::vector<std::string> texts(bool block) const {
    std::vector<std::string> result;
    for (const auto* one : found(block)) result.push_back(one->text);
    return result;
  }
  // What a reader still sees: all text outside code and what is skipped.
  std::string rest() const {
    std::string result;
    for (NodeId id = 0; id != kNoNode; id = page.role[id] == Role::none ? page.tree.following(id) : page.tree.behind(id))
      if (page.tree[id].kind == html::Kind::text && page.role[id] == Role::none) result += page.tree.text(id);
    return result;
  }
};

using Texts = std::vector<std::string>;

std::string block(std::string_view html) {
  const auto texts = Parsed(html).texts(true);
  EXPECT_EQ(texts.size(), 1u) << html;
  return texts.empty() ? "" : texts[0];
}

std::string language(std::string_view html) {
  Parsed parsed(html);
  const auto found = parsed.found(true);
  return found.empty() ? "(no code)" : found[0]->language;
}

std::string without_numbers(std::string text) {
  strip_line_numbers(text);
  return text;
}

TEST(Code, TakesPreAsItStands) {
  EXPECT_EQ(block("<pre>\n\n  a\n    b  \n\n  c\n\n</pre>"), "a\n  b\n\nc");
  EXPECT_EQ(block("<pre>x\r\n&nbsp;&nbsp;y\r\n</pre>"), "x\n  y");
  EXPECT_EQ(block("<pre><code>$ npm i\n<b>done</b></code></pre>"), "$ npm i\ndone");
  EXPECT_EQ(block("<pre>one<br>two<br/>three</pre>"), "one\ntwo\nthree");
  EXPECT_EQ(block("<pre><div>if (a)</div><div>  b()</div><div><br></div><div>c()</div></pre>"), "if (a)\n  b()\n\nc()");
  EXPECT_EQ(block("<pre><ol>\n<li>a</li>\n<li></li>\n<li>  b</li>\n</ol></pre>"), "a\n\n  b");
}

TEST(Code, ShowsALineEndOnceWherePagesSetBoth) {
  EXPECT_EQ(block("<pre>a<br>\nb<br>\nc</pre>"), "a\nb\nc");
  EXPECT_EQ(block("<pre>a<br>\nb\n\nc</pre>"), "a\n\nb\n\nc");
}

TEST(Code, ReadsTheLanguageThatThePageNames) {
  EXPECT_EQ(language("<pre><code class='language-rust'>x</code></pre>"), "rust");
  EXPECT_EQ(language("<pre class='lang-py prettyprint'>x</pre>"), "py");
  EXPECT_EQ(language("<pre class='brush: java; toolbar: false'>x</pre>"), "java");
  EXPECT_EQ(language("<pre class='brush:cpp'>x</pre>"), "cpp");
  EXPECT_EQ(language("<div class='highlight highlight-source-shell'><pre>x</pre></div>"), "shell");
  EXPECT_EQ(language("<div class='highlight-python notranslate'><div class='highlight'><pre><span></span>x</pre></div></div>"), "python");
  EXPECT_EQ(language("<div class='highlight-default notranslate'><div class='highlight'><pre>x</pre></div></div>"), "");
  EXPECT_EQ(language("<div class='sourceCode'><pre class='sourceCode haskell'><code>x</code></pre></div>"), "haskell");
  EXPECT_EQ(language("<pre><code class='hljs javascript'>x</code></pre>"), "javascript");
  EXPECT_EQ(language("<pre><code class='hljs plaintext'>x</code></pre>"), "");
  EXPECT_EQ(language("<pre data-lang='Go'>x</pre>"), "go");
  EXPECT_EQ(language("<figure class='highlight ruby'><table><tr><td class='gutter'><pre>1</pre></td><td class='code'><pre>x</pre></td></tr></table></figure>"), "ruby");
  EXPECT_EQ(language("<pre class='src src-emacs-lisp'>x</pre>"), "emacs-lisp");
  EXPECT_EQ(language("<div class='mw-highlight mw-highlight-lang-lua'><pre>x</pre></div>"), "lua");
  EXPECT_EQ(language("<pre lang='en'>x</pre>"), "");
  EXPECT_EQ(language("<body class='article c'><pre>x</pre></body>"), "");
}

TEST(Code, LeavesOutGuttersAndButtons) {
  const char* kPages[] = {
      // Pygments, linenos=table
      "<table class='highlighttable'><tr><td class='linenos'><div class='linenodiv'><pre>1\n2\n3</pre></div></td>"
      "<td class='code'><div><pre><span></span>if a:\n\n    b\n</pre></div></td></tr></table>",
      // Pygments, linenos=inline
      "<div class='highlight'><pre><span class='linenos'>1 </span>if a:\n<span class='linenos'>2 </span>\n<span class='linenos'>3 </span>    b\n</pre></div>",
      // Rouge
      "<table class='rouge-table'><tbody><tr><td class='rouge-gutter gl'><pre class='lineno'>1\n2\n3\n</pre></td>"
      "<td class='rouge-code'><pre>if a:\n\n    b\n</pre></td></tr></tbody></table>",
      // Chroma, lineNumbersInTable
      "<div class='chroma'><table class='lntable'><tr><td class='lntd'><pre class='chroma'><code><span class='lnt'>1\n</span><span class='lnt'>2\n</span>"
      "<span class='lnt'>3\n</span></code></pre></td><td class='lntd'><pre class='chroma'><code>if a:\n\n    b\n</code></pre></td></tr></table></div>",
      // GitHub
      "<table><tr><td id='L1' class='blob-num' data-line-number='1'></td><td class='blob-code'>if a:</td></tr>"
      "<tr><td class='blob-num' data-line-number='2'></td><td class='blob-code'>\n</td></tr>"
      "<tr><td class='blob-num' data-line-number='3'></td><td class='blob-code'>    b</td></tr></table>",
      // highlightjs-line-numbers
      "<pre><code class='hljs'><table class='hljs-ln'><tbody><tr><td class='hljs-ln-line hljs-ln-numbers' data-line-number='1'><div class='hljs-ln-n' "
      "data-line-number='1'></div></td><td class='hljs-ln-line hljs-ln-code'>if a:</td></tr><tr><td class='hljs-ln-numbers' data-line-number='2'></td>"
      "<td class='hljs-ln-code'></td></tr><tr><td class='hljs-ln-numbers' data-line-number='3'></td><td class='hljs-ln-code'>    b</td></tr></tbody></table></code></pre>",
      // A column beside the block, and the same behind it (pre-numbering)
      "<div class='box'><div class='side'><pre>1\n2\n3</pre></div><div><pre>if a:\n\n    b</pre></div></div>",
      "<div><pre>if a:\n\n    b</pre><ul class='pre-numbering'><li>1</li><li>2</li><li>3</li></ul></div>",
      // Prism's rows and toolbar
      "<div class='code-toolbar'><pre class='line-numbers'><code>if a:\n\n    b<span aria-hidden='true' class='line-numbers-rows'><span></span><span></span></span>"
      "</code></pre><div class='toolbar'><button class='copy-to-clipboard-button'>Copy</button></div></div>",
      // A button inside
      "<pre><button class='btn'>Copy code</button><div class='copy-btn'>Copy</div>if a:\n\n    b</pre>",
  };
  for (const char* html : kPages) EXPECT_EQ(Parsed(html).texts(true), Texts{"if a:\n\n    b"}) << html;
}

TEST(Code, TakesTheBarAboveABlock) {
  Parsed parsed("<p>Run:</p><div class='code'><div class='head'><span>Python</span><button>Copy code</button></div><div><pre><code>f()</code></pre></div></div>");
  ASSERT_EQ(parsed.found(true).size(), 1u);
  EXPECT_EQ(parsed.found(true)[0]->language, "python");
  EXPECT_EQ(parsed.rest(), "Run:");
  EXPECT_EQ(Parsed("<div class='code-copy'><pre>a</pre></div><div class='code-copy'>and<pre>b</pre></div>").texts(true), (Texts{"a", "b"}));
  EXPECT_EQ(Parsed("<h3>Python</h3><pre>f()</pre>").rest(), "Python");
  EXPECT_EQ(Parsed("<div>In Python</div><pre>f()</pre>").rest(), "In Python");
}

TEST(Code, LeavesTextBesideCodeThatIsNoGutter) {
  Parsed parsed("<table><tr><td><pre>for i in range(2):\n    print(i)</pre></td><td>0 1</td></tr></table>");
  EXPECT_EQ(parsed.rest(), "0 1");
  Parsed years("<p>2019 2020 2021</p><pre>a\nb</pre>");
  EXPECT_EQ(years.rest(), "2019 2020 2021");
}

TEST(Code, TakesNumbersOffOnlyWhereTheyCountLines) {
  EXPECT_EQ(without_numbers("1 a\n2   b\n3\n4 c"), "a\n  b\n\nc");
  EXPECT_EQ(without_numbers(" 8. a\n 9. b\n10. c\n11.   d"), "a\nb\nc\n  d");
  EXPECT_EQ(without_numbers("9 a\n10 b\n11 c\n12   d"), "a\nb\nc\n  d");
  EXPECT_EQ(without_numbers("7: a\n8: b\n9: c\n10: d\nend"), "a\nb\nc\nd\nend");
  for (const char* same : {"1 2 3\n4 5 6\n7 8 9\n1 1 1", "1 a\n2 b\n3 c", "10 PRINT A\n20 GOTO 10\n30 END\n40 REM", "1\n2\n3\n4\n5", "x\ny\nz\n1 a\n2 b\n3 c\n4 d"})
    EXPECT_EQ(without_numbers(same), same);
}

TEST(Code, GroupsLinesThatAreEachOneElement) {
  EXPECT_EQ(block("<p>See:</p><div class='c'><div><code>int</code> <code>a</code><code>;</code></div><div><code>&nbsp;&nbsp;</code><code>b();</code></div></div>"),
            "int a;\n  b();");
  EXPECT_EQ(block("<p>See:</p><div><code>make</code><br><code>make install</code></div>"), "make\nmake install");
  EXPECT_EQ(block("<div>Code:<hr><code>int a;<br />\n<br />\n&nbsp; b();<br />\n}</code></div>"), "int a;\n\n  b();\n}");
  EXPECT_EQ(block("<p><code>npm install</code></p><p>and then more text</p>"), "npm install");
  EXPECT_EQ(block("<p><code>def f():\n    return 1</code></p><p>text</p>"), "def f():\n    return 1");
}

TEST(Code, LeavesCodeWithinText) {
  for (const char* html : {"<p>Call <code>f(x)</code> now</p>", "<ul><li><code>f(x)</code></li></ul>", "<h2><code>f(x)</code></h2>",
                           "<table><tr><td><code>f(x)</code></td></tr></table>", "<div><p><a href='/f'><code>f(x)</code></a></p></div>",
                           "<p>Call <code>f\n(x)</code> now</p>"}) {
    Parsed parsed(html);
    EXPECT_EQ(parsed.texts(true), Texts{}) << html;
    EXPECT_EQ(parsed.texts(false).size(), 1u) << html;
  }
  EXPECT_EQ(Parsed("<p>Call <code>a\n  b</code> now</p>").texts(false), Texts{"a b"});
  EXPECT_EQ(Parsed("<p>The log: <code>a\n  b\nc</code> ends</p>").texts(true), Texts{"a\n  b\nc"});
  EXPECT_EQ(Parsed("<ul><li><code>a</code></li><li><code>b</code></li></ul>").texts(false), (Texts{"a", "b"}));
}

TEST(Code, ReadsBoxesOfForumsAndEditors) {
  EXPECT_EQ(block("<div class='blockcode'><div id='code_1'><ol><li>a = 1<br></li><li><br></li><li>    b<br></li></ol></div><em onclick='c()'>Copy</em></div>"),
            "a = 1\n\n    b");
  EXPECT_EQ(block("<table><tr><td class='code'>int a;<br />&nbsp;&nbsp;b();</td></tr></table>"), "int a;\n  b();");
  EXPECT_EQ(block("<div class='cm-content'><div class='cm-line'>let a</div><div class='cm-line'><br></div><div class='cm-line'>  b</div></div>"), "let a\n\n  b");
  EXPECT_EQ(block("<dl class='codebox'><dt>Code: </dt><dd><code>a\n  b</code></dd></dl>"), "a\n  b");
}

TEST(Code, TakesAPreThatIsABoxForABox) {
  Parsed mixed("<pre>say<code>a\n  b</code>then</pre>");
  EXPECT_EQ(mixed.texts(true), Texts{"a\n  b"});
  EXPECT_EQ(mixed.rest(), "saythen");
  EXPECT_EQ(Parsed("<pre><h2>Title</h2>text</pre>").texts(true), Texts{});
}

TEST(Code, DoesNotLookIntoFormulas) {
  html::Parser parser;
  Page page;
  parser.parse("<pre>let <i>x</i> be</pre>", page.tree);
  page.reset();
  for (NodeId id = 0; id != kNoNode; id = page.tree.following(id))
    if (page.tree[id].tag == html::tag::i) page.rescue(Role::formula, {id, false, "x^2", ""});
  rescue_code(page);
  ASSERT_EQ(page.rescued.size(), 2u);
  EXPECT_EQ(page.rescued[1].text, "let $x^2$ be");
}

// Work is linear: a page ten times as large must not take a hundred times as long. Counted by hand, these pages would take hours.
TEST(Code, StaysLinearOnHostilePages) {
  std::string deep, wide, gutters, rows = "<table>";
  for (int i = 0; i < 500; ++i) deep += "<div class='gutter line-number'><code>a</code>";
  for (int i = 0; i < 100000; ++i) deep += "<b>1</b> ";
  for (int i = 0; i < 200000; ++i) wide += "<code>a</code> ";
  for (int i = 0; i < 50000; ++i) gutters += "<div>1 2 3</div><pre>a\nb\nc</pre>";
  for (int i = 0; i < 200000; ++i) rows += "<tr><td data-line-number=1><td>x";
  std::string nested;
  for (int i = 0; i < 400; ++i) nested += "<table><tr><td>1</td><td class=code>";
  for (int i = 0; i < 100000; ++i) nested += "<i>x</i>";
  for (const auto& html : {deep, "<div>" + wide + "</div>", gutters, rows, nested}) Parsed parsed(html);
}

}  // namespace
}  // namespace millrace::extract
