// MathML -> LaTeX. Expected values are the TeX that the MathML was made from: by MathJax 2.7 and 3, Temml 0.13 and KaTeX, by MediaWiki, or by
// the authors of the MathML 3 specification. bench/extraction/mathml.ts compares thousands more through KaTeX.
#include <gtest/gtest.h>

#include <chrono>

#include "native/extract/math.h"
#include "native/extract/mathml.h"

namespace millrace::extract {
namespace {

std::string latex(std::string_view html) {
  html::Parser parser;
  Tree tree;
  parser.parse(html, tree);
  for (NodeId id = 0; id != kNoNode; id = tree.following(id)) {
    if (tree[id].kind != html::Kind::element) continue;
    const auto name = tree.name(tree[id]);
    if (name == "math" || (name.size() > 5 && name.substr(name.size() - 5) == ":math")) return mathml_to_latex(tree, id);
  }
  return "no math";
}
std::string row(const std::string& inner) { return latex("<math><mrow>" + inner + "</mrow></math>"); }

TEST(MathML, Tokens) {
  EXPECT_EQ(row("<mi>x</mi><mo>=</mo><mn>12.5</mn>"), "x=12.5");
  EXPECT_EQ(row("<mi>α</mi><mi>x</mi><mi>Γ</mi><mi>ℓ</mi>"), "\\alpha x\\Gamma\\ell");
  EXPECT_EQ(row("<mi>&#x03C3;<!-- σ --></mi><mo>&#x2264;<!-- ≤ --></mo><mn>1</mn>"), "\\sigma\\le1");
  EXPECT_EQ(row("<mi>sin</mi><mo>&#x2061;</mo><mi>x</mi>"), "\\sin x");
  EXPECT_EQ(row("<mi>Var</mi><mo>&#x2061;</mo><mo stretchy=false>(</mo><mi>X</mi><mo stretchy=false>)</mo>"), "\\operatorname{Var}(X)");
  EXPECT_EQ(row("<mi mathvariant=normal>d</mi><mi mathvariant=bold>x</mi><mi mathvariant=double-struck>R</mi>"),
            "\\mathrm{d}\\mathbf{x}\\mathbb{R}");
  EXPECT_EQ(row("<mi mathvariant=bold>a</mi><mi mathvariant=bold>b</mi>"), "\\mathbf{ab}");
  EXPECT_EQ(row("<mi>𝐱</mi><mi>ℝ</mi><mi>𝔤</mi><mi>𝑥</mi><mi>𝛼</mi><mn>𝟏</mn>"), "\\mathbf{x}\\mathbb{R}\\mathfrak{g}x\\alpha\\mathbf{1}");
  EXPECT_EQ(row("<mn>100</mn><mo>%</mo><mo>#</mo><mo>&amp;</mo><mo>{</mo><mo>_</mo>"), "100\\%\\#\\&\\{\\_");
  EXPECT_EQ(row("<mtext>if&nbsp;</mtext><mi>x</mi><mtext>50% {a}</mtext>"), "\\text{if }x\\text{50\\% \\{a\\}}");
  EXPECT_EQ(row("<mi>a</mi><mspace width=1em /><mi>b</mi><mspace width=thinmathspace /><mi>c</mi>"), "a\\quad b\\,c");
  EXPECT_EQ(latex("<math></math>"), "");
}

TEST(MathML, Scripts) {
  EXPECT_EQ(row("<msup><mi>x</mi><mn>2</mn></msup>"), "x^2");
  EXPECT_EQ(row("<msubsup><mi>a</mi><mrow><mi>i</mi><mi>j</mi></mrow><mn>10</mn></msubsup>"), "a_{ij}^{10}");
  EXPECT_EQ(row("<msup><mrow><mi>a</mi><mo>+</mo><mi>b</mi></mrow><mn>2</mn></msup>"), "{a+b}^2");
  EXPECT_EQ(row("<mo stretchy=false>(</mo><mi>x</mi><msup><mo stretchy=false>)</mo><mn>2</mn></msup>"), "(x)^2");
  EXPECT_EQ(row("<msup><mrow><mo>(</mo><mi>x</mi><mo>)</mo></mrow><mn>2</mn></msup>"), "\\left(x\\right)^2");
  EXPECT_EQ(row("<msup><mrow><mo fence=true form=prefix stretchy=false>(</mo><mi>x</mi><mo fence=true form=postfix "
                "stretchy=false>)</mo></mrow><mn>2</mn></msup>"),
            "(x)^2");
  EXPECT_EQ(row("<msup><mi>f</mi><mo>′</mo></msup><msup><mi>g</mi><mo>″</mo></msup>"), "f'g''");
  EXPECT_EQ(row("<msup><mi>x</mi><msup><mi>y</mi><mn>2</mn></msup></msup>"), "x^{y^2}");
  EXPECT_EQ(row("<msup><msup><mi>x</mi><mi>y</mi></msup><mi>z</mi></msup>"), "{x^y}^z");
  EXPECT_EQ(row("<mmultiscripts><mi>C</mi><mn>6</mn><none/><mprescripts/><none/><mn>14</mn></mmultiscripts>"), "{}^{14}C_6");
}

TEST(MathML, LimitsAndAccents) {
  EXPECT_EQ(row("<munderover><mo>∑</mo><mrow><mi>i</mi><mo>=</mo><mn>1</mn></mrow><mi>n</mi></munderover><mi>i</mi>"), "\\sum_{i=1}^ni");
  EXPECT_EQ(row("<munder><mo movablelimits=true>lim</mo><mrow><mi>n</mi><mo>→</mo><mi>∞</mi></mrow></munder>"), "\\lim_{n\\to\\infty}");
  EXPECT_EQ(row("<munder><mi>argmax</mi><mi>θ</mi></munder>"), "\\operatorname*{argmax}_{\\theta}");
  EXPECT_EQ(row("<mover><mi>x</mi><mo stretchy=false>¯</mo></mover><mover><mrow><mi>A</mi><mi>B</mi></mrow><mo>¯</mo></mover>"),
            "\\bar{x}\\overline{AB}");
  EXPECT_EQ(row("<mover><mi>v</mi><mo stretchy=false>→</mo></mover><mover><mi>x</mi><mo>˙</mo></mover>"), "\\vec{v}\\dot{x}");
  EXPECT_EQ(row("<munder><munder><mi>x</mi><mo>⏟</mo></munder><mi>n</mi></munder>"), "\\underbrace{x}_n");
  EXPECT_EQ(row("<mover><mo>=</mo><mi>!</mi></mover>"), "\\overset{!}{=}");
  EXPECT_EQ(row("<munderover><mo>→</mo><mi>a</mi><mi>b</mi></munderover>"), "\\xrightarrow[a]{b}");
  EXPECT_EQ(row("<munderover><mo>∫</mo><mn>0</mn><mn>1</mn></munderover>"), "\\int\\limits_0^1");
}

TEST(MathML, FractionsAndRoots) {
  EXPECT_EQ(row("<mfrac><mrow><mo>−</mo><mi>b</mi><mo>±</mo><msqrt><msup><mi>b</mi><mn>2</mn></msup><mo>−</mo><mn>4</mn><mi>a</mi><mi>c</"
                "mi></msqrt></mrow><mrow><mn>2</mn><mi>a</mi></mrow></mfrac>"),
            "\\frac{-b\\pm\\sqrt{b^2-4ac}}{2a}");
  EXPECT_EQ(row("<mroot><mi>x</mi><mn>3</mn></mroot>"), "\\sqrt[3]{x}");
  EXPECT_EQ(row("<mroot><mi>x</mi><mrow><mo>]</mo></mrow></mroot>"), "\\sqrt[{]}]{x}");
  EXPECT_EQ(row("<mo>(</mo><mfrac linethickness=0><mi>n</mi><mi>k</mi></mfrac><mo>)</mo><msup><mi>p</mi><mi>k</mi></msup>"),
            "\\binom{n}{k}p^k");
  EXPECT_EQ(row("<mfrac linethickness=0pt><mi>n</mi><mi>k</mi></mfrac>"), "\\genfrac{}{}{0pt}{}{n}{k}");
}

TEST(MathML, FencesAlwaysBalance) {
  EXPECT_EQ(row("<mo>[</mo><mi>x</mi><mo>)</mo>"), "\\left[x\\right)");
  EXPECT_EQ(row("<mo>(</mo><mi>a</mi><mo>)</mo><mo>+</mo><mo>(</mo><mi>b</mi><mo>)</mo>"), "(a)+(b)");
  EXPECT_EQ(row("<mo>(</mo><mi>x</mi>"), "(x");
  EXPECT_EQ(row("<mi>x</mi><mo>)</mo>"), "x)");
  EXPECT_EQ(row("<mo>{</mo><mi>x</mi><mo fence=true stretchy=true></mo>"), "\\left\\{x\\right.");
  EXPECT_EQ(row("<mo>|</mo><mi>x</mi><mo>|</mo><mi>y</mi><mo>|</mo>"), "|x|y|");
  EXPECT_EQ(row("<mfenced open=\"[\" close=\"\"><mi>x</mi><mi>y</mi></mfenced>"), "\\left[x,y\\right.");
  EXPECT_EQ(row("<mfenced separators=';'><mi>x</mi><mi>y</mi><mi>z</mi></mfenced>"), "\\left(x;y;z\\right)");
}

TEST(MathML, Tables) {
  const std::string cells =
      "<mtable><mtr><mtd><mn>1</mn></mtd><mtd><mn>2</mn></mtd></mtr><mtr><mtd><mo>[</mo></mtd><mtd></mtd></mtr></mtable>";
  EXPECT_EQ(row("<mo>(</mo>" + cells + "<mo>)</mo>"), "\\begin{pmatrix}1 & 2 \\\\ {}[ & \\end{pmatrix}");
  EXPECT_EQ(row("<mi>A</mi><mo>=</mo><mo>|</mo>" + cells + "<mo>|</mo>"), "A=\\begin{vmatrix}1 & 2 \\\\ {}[ & \\end{vmatrix}");
  EXPECT_EQ(
      row("<mo>{</mo><mtable columnalign='left left'><mtr><mtd><mi>a</mi></mtd><mtd><mi>b</mi></mtd></mtr></mtable><mo fence=true></mo>"),
      "\\begin{cases}a & b\\end{cases}");
  EXPECT_EQ(
      row("<mtable columnalign='right left right left'><mtr><mtd><mi>a</mi></mtd><mtd><mi></mi><mo>=</mo><mi>b</mi></mtd></mtr></mtable>"),
      "\\begin{aligned}a & =b\\end{aligned}");
  EXPECT_EQ(row("<mtable columnalign='left center right'><mtr><mtd>a</mtd><mtd>b</mtd><mtd>c</mtd></mtr></mtable>"),
            "\\begin{array}{lcr}a & b & c\\end{array}");
  EXPECT_EQ(row("<munder><mo>∑</mo><mtable><mtr><mtd><mi>i</mi></mtd></mtr><mtr><mtd><mi>j</mi></mtd></mtr></mtable></munder>"),
            "\\sum_{\\substack{i \\\\ j}}");
  EXPECT_EQ(row("<mtable><mlabeledtr><mtd><mtext>(1)</mtext></mtd><mtd><mi>x</mi></mtd></mlabeledtr></mtable>"),
            "\\begin{matrix}x\\end{matrix}");
}

TEST(MathML, PrefixesAndForeignParts) {
  EXPECT_EQ(latex("<m:math><m:msup><m:mi>x</m:mi><m:mn>2</m:mn></m:msup></m:math>"), "x^2");
  EXPECT_EQ(latex("<mml:math><mml:mmultiscripts><mml:mi>X</mml:mi><mml:none/><mml:mi>a</mml:mi><mml:mprescripts/><mml:mi>b</"
                  "mml:mi><mml:none/></mml:mmultiscripts></mml:math>"),
            "{}_bX^a");
  EXPECT_EQ(latex("<math><semantics><mi>x</mi><annotation encoding='application/x-tex'>wrong</annotation></semantics></math>"), "x");
  EXPECT_EQ(latex("<math><maction><mi>x</mi><mi>y</mi></maction><menclose notation=box><mi>z</mi></menclose></math>"), "x\\boxed{z}");
  EXPECT_EQ(latex("<math>a + <mi>b</mi></math>"), "a\\ +b");
}

TEST(MathML, HostileInputIsLinear) {
  const auto repeat = [](std::string_view piece, size_t n) {
    std::string out;
    for (size_t i = 0; i < n; ++i) out += piece;
    return out;
  };
  std::string deep;
  for (int i = 0; i < 2000; ++i) deep += repeat("<mfrac><mn>1</mn>", 500) + "</math><math>";
  for (const auto& html : {"<math>" + repeat("<mi>x</mi>", 1000000), "<math>" + repeat("<mrow>", 1000000), "<math>" + deep,
                           "<math><mrow>" + repeat("<mo>(</mo>", 500000), "<math><mtable>" + repeat("<mtr><mtd>1</mtd></mtr>", 200000),
                           "<math><mmultiscripts>" + repeat("<mi>a</mi>", 500000)}) {
    html::Parser parser;
    Tree tree;
    parser.parse(html, tree);
    size_t bytes = 0;
    const auto begin = std::chrono::steady_clock::now();
    for (NodeId id = 0; id != kNoNode; id = tree.following(id))
      if (tree[id].kind == html::Kind::element && tree[id].tag == html::tag::math) bytes += mathml_to_latex(tree, id).size();
    EXPECT_LT(bytes, html.size());
    EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(20));  // milliseconds; quadratic work would take minutes
  }
}

}  // namespace
}  // namespace millrace::extract
