// Pages written for each place where publishing systems put a page's data; expected values are what a reader of the page would write down.
#include <gtest/gtest.h>

#include <chrono>

#include "native/extract/metadata.h"

namespace millrace::extract {
namespace {

Metadata read(std::string_view html, std::string_view url = "https://news.example.org/a/b") {
  html::Parser parser;
  Page page;
  parser.parse(html, page.tree);
  page.reset();
  Metadata out;
  read_metadata(page, out, url);
  return out;
}

std::string linked(std::string_view json, std::string_view rest = "") {
  return "<title>T</title><script type='application/ld+json'>" + std::string(json) + "</script>" + std::string(rest);
}

TEST(Metadata, AnEmptyPageHasNone) {
  const Metadata m = read("", "");
  for (const auto* field : {&m.title, &m.author, &m.date, &m.url, &m.site, &m.language, &m.licence, &m.robots, &m.tdm, &m.schema}) EXPECT_EQ(*field, "");
}

TEST(Metadata, TitleLosesTheSite) {
  EXPECT_EQ(read("<title>How bees see | The Daily Hive</title><meta property=og:site_name content='The Daily Hive'>").title, "How bees see");
  EXPECT_EQ(read("<title>The Daily Hive - How bees see</title><meta property=og:site_name content='The Daily Hive'>").title, "How bees see");
  EXPECT_EQ(read("<title>How bees see – Example</title>", "https://example.org/x").title, "How bees see");
  EXPECT_EQ(read("<title>How bees see – Example</title>", "https://example.org/x").site, "Example");
  EXPECT_EQ(read("<title>How bees see: ultraviolet</title>").title, "How bees see: ultraviolet");
  EXPECT_EQ(read("<title>Tom &amp;amp; Ann\n  talk</title>").title, "Tom & Ann talk");
  EXPECT_EQ(read("<svg><title>Menu</title></svg><title>Real</title>").title, "Real");
}

TEST(Metadata, HeadingWinsWhereItAgrees) {
  EXPECT_EQ(read("<title>How bees see - Biology - Hive</title><h1>Hive</h1><h1>How <em>bees</em> see</h1>").title, "How bees see");
  EXPECT_EQ(read("<title>How bees see the world and what we learn</title><h1>What bees see in the world</h1>").title, "What bees see in the world");
  EXPECT_EQ(read("<title>Garden tools for rent | Shop</title><h1>Welcome!</h1>").title, "Garden tools for rent");
  EXPECT_EQ(read("<h1>Only a heading</h1>").title, "Only a heading");
  EXPECT_EQ(read("<meta property=og:title content='Only Open Graph'>").title, "Only Open Graph");
  EXPECT_EQ(read(linked(R"({"@type":"NewsArticle","headline":"Bees see ultraviolet"})", "<h1>Bees see ultraviolet</h1>")).title, "Bees see ultraviolet");
}

TEST(Metadata, LinkedDataInAllItsShapes) {
  const char* kAuthors[] = {
      R"({"@context":"https://schema.org","@type":"NewsArticle","author":{"@type":"Person","name":"Ann Lee"},"datePublished":"2024-03-05T10:00:00Z"})",
      R"([{"@type":"BreadcrumbList"},{"@type":["Article","BlogPosting"],"author":[{"@type":"Person","name":"Ann Lee"}],"datePublished":"2024-03-05"}])",
      R"({"@graph":[{"@type":"WebSite","name":"Hive"},{"@type":"Article","author":{"@id":"#p"},"datePublished":"2024-03-05"},{"@type":"Person","@id":"#p","name":"Ann Lee"}]})",
      R"({"@type":"BlogPosting","author":"Ann Lee","datePublished":"March 5, 2024",})",
      R"({"@type":"schema:Article","author":{"@type":"Person","name":["Ann Lee"]},"dateCreated":"2024-03-05"})",
      R"({"@type":"WebPage","mainEntity":{"@type":"Article","author":{"@type":"Person","name":"Ann Lee"},"datePublished":"2024-03-05"}})",
      "<!--{\"@type\":\"Article\",\"description\":\"two\nlines\",\"author\":{\"name\":\"Ann Lee\",\"@type\":\"Person\"},\"datePublished\":\"2024-03-05\"}-->",
      R"({&quot;@type&quot;:&quot;Article&quot;,&quot;author&quot;:&quot;Ann Lee&quot;,&quot;datePublished&quot;:&quot;2024-03-05&quot;})",
  };
  for (const char* json : kAuthors) {
    const Metadata m = read(linked(json));
    EXPECT_EQ(m.author, "Ann Lee") << json;
    EXPECT_EQ(m.date, "2024-03-05") << json;
  }
  EXPECT_EQ(read(linked(R"({"@type":"Article","author":[{"@type":"Person","name":"Ann Lee"},{"@type":"Person","name":"Bo &amp; Co"}]})")).author,
            "Ann Lee, Bo & Co");
  EXPECT_EQ(read(linked(R"({"@type":"Product","name":"Hive tool","review":{"@type":"Review","author":"Ann Lee","datePublished":"2024-03-05"}})")).author, "");
}

TEST(Metadata, MetaElements) {
  EXPECT_EQ(read("<meta name=author content='By Ann Lee'>").author, "Ann Lee");
  EXPECT_EQ(read("<meta property='article:author' content='https://social.example/ann'><meta name=Author content='Ann Lee'>").author, "Ann Lee");
  EXPECT_EQ(read("<meta name=citation_author content='Lee, Ann'><meta name=citation_author content='Fox, Bo'>").author, "Ann Lee, Bo Fox");
  EXPECT_EQ(read("<meta name='twitter:label1' content='Written by'><meta name='twitter:data1' content='Ann Lee'>").author, "Ann Lee");
  EXPECT_EQ(read("<meta property='article:published_time' content='2024-03-05T01:00:00+09:00'>").date, "2024-03-05");
  EXPECT_EQ(read("<meta name=citation_publication_date content='2024/03/05'>").date, "2024-03-05");
  EXPECT_EQ(read("<meta name='DC.date.issued' content='2024-03-05'>").date, "2024-03-05");
  EXPECT_EQ(read("<meta property='article:modified_time' content='2024-03-05'>").date, "2024-03-05");
}

TEST(Metadata, Bylines) {
  const char* kPages[] = {
      "<h1>Bees</h1><p class=byline>By <a href=/x>Ann Lee</a> | March 5, 2024</p>",
      "<h1>Bees</h1><span class='posted-on'><time class=entry-date datetime='2024-03-05T10:00'>5 days ago</time></span> <span class='author vcard'>Ann Lee</span>",
      "<h1>Bees</h1><div itemprop=author itemscope itemtype='https://schema.org/Person'><img alt=x><span itemprop=name>Ann Lee</span> Editor</div>"
      "<meta itemprop=datePublished content=2024-03-05>",
      "<h1>Bees</h1><a rel=author href=/ann>Ann Lee</a> <span class=date>5 March 2024</span>",
      "<h1>Bees</h1><p>by: Ann Lee, March 5, 2024</p>",
      "<h1>Bees</h1><p>Written by</p><p>Ann Lee</p><p>Published on 5 March 2024</p>",
      "<h1>Bees</h1><div><a href='/authors/ann-lee'>Ann Lee</a></div><div>Mar 5, 2024</div>",
      "<h1>Bees</h1><div class=author-name>ANN LEE</div><p>Updated 7 March 2024</p><p>Published 5 March 2024</p>",
  };
  for (const char* html : kPages) {
    const Metadata m = read(html);
    EXPECT_EQ(m.author == "ANN LEE" ? "Ann Lee" : m.author, "Ann Lee") << html;
    EXPECT_EQ(m.date, "2024-03-05") << html;
  }
}

TEST(Metadata, PassesOverOthersNamesAndDays) {
  const Metadata m = read(
      "<h1>Bees</h1><p class=byline>Ann Lee</p><time datetime=2024-03-05>March 5</time><p>Text.</p>"
      "<aside class=related><p class=byline>Bo Fox</p><time datetime=2020-01-01></time></aside>"
      "<div id=comments><p class=comment-author>Cy Doe</p><time datetime=2024-04-01></time></div>"
      "<footer><p class=author>Web Master</p>© 2019</footer>");
  EXPECT_EQ(m.author, "Ann Lee");
  EXPECT_EQ(m.date, "2024-03-05");
  EXPECT_EQ(read("<h1>Bees</h1><p class=author>Read more</p><p>By default, bees fly.</p><p class=date>Share</p>").author, "");
}

TEST(Metadata, DaysInTheAddressAndShownEarlier) {
  EXPECT_EQ(read("<title>x</title>", "https://a.example/2024/03/05/x").date, "2024-03-05");
  EXPECT_EQ(read("<meta property='article:published_time' content='2024-06-01'><h1>Bees</h1><p class=date>March 5, 2024</p>").date, "2024-03-05");
  EXPECT_EQ(read("<meta property='article:published_time' content='2024-03-05'><h1>Bees</h1><p class=date>June 1, 2024</p>").date, "2024-03-05");
  EXPECT_EQ(read("<html lang=en-GB><h1>Bees</h1><p class=date>5/3/2024</p>").date, "2024-03-05");
  EXPECT_EQ(read("<html lang=en-US><h1>Bees</h1><p class=date>3/5/2024</p>").date, "2024-03-05");
}

TEST(Metadata, Language) {
  EXPECT_EQ(read("<html lang=EN_us>").language, "en-us");
  EXPECT_EQ(read("<html xml:lang=pt-BR>").language, "pt-br");
  EXPECT_EQ(read("<meta http-equiv=content-language content='de, en'>").language, "de");
  EXPECT_EQ(read("<meta property=og:locale content=fr_FR>").language, "fr-fr");
  EXPECT_EQ(read(linked(R"({"@type":"Article","inLanguage":"ja"})")).language, "ja");
  for (const char* html : {"<html lang='{{ lang }}'>", "<html lang=''>", "<html lang=english>", "<html lang=und>"}) EXPECT_EQ(read(html).language, "") << html;
}

TEST(Metadata, Addresses) {
  const char* kPage = "https://a.example/x/y?z";
  EXPECT_EQ(read("<link rel='canonical' href='https://a.example/q'>", kPage).url, "https://a.example/q");
  EXPECT_EQ(read("<link rel=canonical href='/q'>", kPage).url, "https://a.example/q");
  EXPECT_EQ(read("<link rel=canonical href='q'>", kPage).url, "https://a.example/x/q");
  EXPECT_EQ(read("<link rel=canonical href='//b.example/q'>", kPage).url, "https://b.example/q");
  EXPECT_EQ(read("<link rel=canonical href='javascript:x()'>", kPage).url, kPage);
  EXPECT_EQ(read("<meta property=og:url content='https://a.example/og'>", kPage).url, "https://a.example/og");
  EXPECT_EQ(read("<link rel=canonical href='/q'>", "").url, "");
}

TEST(Metadata, RightsAndRobots) {
  EXPECT_EQ(read("<a rel='noopener license' href='https://creativecommons.org/licenses/by/4.0/'>CC</a>").licence, "https://creativecommons.org/licenses/by/4.0/");
  EXPECT_EQ(read("<meta name=dc.rights content='CC BY 4.0'>").licence, "CC BY 4.0");
  EXPECT_EQ(read(linked(R"({"@type":"Article","license":"https://a.example/l"})")).licence, "https://a.example/l");
  EXPECT_EQ(read("<meta name=ROBOTS content='NoIndex,NOAI , noindex'><meta name=GPTBot content=noindex>").robots, "noindex, noai, gptbot: noindex");
  EXPECT_EQ(read("<meta name=tdm-reservation content=1><meta name=tdm-policy content='https://a.example/p.json'>").tdm, "1 https://a.example/p.json");
  EXPECT_EQ(read("<meta name=tdm-reservation content=0>").tdm, "0");
  EXPECT_EQ(read("<meta name=tdm-policy content='https://a.example/p.json'>").tdm, "");
}

TEST(Metadata, Types) {
  EXPECT_EQ(read(linked(R"({"@graph":[{"@type":"WebPage"},{"@type":["Article","WebPage"]}]})",
                        "<div itemscope itemtype='http://schema.org/Person'></div><meta property=og:type content=article>"))
                .schema,
            "WebPage, Article, Person, article");
}

TEST(Metadata, FieldsAreShortWholeLines) {
  const std::string many(3000, 'x');
  std::string wide;
  for (int i = 0; i < 1000; ++i) wide += "é";
  EXPECT_EQ(read("<title>" + many + "</title>").title.size(), 1024u);
  const std::string title = read("<title>x" + wide + "</title>").title;
  EXPECT_EQ(title.size(), 1023u);
  EXPECT_EQ(title.substr(title.size() - 2), "é");
  EXPECT_EQ(read("<title> a \n b\xC2\xA0\xE2\x80\x8B" "c </title>").title, "a b c");
}

TEST(Metadata, WorkIsBounded) {
  std::string classes, labels, scripts, attributes = "<p class='" + std::string(8u << 20, 'd') + "'>";
  for (int i = 0; i < 300000; ++i) classes += "<div class='date author'>";
  for (int i = 0; i < 300000; ++i) labels += "<p>by</p>";
  for (int i = 0; i < 300; ++i) scripts += "<script type=application/ld+json>" + std::string(100000, '[') + "</script>";
  std::string references = "<script type=application/ld+json>[";
  for (int i = 0; i < 20000; ++i) references += R"({"@type":"Article","author":{"@id":"x"}},)";
  const std::string robots = "<meta name=robots content='" + std::string(8u << 20, ',') + "'>";
  const auto begin = std::chrono::steady_clock::now();
  for (const std::string& html : {classes, labels, scripts, references, robots, attributes}) read(html);
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(60));
}

}  // namespace
}  // namespace millrace::extract
