// Against the elements that chapter 15 of the WHATWG HTML standard gives a display of their own line.
#include <gtest/gtest.h>

#include "native/extract/page.h"

namespace millrace::extract {
namespace {

bool block(std::string_view html, std::string_view name) {
  html::Parser parser;
  Tree tree;
  parser.parse(html, tree);
  for (NodeId id = 0; id != kNoNode; id = tree.following(id))
    if (tree[id].kind == html::Kind::element && tree.name(tree[id]) == name) return is_block(tree, id);
  ADD_FAILURE() << name;
  return false;
}

TEST(Page, BlocksByTheDefaultStyleSheet) {
  for (std::string name : {"address", "article", "aside", "blockquote", "center", "dd", "details", "dialog", "dir", "div", "dl", "dt", "fieldset",
                           "figcaption", "figure", "footer", "form", "h1", "h2", "h3", "h4", "h5", "h6", "header", "hgroup", "hr", "legend",
                           "li", "listing", "main", "menu", "nav", "ol", "p", "plaintext", "pre", "search", "section", "summary", "table",
                           "ul", "xmp", "body", "html"})
    EXPECT_TRUE(block("<" + name + ">a", name)) << name;
  for (std::string name : {"caption", "colgroup", "thead", "tbody", "tfoot", "tr", "td", "th"})
    EXPECT_TRUE(block("<table><caption>c</caption><colgroup></colgroup><thead><tr><th>a</thead><tbody><tr><td>b<tfoot>", name)) << name;
  for (std::string name : {"a", "abbr", "b", "bdi", "big", "br", "button", "cite", "code", "data", "em", "font", "i", "img", "input", "kbd",
                           "label", "mark", "noscript", "q", "ruby", "s", "samp", "small", "span", "strong", "sub", "sup", "svg", "time", "tt",
                           "u", "var", "wbr", "my-element", "math", "object"})
    EXPECT_FALSE(block("<" + name + ">a", name)) << name;
}

// Names count within HTML only.
TEST(Page, ForeignElementsAreInline) { EXPECT_FALSE(block("<svg><section></section></svg>", "section")); }

}  // namespace
}  // namespace millrace::extract
