// Pages made to break an extractor. Each must come back as a document in UTF-8, with memory in proportion to its bytes; what was left out is
// named in Document::cuts. Nothing here looks at a clock, but the CPU time of each page is printed: a page that takes seconds is a bug.
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <cinttypes>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <random>

#include "native/extract/extract.h"

namespace millrace::extract {
namespace {

using namespace std::string_literals;

#if defined(__SANITIZE_ADDRESS__)
constexpr bool kSanitized = true;  // memory is the sanitizer's too, and everything slower
#else
constexpr bool kSanitized = false;
#endif
constexpr size_t kMillion = kSanitized ? 100'000 : 1'000'000;
// A node takes 45 bytes and `<p>` makes one of three; the passes keep as much again. Features of blocks have a bound of their own.
constexpr size_t kBytesPerByte = 48, kBytesAtLeast = 160u << 20;

std::string repeated(std::string_view piece, size_t count) {
  std::string out;
  out.reserve(piece.size() * count);
  for (size_t i = 0; i < count; ++i) out += piece;
  return out;
}

std::string numbered(size_t count, const std::function<std::string(size_t)>& piece) {
  std::string out;
  for (size_t i = 0; i < count; ++i) out += piece(i);
  return out;
}

double cpu_seconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& t) { return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) * 1e-6; };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

// Field of /proc/self/status in bytes.
size_t status(std::string_view field) {
  std::ifstream file("/proc/self/status");
  for (std::string line; std::getline(file, line);)
    if (line.compare(0, field.size(), field) == 0) return 1024 * std::strtoull(line.c_str() + field.size() + 1, nullptr, 10);
  return 0;
}

// The highest resident size from here on.
void forget_peak() { std::ofstream("/proc/self/clear_refs") << "5"; }

Options showing(Mode mode, Format format) {
  Options options;
  options.mode = mode;
  options.write.format = format;
  options.write.links = options.write.images = options.blocks = true;
  return options;
}

// A new extractor each, so that the memory of one page is not the next one's.
void expect_bounded(const char* name, const std::string& page, Options options = {}, Document* given = nullptr) {
  Document out;
  const size_t before = status("VmRSS");
  forget_peak();
  const double began = cpu_seconds();
  {
    Extractor extractor;
    extractor.extract(page, "https://example.org/", "", options, out);
  }
  const double seconds = cpu_seconds() - began;
  const size_t peak = status("VmHWM"), grown = peak > before ? peak - before : 0;
  std::printf("  %-34s %9zu bytes %7.3f CPU-s, %5zu MiB more, %9zu bytes of text, cuts %" PRIu32 "\n", name, page.size(), seconds, grown >> 20,
              out.text.size(), out.cuts);
  EXPECT_TRUE(html::is_utf8(out.text)) << name;
  EXPECT_LE(out.text.size(), 64 * page.size() + 4096) << name;
  if (!kSanitized) {
    EXPECT_LE(grown, kBytesPerByte * std::min<size_t>(page.size(), options.limits.max_bytes) + kBytesAtLeast) << name;
  }
  if (given) *given = std::move(out);
}

const std::string kArticle = "<h1>Title of the page</h1><p>" + repeated("The clock of the town hall was repaired in spring, said the keeper. ", 12) + "</p>";

}  // namespace

TEST(Hostile, Nesting) {
  for (const char* tag : {"div", "b", "span", "blockquote", "ul><li", "ol><li", "dl><dd", "table><tr><td", "pre", "code", "a href=x", "svg", "math><mrow",
                          "section", "button", "font", "template", "object", "details", "figure", "em", "sup"}) {
    Document out;
    expect_bounded(tag, kArticle + repeated("<"s + tag + ">", kMillion / 4) + "deep down" + kArticle, {}, &out);
  }
  Document out;
  expect_bounded("10^6 div", repeated("<div>", kMillion) + kArticle, {}, &out);
  EXPECT_TRUE(out.cuts & html::kCutDepth);
}

TEST(Hostile, Attributes) {
  Document out;
  expect_bounded("attribute of 100 MB", "<p title=\"" + std::string(100'000'000, 'x') + "\">" + kArticle, {}, &out);
  EXPECT_TRUE(out.cuts & html::kCutBytes);
  expect_bounded("class of 10^6 words", "<div class='" + repeated("ad post ", kMillion) + "'>" + kArticle + "</div>");
  expect_bounded("style of 8 MB", "<div style='" + repeated("display:x;", kMillion) + "'>" + kArticle + "</div>");
  expect_bounded("10^6 attributes", "<div " + numbered(kMillion, [](size_t i) { return "a" + std::to_string(i) + " "; }) + ">" + kArticle, {}, &out);
  EXPECT_TRUE(out.cuts & html::kCutAttributes);
  expect_bounded("data URI", "<img alt=x src='data:image/png;base64," + std::string(200'000'000, 'A') + "'>" + kArticle, {}, &out);
  EXPECT_TRUE(out.cuts & html::kCutBytes);
  expect_bounded("data URI behind text", kArticle + "<img alt=x src=data:image/png;base64," + std::string(30'000'000, 'A') + ">" + kArticle,
                 showing(Mode::balanced, Format::markdown));
}

