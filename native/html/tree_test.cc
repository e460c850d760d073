// The index against its definition, the same trees on every instruction set, and bounded work on hostile input. Trees themselves are
// compared with parse5 in test/native/html.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <random>

#include "native/base/cpu.h"
#include "native/html/scan_kernels.h"
#include "native/html/tree.h"

namespace millrace::html {
namespace {

using std::string_literals::operator""s;
using std::string_view_literals::operator""sv;

std::string shown(const std::string& html, const Limits& limits = {}) {
  Parser parser;
  Tree tree;
  parser.parse(html, tree, limits);
  return serialize(tree);
}

uint32_t cuts(const std::string& html, const Limits& limits = {}) {
  Parser parser;
  Tree tree;
  parser.parse(html, tree, limits);
  return tree.cuts;
}

std::string repeated(std::string_view piece, size_t count) {
  std::string out;
  out.reserve(piece.size() * count);
  while (count-- > 0) out += piece;
  return out;
}

template <class Body>
void on_each_isa(Body body) {
  const Isa before = active_isa();
  for (Isa isa : available_isas()) {
    set_isa(isa);
    body(isa);
  }
  set_isa(before);
}

std::string noise(size_t size, uint32_t seed) {
  std::mt19937 random(seed);
  const std::string_view marks = "<>&\"'=/ \t\n\f\r\0AZaz-![]?;#x"sv;
  std::string out;
  for (size_t i = 0; i < size; ++i) out += random() % 4 ? marks[random() % marks.size()] : static_cast<char>(random());
  return out;
}

}  // namespace

TEST(Index, FindsWhatItsDefinitionSays) {
  const std::string text = noise(64 * 700 + 13, 1);
  const auto is = [&](size_t i, std::string_view set) { return set.find(text[i]) != set.npos; };
  on_each_isa([&](Isa isa) {
    Index index;
    index.reset(reinterpret_cast<const uint8_t*>(text.data()), text.size());
    for (size_t i = 0; i < text.size(); ++i) {
      const bool upper = text[i] >= 'A' && text[i] <= 'Z';
      ASSERT_EQ(index.find<&Block::text>(i) == i, is(i, "<&\r\0"sv)) << name(isa) << " at " << i;
      ASSERT_EQ(index.find<&Block::dq>(i) == i, is(i, "\"&\r\0"sv)) << name(isa);
      ASSERT_EQ(index.find<&Block::sq>(i) == i, is(i, "'&\r\0"sv)) << name(isa);
      ASSERT_EQ(index.find<&Block::name>(i) == i, upper || is(i, " \t\n\f\r/>=<\"'\0"sv)) << name(isa);
      ASSERT_EQ(index.find<&Block::nonspace>(i) == i, !is(i, " \t\n\f\r"sv)) << name(isa);
      ASSERT_EQ(index.find<&Block::gt>(i) == i, is(i, ">\r\0"sv)) << name(isa);
    }
    EXPECT_EQ(index.find<&Block::text>(text.size()), text.size());
  });
}

TEST(Index, StopsAtTheEndOfEverySize) {
  for (size_t size : {0u, 1u, 63u, 64u, 65u, 128u, 16384u, 16385u}) {
    const std::string text(size, 'a');
    Index index;
    index.reset(reinterpret_cast<const uint8_t*>(text.data()), size);
    EXPECT_EQ(index.find<&Block::text>(0), size);
  }
}

TEST(Tree, IsTheSameOnEveryInstructionSet) {
  for (uint32_t seed = 1; seed <= 60; ++seed) {
    const std::string html = noise(3000, seed);
    std::string expected;
    on_each_isa([&](Isa isa) {
      if (isa == Isa::scalar) expected = shown(html);
      EXPECT_EQ(shown(html), expected) << name(isa) << ", seed " << seed;
    });
  }
}

TEST(Tree, PointsIntoThePageWhereNothingWasRewritten) {
  Parser parser;
  Tree tree;
  const std::string html = "<p class=\"x\">plain</p><p>a&amp;b</p>";
  parser.parse(html, tree);
  std::vector<std::string> texts;
  for (NodeId id = tree.following(0); id != kNoNode; id = tree.following(id))
    if (tree[id].kind == Kind::text) {
      texts.emplace_back(tree.text(id));
      if (texts.size() == 1) {
        EXPECT_EQ(tree[id].range.offset, html.find("plain"));
      }
    } else if (tree[id].tag == tag::p && tree[id].attribute_count) {
      EXPECT_EQ(tree.value(tree[id], attr::class_), "x");
    }
  EXPECT_EQ(texts, (std::vector<std::string>{"plain", "a&b"}));
}

TEST(Tree, CanBeParsedIntoAgain) {
  Parser parser;
  Tree tree;
  parser.parse("<table><tr><td><b>x", tree);
  const std::string first = serialize(tree);
  parser.parse(noise(20000, 9), tree);
  parser.parse("<table><tr><td><b>x", tree);
  EXPECT_EQ(serialize(tree), first);
}

// Places where parse5 8.1.1 leaves the standard, so that the comparison with it cannot hold them.
TEST(Tree, FollowsTheStandardWhereParse5DoesNot) {
  // <template> bounds table scope (13.2.4.2): a section's start tag within it does not see the table outside.
  EXPECT_EQ(shown("<!doctype html><table><thead><template><tr><tbody>"),
            "no-quirks\n!html \"\" \"\"\n<html>\n <head>\n <body>\n  <table>\n   <thead>\n    <template>\n     <tr>\n");
  // CDATA sections exist wherever the current node is foreign, integration points included (13.2.5.42).
  EXPECT_EQ(shown("<!doctype html><svg><desc><![CDATA[a<b]]>"),
            "no-quirks\n!html \"\" \"\"\n<html>\n <head>\n <body>\n  <svg svg>\n   <svg desc>\n    \"a<b\"\n");
  // In a row, the end tag of a section that is not open is ignored (13.2.6.4.14).
  EXPECT_EQ(shown("<!doctype html><table><tr></thead><td>"),
            "no-quirks\n!html \"\" \"\"\n<html>\n <head>\n <body>\n  <table>\n   <tbody>\n    <tr>\n     <td>\n");
  // In foreign content each NUL becomes a U+FFFD of its own (13.2.6.5).
  EXPECT_EQ(shown("<!doctype html><svg>\0\0"s),
            "no-quirks\n!html \"\" \"\"\n<html>\n <head>\n <body>\n  <svg svg>\n   \"\xef\xbf\xbd\xef\xbf\xbd\"\n");
}

TEST(Limits, HoldDepthAndKeepWhatFollows) {
  for (auto piece : {"<div>", "<b>", "<svg>", "<table><tr><td>", "<select>", "<template>", "<object>", "<i><p>", "<x-y>", "<ul><li>"}) {
    Parser parser;
    Tree tree;
    parser.parse(repeated(piece, 100000) + "end", tree);
    uint32_t deepest = 0;
    for (NodeId id = 0; id < tree.nodes.size(); ++id) {
      uint32_t depth = 0;
      for (NodeId up = tree[id].parent; up != kNoNode && depth <= 1000; up = tree[up].parent) ++depth;
      deepest = std::max(deepest, depth);
      if (id > 3000) break;
    }
    EXPECT_LE(deepest, 530u) << piece;
    EXPECT_NE(serialize(tree).find("end"), std::string::npos) << piece;
  }
}

TEST(Limits, CutAttributesNodesAndBytes) {
  std::string many = "<p";
  for (int i = 0; i < 1000; ++i) many += " a" + std::to_string(i) + "=1";
  EXPECT_EQ(cuts(many + ">x"), kCutAttributes);
  EXPECT_EQ(cuts(repeated("<p>x", 1000), {.max_nodes = 100}), kCutNodes);
  EXPECT_EQ(shown("<p>\xc3\xa9\xc3\xa9", {.max_bytes = 6}), shown("<p>\xc3\xa9"));
  EXPECT_EQ(cuts("<p>\xc3\xa9\xc3\xa9", {.max_bytes = 6}), kCutBytes);
  EXPECT_EQ(cuts("<p>ordinary</p>"), 0u);
}

// Inputs that make naive parsers take quadratic time or memory; each ends by its budget. A megabyte each: seconds at most, even sanitized.
TEST(Limits, BoundWorkOnHostileInput) {
  for (auto piece : {"<a><div>"sv, "<b><p>"sv, "<p><b><i><u><s>"sv, "</a>"sv, "<a href=x>"sv,
                     "<table>a<tr>b"sv, "<table><b>x"sv, "&amp"sv, "&"sv, "<!--"sv, "<!"sv,
                     "<a b=\"&\">"sv, "<script><!--<script>"sv, "<nobr><div>"sv, "<font size=1><div>"sv, "x\0\r"sv, "<html a=1 b=2>"sv,
                     "<svg><desc>"sv, "<select><option>"sv}) {
    Parser parser;
    Tree tree;
    const std::string html = repeated(piece, (1u << 20) / piece.size());
    parser.parse(html, tree);
    EXPECT_LE(tree.nodes.size(), Limits{}.max_nodes + 2048u) << piece;
    EXPECT_LE(tree.buffer.size(), 6 * html.size() + 4096) << piece;
  }
}

// MILLRACE_HTML_PAGES names a folder of pages: each is parsed as it is, and cut and spliced in two ways. For runs under sanitizers.
TEST(Pages, ParseWhole) {
  const char* folder = std::getenv("MILLRACE_HTML_PAGES");
  if (!folder) GTEST_SKIP() << "MILLRACE_HTML_PAGES is not set";
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) files.push_back(entry.path());
  std::sort(files.begin(), files.end());
  Parser parser;
  Tree tree;
  std::mt19937 random(1);
  for (const auto& file : files) {
    std::ifstream stream(file, std::ios::binary);
    std::string page(std::istreambuf_iterator<char>(stream), {});
    parser.parse(page, tree);
    ASSERT_EQ(tree.cuts & ~uint32_t{kCutDepth | kCutAttributes}, 0u) << file;
    for (int round = 0; round < 2 && !page.empty(); ++round) {
      std::string damaged = page.substr(random() % page.size(), 100000);
      for (int edit = 0; edit < 20 && !damaged.empty(); ++edit) {
        const size_t at = random() % damaged.size();
        if (random() % 2) damaged.insert(at, page.substr(random() % page.size(), random() % 300));
        else damaged.replace(at, random() % 8, noise(random() % 12, random()));
      }
      parser.parse(damaged, tree);
      ASSERT_FALSE(serialize(tree).empty());
    }
  }
}

}  // namespace millrace::html
