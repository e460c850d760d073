// Formulas of pages. The markup is what each software writes (their documentation, and pages saved from browsers); what is expected is the
// TeX its author typed.
#include "native/extract/math.h"

#include <gtest/gtest.h>

#include "native/extract/math_parts.h"

namespace millrace::extract {
namespace {

std::vector<std::string> formulas(std::string_view html) {
  html::Parser parser;
  Page page;
  parser.parse(html, page.tree);
  page.reset();
  rescue_math(page);
  std::vector<Formula> found;
  list_formulas(page, found);
  std::vector<std::string> all;
  for (auto& formula : found) all.push_back((formula.display ? "$$" : "$") + formula.latex);
  return all;
}
using List = std::vector<std::string>;

TEST(Math, AnnotationsAndTwins) {
  EXPECT_EQ(
      formulas("<p>a <span class=mwe-math-element><span style='display:none'><math alttext='{\\displaystyle x^{2}}'><semantics><mi>y</mi>"
               "<annotation encoding='application/x-tex'>{\\displaystyle x^{2}}</annotation></semantics></math></span>"
               "<img class=mwe-math-fallback-image-inline alt='{\\displaystyle x^{2}}' src=x.svg></span>"),
      List{"$x^{2}"});
  EXPECT_EQ(formulas("<span class=katex-display><span class=katex><span class=katex-mathml><math><semantics><mi>E</mi><annotation "
                     "encoding='application/x-tex'>"
                     "E = mc^2</annotation></semantics></math></span><span class=katex-html aria-hidden=true>E=mc2</span></span></span>"),
            List{"$$E = mc^2"});
  EXPECT_EQ(formulas("<math alttext='\\sqrt{2}' display=block><mi>wrong</mi></math>"), List{"$$\\sqrt{2}"});
  EXPECT_EQ(formulas("<math alttext='x squared'><msup><mi>x</mi><mn>2</mn></msup></math>"), List{"$x^2"});
  EXPECT_EQ(formulas("<m:math><m:mi>k</m:mi></m:math>"), List{"$k"});
  const std::string katex =
      "<span class=katex><span class=katex-mathml><math><semantics><mi>a</mi><annotation "
      "encoding='application/x-tex'>a</annotation></semantics></math></span>"
      "<span class=katex-html aria-hidden=true><span class=math>a=b</span></span></span>";
  EXPECT_EQ(formulas("<div class=math>" + katex + " and " + katex + "</div>"), (List{"$a", "$a"}));
}

TEST(Math, MathJax) {
  EXPECT_EQ(formulas("<p><script type='math/tex'>x+y</script><script type='math/tex; mode=display'>% <![CDATA[\na < b %]]></script><script "
                     "type='math/tex'></script>"),
            (List{"$x+y", "$$a < b"}));
  EXPECT_EQ(formulas("<span class=MathJax_Preview>x?</span><span class=MathJax id=MathJax-Element-1-Frame><nobr>xx</nobr></span><script "
                     "type='math/tex'>x_1</script>"),
            List{"$x_1"});
  EXPECT_EQ(formulas("<span class=MathJax_Preview></span><div class=MathJax_Display><span class=MathJax "
                     "data-mathml='<math><mi>q</mi></math>'>q</span></div>"),
            List{"$$q"});
  EXPECT_EQ(formulas("<mjx-container "
                     "display=true><mjx-math>?</mjx-math><mjx-assistive-mml><math><mi>π</mi></math></mjx-assistive-mml></mjx-container>"),
            List{"$$\\pi"});
  EXPECT_EQ(formulas("<script type='math/mml'><math><mi>x</mi></math></script><script type='math/asciimath'>a/b</script>"),
            (List{"$x", "$\\frac{a}{b}"}));
}

TEST(Math, NamedElements) {
  EXPECT_EQ(
      formulas("<span class=math-container>$h$</span> <span class=math-container>$$a=b$$</span> <span class=d-none>$\\begingroup$</span>"),
      (List{"$h", "$$a=b"}));
  EXPECT_EQ(formulas("<span class='math notranslate nohighlight'>\\(x\\)</span><div class='math notranslate'>\\[y\n+1\\]</div>"),
            (List{"$x", "$$y +1"}));
  EXPECT_EQ(formulas("<span class='math inline'>\\(x\\)</span><span class='math display'>\\[y\\]</span>"), (List{"$x", "$$y"}));
  EXPECT_EQ(formulas("<span class=ztext-math data-eeimg=1 data-tex='\\alpha'><span>a</span></span><span class=wp-katex-eq "
                     "data-display=true>z^2</span>"),
            (List{"$\\alpha", "$$z^2"}));
  EXPECT_EQ(formulas("<math-renderer class=js-inline-math>$\\sqrt{3}$</math-renderer><span class=math-tex>\\(q\\)</span>"),
            (List{"$\\sqrt{3}", "$q"}));
  EXPECT_EQ(formulas("<p class=math>T<sub>min</sub> = 4 yr</p>"), List{"$T_{min} = 4 yr"});
  EXPECT_EQ(
      formulas(
          "<a class=math href=/math>Mathematics</a><li class='math'>Maths and physics</li><div class=math><h2>Geometry</h2><p>x = 2</div>"),
      List{});
}

TEST(Math, Images) {
  EXPECT_EQ(formulas("<p>so <img src='//latex.codecogs.com/gif.latex?\\dpi{120}&space;\\frac{a}{b}&space;=&space;1' alt='x'> holds"),
            List{"$\\frac{a}{b} = 1"});
  EXPECT_EQ(
      formulas("<p>at <img src='https://s0.wp.com/latex.php?latex=x%5E2+%2B+1&#038;bg=ffffff&#038;s=0' class=latex alt='x^2 + 1'> it"),
      List{"$x^2 + 1"});
  EXPECT_EQ(formulas("<p>for <img src='/cgi-bin/mimetex.cgi?\\Re(z)&lt;0'> and<br><img src='/cgi-bin/mathtex.cgi?z^2'><br>"),
            (List{"$\\Re(z)<0", "$$z^2"}));
  EXPECT_EQ(formulas("<p>by <img src='https://www.zhihu.com/equation?tex=a%2Bb' alt='a+b'> and <img class=tex alt='n!' src=1.png> see"),
            (List{"$a+b", "$n!"}));
  EXPECT_EQ(formulas("<p>a <img class=latex src=data:x alt='x^2'><noscript><img class=latex src=b.png alt='x^2'></noscript> b"),
            List{"$x^2"});
  EXPECT_EQ(formulas("<img src='/photos/latex-gloves.jpg' alt='latex gloves'><img class=logo alt='$5 off' src='x.png'><img src='/i?u=%ff' "
                     "class=latex>"),
            List{});
}

TEST(Math, ConfiguredDelimiters) {
  EXPECT_EQ(formulas("<script>MathJax.Hub.Config({tex2jax: {inlineMath: [['$','$'], ['\\\\(','\\\\)']], displayMath: "
                     "[['$$','$$']]}})</script><p>Let $x$ and \\(y\\) be $$z$$ [q]"),
            (List{"$x", "$y", "$$z"}));
  EXPECT_EQ(formulas("<script>window.MathJax = {tex: {inlineMath: {'[+]': [['$', '$']]}}}</script><p>Let $x$ and \\(y\\)."),
            (List{"$x", "$y"}));
  EXPECT_EQ(
      formulas("<script>MathJax = { // inlineMath: [['$','$']]\n tex: {inlineMath: [['##','##']]}}</script><p>Let ##x## cost $5 or $6."),
      List{"$x"});
  EXPECT_EQ(formulas("<script>renderMathInElement(document.body, {delimiters: [{left: \"$$\", right: '$$', display: true}, {left: "
                     "'\\u0024', right: '$', display: false}]})</script>"
                     "<p>Let $x$ be $$ \\begin{cases} a & b \\end{cases} $$"),
            (List{"$x", "$$\\begin{cases} a & b \\end{cases}"}));
  EXPECT_EQ(formulas("<script src=https://cdn.jsdelivr.net/npm/mathjax@3/es5/tex-chtml.js></script><p>\\begin{align} a &amp;= b \\\\ "
                     "&amp;= c \\end{align}<p>\\[x\\]"),
            (List{"$$\\begin{align} a &= b \\\\ &= c \\end{align}", "$$x"}));
  EXPECT_EQ(formulas("<script>katex.render(\"\\\\frac12\", document.getElementById('f'), {displayMode: true}); katex.render('k', "
                     "g)</script><div id=f></div><b id=g></b>"),
            (List{"$$\\frac12", "$k"}));
}

TEST(Math, AsciiMath) {
  const auto ascii = [](std::string_view s) { return asciimath_to_latex(s); };
  EXPECT_EQ(formulas("<script src=ASCIIMathML.js></script><p>Note `E=mc^2` and \\`no\\`<pre>`x`</pre>"), List{"$E=mc^{2}"});
  EXPECT_EQ(ascii("x=(-b +- sqrt(b^2 - 4ac))/(2a)"), "x=\\frac{-b\\pm\\sqrt{b^{2}-4ac}}{2a}");
  EXPECT_EQ(ascii("sum_(i=1)^n i^3=((n(n+1))/2)^2"), "\\sum_{i=1}^{n}i^{3}=\\left(\\frac{n(n+1)}{2}\\right)^{2}");
  EXPECT_EQ(ascii("[[a,b],[c,d]]"), "\\begin{bmatrix}a & b \\\\ c & d\\end{bmatrix}");
  EXPECT_EQ(ascii("{(x, if x >= 0),(-x, \"otherwise\"):}"), "\\begin{cases}x & \\text{ if }x\\ge0 \\\\ -x & \\text{otherwise}\\end{cases}");
  EXPECT_EQ(ascii("alpha in RR, root(3)(x), hat(ab), abs(x)"), "\\alpha\\in\\mathbb{R},\\sqrt[3]{x},\\hat{ab},\\left|x\\right|");
}

TEST(Math, PricesAndPlainTextStayText) {
  const std::string_view software[] = {"", "<script>MathJax = {tex: {inlineMath: [['$', '$']]}}</script>",
                                       "<script src=/mathjax/MathJax.js></script>"};
  for (const auto script : software)
    for (const std::string_view text :
         {"It costs $5 and $10.", "from $5-$10 a day", "US$5 or A$6", "($5) or ($10)", "$5 million and $6 billion",
          "between $1,000 and $2,500, or $3", "$20/month, $200/year", "5$ or 10$", "$HOME/bin:$PATH", "echo $foo and $bar",
          "pay $5. Then $x", "a $ b $ c", "$$$ rich $$$", "\\$5 and \\$6", "$5\xe2\x80\x93$7", "cash $100 (was $150)"})
      EXPECT_EQ(formulas(std::string(script) + "<p>" + std::string(text)), List{}) << script << text;
  EXPECT_EQ(formulas("<p>C:\\new\\text, \\(not math\\), [1], a \\[citation\\] b"), List{});
  EXPECT_EQ(formulas("<p>We have $\\alpha + 1$, costs $5, and \\(\\beta^2\\)."), (List{"$\\alpha + 1", "$\\beta^2"}));
  EXPECT_EQ(
      formulas("<script>MathJax={}</script><pre>$x^2$</pre><code>\\(x\\)</code><textarea>$x$</textarea><p class=tex2jax_ignore>$x^2$"),
      List{});
}

TEST(Math, UnbalancedBracesLoseOnlyTheirOwn) {
  const std::string script = "<script>MathJax = {tex: {inlineMath: [['$', '$']]}}</script><p>";
  EXPECT_EQ(formulas(script + "a $x{ b $y$ c $z$"), (List{"$y", "$z"}));
  EXPECT_EQ(formulas("<script>MathJax = {}</script><p>\\(a{\\) b \\(c\\)"), List{"$c"});
  EXPECT_EQ(formulas(script + "$\\text{for $x$}$"), List{"$\\text{for $x$}"});
}

// Found by fuzzing: a definition that ends in a lone backslash was read behind its end.
TEST(Math, DefinitionsEndWithTheirText) {
  for (const std::string_view text : {"\\newcommand\\", "$\\def\\x{\\", "\\require{a}\\"}) EXPECT_EQ(formulas("<p>" + std::string(text)), List{});
  EXPECT_TRUE(is_definition("\\newcommand{\\R}{\\mathbb{R}} \\def\\x{y}"));
  EXPECT_TRUE(is_definition("\\newcommand\\"));
  EXPECT_FALSE(is_definition("\\newcommand{\\R}{r} \\alpha"));
}

TEST(Math, Cleaning) {
  const auto clean = [](std::string_view s) {
    bool display = false;
    const auto tex = clean_tex(s, display);
    return (display ? "$$" : "") + tex;
  };
  EXPECT_EQ(clean("  \\[ a\n  b \\] "), "$$a b");
  EXPECT_EQ(clean("{\\displaystyle {\\frac {a}{b}}}"), "{\\frac {a}{b}}");
  EXPECT_EQ(clean("{\\displaystyle a} + {b}"), "{\\displaystyle a} + {b}");
  EXPECT_EQ(clean("a % note\n b"), "a b");
  EXPECT_EQ(clean("100% of"), "100\\% of");
  EXPECT_EQ(clean("x\\ "), "x\\ ");
  EXPECT_EQ(clean("$a$ and $b$"), "$a$ and $b$");
}

}  // namespace
}  // namespace millrace::extract
