// Pages whose text stands beside their markup, as the named software writes them.
#include <gtest/gtest.h>

#include <chrono>

#include "native/extract/metadata.h"

namespace millrace::extract {
namespace {

std::vector<Embedded> read(std::string_view html, size_t max_bytes = 1u << 20) {
  html::Parser parser;
  Page page;
  parser.parse(html, page.tree);
  page.reset();
  std::vector<Embedded> out;
  read_embedded(page, max_bytes, out);
  return out;
}

std::string shown(const std::vector<Embedded>& found) {
  std::string out;
  for (const auto& one : found) out += std::string(out.empty() ? "" : "\n----\n") + one.origin + ": " + one.text;
  return out;
}

std::string linked(std::string_view json) { return "<script type='application/ld+json'>" + std::string(json) + "</script>"; }

TEST(Embedded, NothingWhereThereIsNothing) {
  EXPECT_EQ(shown(read("<p>Text.</p><script>var state = {a: 1}</script>")), "");
  EXPECT_EQ(shown(read("<p>x</p>", 0)), "");
}

TEST(Embedded, LinkedBodies) {
  EXPECT_EQ(shown(read(linked(R"({"@type":"NewsArticle","articleBody":"First line.\n\nSecond line."})"))), "json-ld: First line.\n\nSecond line.");
  EXPECT_EQ(shown(read(linked(R"({"@type":"Article","articleBody":"<p>One &amp; two.<\/p><p>Three<br>four.<\/p><ul><li>a<\/li><li>b<\/li><\/ul>"})"))),
            "json-ld: One & two.\n\nThree\nfour.\n\na\nb");
  EXPECT_EQ(shown(read(linked(R"({"@type":"Article","articleBody":"&lt;p&gt;One.&lt;/p&gt;&lt;p&gt;Two.&lt;/p&gt;"})"))), "json-ld: One.\n\nTwo.");
  EXPECT_EQ(shown(read(linked(R"({"@type":"Review","reviewBody":"Good & solid."})"))), "json-ld: Good & solid.");
  EXPECT_EQ(shown(read(linked(R"({"@graph":[{"@type":"DiscussionForumPosting","text":"Why?","comment":[{"@type":"Comment","text":"So.","comment":{"@type":"Comment","text":"Ah."}},{"@type":"Comment","text":"No."}]}]})"))),
            "json-ld: Why?\n\nSo.\n\nAh.\n\nNo.");
}

TEST(Embedded, RecipesAndQuestions) {
  EXPECT_EQ(shown(read(linked(R"({"@type":"Recipe","recipeIngredient":["2 eggs","salt"],"recipeInstructions":[{"@type":"HowToSection","name":"Day one","itemListElement":[{"@type":"HowToStep","text":"Beat."},{"@type":"HowToStep","text":"Fry."}]},"Serve."]})"))),
            "json-ld: 2 eggs\nsalt\n\nDay one\n\nBeat.\n\nFry.\n\nServe.");
  EXPECT_EQ(shown(read(linked(R"({"@type":"FAQPage","mainEntity":[{"@type":"Question","name":"Why?","acceptedAnswer":{"@type":"Answer","text":"<p>So.</p>"}},{"@type":"Question","name":"How?","acceptedAnswer":{"@type":"Answer","text":"Thus."}}]})"))),
            "json-ld: Why?\n\nSo.\n\nHow?\n\nThus.");
}

TEST(Embedded, DescriptionsComeLast) {
  EXPECT_EQ(shown(read(linked(R"([{"@type":"JobPosting","description":"<p>Keep bees.</p>"},{"@type":"Article","articleBody":"The body.","description":"A teaser."}])"))),
            "json-ld: The body.\n----\njson-ld: Keep bees.");
}

TEST(Embedded, DiscoursePostsInOrder) {
  EXPECT_EQ(shown(read(R"(<div id="data-preloaded" data-preloaded="{&quot;site&quot;:&quot;{}&quot;,&quot;topic_7&quot;:&quot;{\&quot;post_stream\&quot;:{\&quot;posts\&quot;:[{\&quot;cooked\&quot;:\&quot;\\u003cp\\u003eHello.\\u003c/p\\u003e\&quot;},{\&quot;cooked\&quot;:\&quot;<p>Hi & bye.</p>\&quot;}]}}&quot;}"></div>)")),
            "discourse: Hello.\n\nHi & bye.");
}

TEST(Embedded, ApplicationState) {
  const std::string first = "Bees see ultraviolet light, which flowers use to guide them to their nectar.";
  const std::string second = "People cannot see it, because the lens of the human eye absorbs such light.";
  const std::string both = first + "\n\n" + second;
  EXPECT_EQ(shown(read(R"(<script id="__NEXT_DATA__" type="application/json">{"props":{"css":"body { color: red; margin: 0 auto; padding: 1px }","cookieBanner":{"text":")" +
                       first + R"( Accept."},"post":{"html":"<p>)" + first + "</p><p>" + second + R"(</p>","id":"x"}},"page":"/[slug]"}</script>)")),
            "next-data: " + both);
  EXPECT_EQ(shown(read("<script>window.__INITIAL_STATE__={article:{body:[\"" + first + "\",'" + second + "']}};</script>")), "state: " + both);
  EXPECT_EQ(shown(read(R"(<script type="application/json">{"data":"{\"article\":{\"body\":\")" + first + " " + second + R"(\"}}"}</script>)")),
            "state: " + first + " " + second);
  EXPECT_EQ(shown(read("<script>function render() { return \"" + first + second + "\" }</script>")), "") << "a program, not data";
}