TEST(Hostile, Tables) {
  expect_bounded("10^6 rows", "<table>" + repeated("<tr><td>1<td>2", kMillion) + "</table>" + kArticle);
  expect_bounded("row of 10^6 cells", "<table><tr>" + repeated("<td>1", kMillion) + "</table>" + kArticle);
  expect_bounded("spans", "<table>" + repeated("<tr><td colspan=1000 rowspan=65534>1<td colspan=1000>2", 10'000) + "</table>" + kArticle);
  expect_bounded("rows that cross", "<table>" + repeated("<tr><th rowspan=3>1<td rowspan=0>2<td colspan=9>3", 100'000) + "</table>");
  expect_bounded("10^5 tables", repeated("<table><tr><th>a<th>b<tr><td>1<td>2</table>", 100'000));
  expect_bounded("tables in cells", repeated("<table><tr><td>a<td>b<tr><td>", 100'000) + "x");
  expect_bounded("pipes in cells", "<table><tr><th>a<th>b<tr><td>" + std::string(4 * kMillion, '|') + "<td>2</table>");
  expect_bounded("foster parents", "<table>" + repeated("a<tr>b<p>c", 300'000));
}

TEST(Hostile, Text) {
  expect_bounded("NULs", kArticle + std::string(8 * kMillion, '\0') + kArticle);
  std::mt19937 random(7);
  std::string noise;
  for (size_t i = 0; i < 8 * kMillion; ++i) noise += static_cast<char>(random());
  expect_bounded("noise", noise);
  expect_bounded("broken UTF-8", kArticle + repeated("\xe2\x82 \xf0\x9f\x98\xc3(\x80", kMillion) + kArticle);
  expect_bounded("one word of 16 MB", "<p>" + std::string(16 * kMillion, 'w'));
  expect_bounded("spaces", "<p>a" + std::string(16 * kMillion, ' ') + "b");
  expect_bounded("markers", "<p>" + repeated("*_`[]#>\\~", kMillion));
  expect_bounded("backticks in code", "<p><code>" + std::string(4 * kMillion, '`') + "</code><pre>" + std::string(4 * kMillion, '`') + "</pre>");
  expect_bounded("runs of backticks", "<pre>" + numbered(3000, [](size_t i) { return std::string(i, '`') + " "; }) + "</pre>");
  expect_bounded("references", "<p>" + repeated("&amp&#x41;&nosuch;", kMillion));
  for (const char* piece : {"a<br>", "<b>a</b> ", "<p>a", "<li>a", "a<!-- -->", "<a href=x>a</a> ", "<h2>a</h2>", "<img alt=a src=b>", "<span>a</span>", "<hr>",
                            "<blockquote>a</blockquote>", "<code>a = 1;</code><br>", "<pre>a</pre>", "<dt>a<dd>b", "<option>a", "<nav>a</nav>", "<q>a</q>",
                            "<sup>2</sup>", "<time datetime=2020-01-01>a</time>", "<script>a</script>", "<iframe></iframe>", "<details><summary>a</details>"})
    expect_bounded(piece, kArticle + repeated(piece, kMillion / 4));
  for (const char* piece : {"a<br>", "<p>a", "<b>a</b> "}) expect_bounded(piece, kArticle + repeated(piece, kMillion));
}

TEST(Hostile, Lists) {
  for (const char* piece : {"<ul><li>a", "<ol><li>a<p>b", "<blockquote>a", "<blockquote><ul><li>a", "<dl><dt>a<dd>b", "<ul><li><pre>a\nb</pre>"})
    expect_bounded(piece, kArticle + repeated(piece, 100'000));
  expect_bounded("ordered from afar", "<ol start=999999999999>" + repeated("<li value=-99999999999>a", 300'000) + "</ol>");
}

TEST(Hostile, Code) {
  expect_bounded("10^6 lines", "<pre><code class=language-c>" + numbered(kMillion, [](size_t i) { return std::to_string(i) + " x;\n"; }) + "</code></pre>");
  expect_bounded("gutter", "<table class=highlight><tr><td class=gutter><pre>" + numbered(kMillion, [](size_t i) { return std::to_string(i) + "\n"; }) +
                               "</pre><td class=code><pre>" + repeated("x\n", kMillion) + "</pre></table>");
  expect_bounded("spans of a highlighter", "<pre>" + repeated("<span class=k>a</span> ", kMillion / 2) + "</pre>");
  expect_bounded("pre in pre", repeated("<pre><code>a\n", 100'000));
  expect_bounded("class names", repeated("<pre class='language-" + std::string(200, 'x') + "'>a</pre>", 30'000));
}

TEST(Hostile, Formulas) {
  expect_bounded("10^5 formulas", repeated("<math><mfrac><mi>a</mi><mi>b</mi></mfrac></math> and ", 100'000));
  expect_bounded("annotations", repeated("<math><semantics><mi>a</mi><annotation encoding=application/x-tex>a</annotation></semantics></math> ", 100'000));
  for (const char* piece : {"<msqrt>", "<mfrac>", "<msup><mi>a</mi>", "<mrow>", "<mtable><mtr><mtd>", "<mfenced>", "<mover>", "<munderover>", "<mmultiscripts>", "<mstyle>"})
    expect_bounded(piece, kArticle + "<math>" + repeated(piece, 100'000) + "<mi>x</mi>");
  expect_bounded("row of 10^6", "<math><mrow>" + repeated("<mi>a</mi><mo>(</mo><msup><mo>)</mo><mn>2</mn></msup>", 200'000) + "</mrow></math>");
  const std::string loads = "<script src=mathjax/MathJax.js></script>";
  for (const char* piece : {"$", "$$", "\\(", "\\[", "$x$ ", "\\begin{align}", "[tex]", "\\left(", "$a ", "\\end{align}", "`"})
    expect_bounded(piece, loads + "<p>\\frac{a}{b} $x^2$ " + repeated(piece, kMillion));
  expect_bounded("pictures", repeated("<img class=latex alt='$$" + std::string(40, '{') + "$$' src='https://latex.codecogs.com/gif.latex?%5Cfrac%7Ba%7D'>", 50'000));
  expect_bounded("configuration", "<script>MathJax = {tex: {inlineMath: [" + repeated("['$','$'],", 100'000) + "]}}</script><p>" + repeated("$x$ ", 100'000));
}

TEST(Hostile, Embedded) {
  const auto linked = [](const std::string& json) { return "<script type=application/ld+json>" + json + "</script>"; };
  expect_bounded("arrays in arrays", linked(std::string(4 * kMillion, '[')));
  expect_bounded("objects in objects", linked(repeated("{\"@graph\":", kMillion)));
  expect_bounded("escapes", linked("{\"@type\":\"Article\",\"articleBody\":\"" + repeated("\\u0041\\n\\\"", kMillion) + "\"}"));
  expect_bounded("10^5 bodies", linked("[" + repeated("{\"@type\":\"Article\",\"articleBody\":\"a text of some words\",\"author\":{\"name\":\"x\"}},", 100'000) + "{}]"));
  expect_bounded("10^5 scripts", repeated(linked("{\"@type\":\"Question\",\"name\":\"a\",\"acceptedAnswer\":{\"text\":\"b\"}}"), 100'000));
  expect_bounded("markup in strings", linked("{\"articleBody\":\"" + repeated("<div><b>a &amp; ", kMillion / 2) + "\"}"));
  expect_bounded("keys", "<script id=__NEXT_DATA__ type=application/json>{" + numbered(500'000, [](size_t i) { return "\"k" + std::to_string(i) + "\":\"v\","; }) + "}</script>");
  expect_bounded("nested state", "<script id=__NEXT_DATA__ type=application/json>" + repeated("{\"props\":[", kMillion / 2) + "</script>");
  expect_bounded("preloaded", "<div id=data-preloaded data-preloaded=\"{&quot;topic&quot;:&quot;" + repeated("\\&quot;&lt;p&gt;", kMillion / 2) + "\"></div>");
  expect_bounded("script without an end", "<script>" + repeated("window.__STATE__ = {\"a\": \"", kMillion / 4));
}

TEST(Hostile, Metadata) {
  for (const char* piece : {"<meta name=author content='A Name'>", "<meta property=article:published_time content=2020-01-01>", "<title>a</title>",
                            "<link rel='canonical license' href=//x/y>", "<meta name=robots content='noindex, noai'>", "<a rel=author href=/x>By Some One</a>",
                            "<span class=byline>By Some One, 3 May 2020</span> ", "<div itemscope itemtype=https://schema.org/Article><span itemprop=author>A</span></div>"})
    expect_bounded(piece, repeated(piece, 200'000) + kArticle);
  expect_bounded("title of 16 MB", "<title>" + repeated("a | b - ", 2 * kMillion) + "</title>" + kArticle);
  expect_bounded("dates", "<p>" + repeated("12 May 2020, 2020-05-12 05/12/2020 ", 200'000));
  expect_bounded("meta of 16 MB", "<meta name=description content='" + repeated("word ", 3 * kMillion) + "'>" + kArticle);
}

TEST(Hostile, EveryModeAndFormat) {
  const std::string page = kArticle + repeated("<ul><li>a<table><tr><td>b<td><pre>c\n</pre><blockquote>$x$ <math><mi>y</mi></math><a href=z>", 20'000);
  for (const Mode mode : {Mode::balanced, Mode::precision, Mode::recall, Mode::union_})
    for (const Format format : {Format::markdown, Format::text, Format::html})
      expect_bounded("mix", page, showing(mode, format));
}

}  // namespace millrace::extract
