#include "native/extract/blocks.h"

#include <gtest/gtest.h>

#include "native/extract/code.h"
#include "native/extract/stats.h"
#include "native/extract/table.h"

namespace millrace::extract {
namespace {

struct Found {
  Page page;
  std::vector<Block> blocks;

  explicit Found(std::string_view html) {
    html::Parser parser;
    parser.parse(html, page.tree);
    page.reset();
    rescue_code(page);
    rescue_tables(page);
    find_blocks(page, blocks);
  }
  std::string text(size_t b) const {
    std::string out;
    WriteOptions options;
    options.format = Format::text;
    write_blocks(page, std::span(blocks).subspan(b, 1), options, out);
    return out;
  }
  std::vector<std::string> texts() const {
    std::vector<std::string> all;
    for (size_t b = 0; b < blocks.size(); ++b) all.push_back(text(b));
    return all;
  }
  Stats stats(size_t b) const {
    Stats s;
    Words words;
    read_stats(page, blocks[b], false, s, words);
    return s;
  }
};

using Texts = std::vector<std::string>;

TEST(Blocks, EndAtBlockElements) {
  EXPECT_EQ(Found("<p>one <b>two</b></p>three<div>four<p>five</div>six").texts(), (Texts{"one two", "three", "four", "five", "six"}));
}

TEST(Blocks, AnEmptyElementMakesNone) { EXPECT_EQ(Found("<p> \n</p><div>&nbsp;<span></span></div><p>x").texts(), (Texts{"x"})); }

TEST(Blocks, TwoLineBreaksAreABorderAndOneIsNone) {
  EXPECT_EQ(Found("<td>one<br>two<br><br>three<br> <br>four").texts(), (Texts{"one\ntwo", "three", "four"}));
}

TEST(Blocks, HeadingsKeepTheirLevel) {
  const Found found("<h2><span>Title</span></h2><p>text<h3>Other");
  ASSERT_EQ(found.blocks.size(), 3u);
  EXPECT_EQ(found.blocks[0].kind, BlockKind::heading);
  EXPECT_EQ(found.blocks[0].level, 2);
  EXPECT_EQ(found.blocks[1].kind, BlockKind::text);
  EXPECT_EQ(found.blocks[2].level, 3);
}

TEST(Blocks, WhatIsNotShownIsLeftOut) {
  EXPECT_EQ(Found("<script>a()</script><style>b{}</style><template>c</template><select><option>d</select><textarea>e</textarea>f").texts(), (Texts{"f"}));
}

TEST(Blocks, CodeAndTablesStandAlone) {
  const Found found("<p>before<pre><code>int a;\nint b;</code></pre>behind<table><tr><th>x<th>y<tr><td>1<td>2<tr><td>3<td>4</table>");
  ASSERT_EQ(found.blocks.size(), 4u);
  EXPECT_EQ(found.blocks[1].kind, BlockKind::code);
  EXPECT_EQ(found.blocks[3].kind, BlockKind::table);
}

TEST(Blocks, ManyEndInOneThatHoldsTheRest) {
  std::string html;
  for (size_t i = 0; i < kMaxBlocks + 100; ++i) html += "<p>x";
  const Found found(html + "<p>last");
  ASSERT_EQ(found.blocks.size(), kMaxBlocks);
  EXPECT_EQ(found.blocks.back().end, kNoNode);
}

TEST(Stats, CountWordsLinksAndSentences) {
  const auto s = Found("<p>It costs $3.50 in the shop. <a href=x>See all</a> of it! Really?").stats(0);
  EXPECT_EQ(s.words, 12u);  // "3" and "50" are two
  EXPECT_EQ(s.linked_words, 2u);
  EXPECT_EQ(s.ends, 3u);  // the point of 3.50 ends none
  EXPECT_EQ(s.currency, 1u);
  EXPECT_EQ(s.questions, 1u);
  EXPECT_EQ(s.links, 1u);
  EXPECT_EQ(s.starts, 1);
  EXPECT_EQ(s.last, 1);
}

TEST(Stats, ScriptsWithoutSpacesHaveWeight) {
  const auto s = Found("<p>\xe4\xbb\x8a\xe5\xa4\xa9\xe5\xa4\xa9\xe6\xb0\x94\xe5\xbe\x88\xe5\xa5\xbd\xe3\x80\x82").stats(0);  // six ideographs and a full stop
  EXPECT_EQ(s.foreign, 6u);
  EXPECT_EQ(s.ends, 1u);
  EXPECT_GE(s.words, 3u);
}

TEST(Stats, TheHashSeesLettersOnly) {
  EXPECT_EQ(Found("<p>Read more (12)").stats(0).hash, Found("<p>READ  <b>More</b> [3]").stats(0).hash);
  EXPECT_NE(Found("<p>Read more").stats(0).hash, Found("<p>Read less").stats(0).hash);
}

}  // namespace
}  // namespace millrace::extract