// React's server components: rows over several pushes, cut anywhere; T rows hold raw bytes.
TEST(Embedded, ServerComponents) {
  const std::string raw = "\"Quoted\" text isn't JSON: it stands as it is, in so many bytes as the row's head says.";
  char size[8];
  std::snprintf(size, sizeof size, "%zx", raw.size());
  std::string escaped;
  for (char c : raw) escaped += c == '"' ? std::string("\\\"") : std::string(1, c);
  EXPECT_EQ(shown(read("<script>(self.__next_f=self.__next_f||[]).push([0])</script>"
                       "<script>self.__next_f.push([1,\"2:I[1,[\\\"a.js\\\"]]\\n3:T" + std::string(size) + "," + escaped + "4:[\\\"$\\\",\\\"p\\\",null,{\\\"children\\\":\\\"Bees see ultra\"])</script>"
                       "<script>self.__next_f.push([1,\"violet light, which flowers use to guide them to nectar.\\\"}]\\n\"])</script>")),
            "next-data: " + raw + "\n\nBees see ultraviolet light, which flowers use to guide them to nectar.");
}

TEST(Embedded, OnceEachAndWithinTheBudget) {
  EXPECT_EQ(shown(read(linked(R"([{"@type":"Article","articleBody":"The very same text of an article."},{"@type":"Article","articleBody":"The very same text, of an article!"}])"))),
            "json-ld: The very same text of an article.");
  std::string body;
  for (int i = 0; i < 1000; ++i) body += "Sentence é " + std::to_string(i) + ". ";
  for (size_t budget : {1, 7, 100, 1000}) {
    size_t bytes = 0;
    for (const auto& one : read(linked("{\"@type\":\"Article\",\"articleBody\":\"" + body + "\"}"), budget)) bytes += one.text.size();
    EXPECT_LE(bytes, budget);
    EXPECT_GE(bytes + 2, budget) << "cut within a character's width";
  }
}

TEST(Embedded, WorkIsBounded) {
  const size_t n = 1u << 20;
  std::string opens, tags, levels = "\"", strings;
  for (size_t i = 0; i < n; ++i) opens += "{\"a\":";
  for (size_t i = 0; i < n; ++i) tags += "<a";
  for (size_t i = 0; i < n; ++i) levels += "\\\"[";
  for (size_t i = 0; i < 50000; ++i) strings += "\"<p>a b c d e f g h i j k l m n o, p. " + std::to_string(i) + "</p>\",";
  const auto begin = std::chrono::steady_clock::now();
  for (const std::string& json : {opens, "{\"@type\":\"Article\",\"articleBody\":\"" + tags + "\"}", levels + "\"", "[" + strings + "0]"}) {
    read(linked(json));
    read("<script type=application/json>" + json + "</script>");
    read("<script>window.__STATE__=" + json + "</script>");
    read("<script>self.__next_f.push([1," + json + "])</script>");
  }
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(120));
}

}  // namespace
}  // namespace millrace::extract
