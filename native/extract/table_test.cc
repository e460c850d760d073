// Tables: which are data, their grid by the table model, and how they are written. Expected grids are worked out by hand from the standard;
// a plain map of slots stands beside read_table for random tables. Whole pages with golds are scored by bench/extraction/tables.py.
#include "native/extract/table.h"

#include <gtest/gtest.h>

#include <map>
#include <random>

#include "native/extract/code.h"
#include "native/extract/math.h"

namespace millrace::extract {
namespace {

struct Parsed {
  Page page;
  std::vector<NodeId> tables;
  explicit Parsed(std::string_view html) {
    html::Parser parser;
    parser.parse(html, page.tree);
    page.reset();
    rescue_math(page);
    rescue_code(page);
    rescue_tables(page);
    for (NodeId id = 0; id != kNoNode; id = page.role[id] == Role::none ? page.tree.following(id) : page.tree.behind(id))
      if (page.role[id] == Role::table) tables.push_back(id);
  }
  NodeId any_table() const {
    for (NodeId id = 0; id != kNoNode; id = page.tree.following(id))
      if (page.tree[id].kind == html::Kind::element && page.tree[id].tag == html::tag::table) return id;
    return kNoNode;
  }
};

std::string written(std::string_view html, Format format = Format::markdown) {
  Parsed parsed(html);
  std::string out;
  WriteOptions options;
  options.format = format;
  write_table(parsed.page, parsed.any_table(), options, out);
  return out;
}

// "row,column rows×columns" of each cell.
std::string grid(std::string_view html, uint32_t max_cells = 1u << 20) {
  Parsed parsed(html);
  Table table;
  read_table(parsed.page, parsed.any_table(), max_cells, table);
  std::string out = std::to_string(table.rows) + "x" + std::to_string(table.columns) + ":";
  for (const auto& cell : table.cells)
    out += " " + std::to_string(cell.row) + "," + std::to_string(cell.column) + "/" + std::to_string(cell.rows) + "x" + std::to_string(cell.columns);
  return out;
}

bool is_data(std::string_view html) { return !Parsed(html).tables.empty(); }

TEST(Table, ReadsTheGridOfTheTableModel) {
  EXPECT_EQ(grid("<table><tr><td>a<td>b<tr><td>c"), "2x2: 0,0/1x1 0,1/1x1 1,0/1x1");
  EXPECT_EQ(grid("<table><tr><td rowspan=2>a<td>b<tr><td>c"), "2x2: 0,0/2x1 0,1/1x1 1,1/1x1");
  EXPECT_EQ(grid("<table><tr><td colspan=2>a<td rowspan=2>b<tr><td>c<td>d"), "2x3: 0,0/1x2 0,2/2x1 1,0/1x1 1,1/1x1");
  // A span ends with its group of rows, one of 0 reaches there, tfoot comes last.
  EXPECT_EQ(grid("<table><tfoot><tr><td>f</tfoot><tbody><tr><td rowspan=9>a<tr><td>b<tbody><tr><td rowspan=0>c<tr><td>d<tr><td>e"),
            "6x2: 0,0/2x1 1,1/1x1 2,0/3x1 3,1/1x1 4,1/1x1 5,0/1x1");
  EXPECT_EQ(grid("<table><tr><td colspan=0>a<td colspan=-1>b<td colspan=x>c<td colspan=' 2px'>d"), "1x5: 0,0/1x1 0,1/1x1 0,2/1x1 0,3/1x2");
}

TEST(Table, AgreesWithAMapOfSlots) {
  std::mt19937 random(7);
  for (int round = 0; round < 300; ++round) {
    struct Want {
      uint32_t row, column, rows, columns;
    };
    std::vector<Want> want;
    std::map<std::pair<uint32_t, uint32_t>, bool> taken;
    std::string html = "<table>";
    const uint32_t rows = 1 + random() % 8;
    for (uint32_t y = 0; y < rows; ++y) {
      html += "<tr>";
      uint32_t x = 0;
      for (uint32_t k = random() % 6; k > 0; --k) {
        const uint32_t down = 1 + random() % 3, across = 1 + random() % 3;
        while (taken[{y, x}]) ++x;
        uint32_t free = 1;
        while (free < across && !taken[{y, x + free}]) ++free;
        html += "<td rowspan=" + std::to_string(down) + " colspan=" + std::to_string(across) + ">x";
        want.push_back({y, x, std::min(down, rows - y), free});
        for (uint32_t i = 0; i < down; ++i)
          for (uint32_t j = 0; j < free; ++j) taken[{y + i, x + j}] = true;
        x += free;
      }
    }
    Parsed parsed(html);
    Table table;
    read_table(parsed.page, parsed.any_table(), 1u << 20, table);
    ASSERT_EQ(table.cells.size(), want.size()) << html;
    for (size_t i = 0; i < want.size(); ++i) {
      const auto& cell = table.cells[i];
      EXPECT_TRUE(cell.row == want[i].row && cell.column == want[i].column && cell.rows == want[i].rows && cell.columns == want[i].columns)
          << html << " cell " << i << ": " << grid(html);
    }
  }
}

TEST(Table, WritesGfmWhereItCan) {
  EXPECT_EQ(written("<table><tr><th>a<th>b|c<tr><td>1<br>2<td><p>x<p>y<tr><td>z"), "| a | b\\|c |\n| --- | --- |\n| 1<br>2 | x<br>y |\n| z | |\n");
  EXPECT_EQ(written("<table><caption>Of  birds</caption><tr><th>a<th>b<tr><td><code>x|y</code><td>2"), "Of birds\n\n| a | b |\n| --- | --- |\n| `x\\|y` | 2 |\n");
  EXPECT_EQ(written("<table><tr><th>a<th>b<tr><td><math alttext='x^2'><mi>x</mi></math><td>2"), "| a | b |\n| --- | --- |\n| $x^2$ | 2 |\n");
  EXPECT_EQ(written("<table><tr><th>a<th>b<tr><td>1<td><pre>f(x)</pre>"), "| a | b |\n| --- | --- |\n| 1 | `f(x)` |\n");
}

TEST(Table, WritesHtmlWhereGfmCannot) {
  EXPECT_EQ(written("<table class=x><tr><th colspan=2 style='color:red'>a&lt;<tr><td>1<td>2"),
            "<table>\n<tr><th colspan=\"2\">a&lt;</th></tr>\n<tr><td>1</td><td>2</td></tr>\n</table>\n");
  // An empty line would end HTML inside Markdown.
  EXPECT_EQ(written("<table><tr><th>a<th>b<tr><td>1<td><pre>f\n\n\n  g</pre>"),
            "<table>\n<tr><th>a</th><th>b</th></tr>\n<tr><td>1</td><td><pre><code>f\n&#10;\n  g</code></pre></td></tr>\n</table>\n");
  EXPECT_EQ(written("<table><tr><th>a<th>b<tr><td>1<td>in:<table><tr><th>c<th>d<tr><td>2<td>3</table>"),
            "<table>\n<tr><th>a</th><th>b</th></tr>\n<tr><td>1</td><td>in:<br><table>\n<tr><th>c</th><th>d</th></tr>\n<tr><td>2</td><td>3</td></tr>\n</table>\n</td></tr>\n</table>\n");
  EXPECT_EQ(written("<table><tr><th colspan=2>a<tr><td><math alttext='x&lt;y'><mi>x</mi></math><td>2"),
            "<table>\n<tr><th colspan=\"2\">a</th></tr>\n<tr><td>$x&lt;y$</td><td>2</td></tr>\n</table>\n");
}

TEST(Table, WritesOneRowALineInText) {
  EXPECT_EQ(written("<table><caption>c</caption><tr><th colspan=2>a<tr><td>1|<td>2<br>3<tr><td><td>4", Format::text), "c\n\na\n1| | 2 3\n | 4\n");
}

TEST(Table, LeavesOutWhatIsEmpty) {
  EXPECT_EQ(written("<table><tr><th>a<th><th>b<tr><td colspan=3>&nbsp;<tr><td>1<td><td>2<tr><td><td><td>"), "| a | b |\n| --- | --- |\n| 1 | 2 |\n");
  // Spans over what is left out shrink, and 100 columns that no cell begins in are one.
  EXPECT_EQ(written("<table><tr><th colspan=100>a<tr><td rowspan=2>1<td>2<tr></tr>"), "<table>\n<tr><th colspan=\"2\">a</th></tr>\n<tr><td>1</td><td>2</td></tr>\n</table>\n");
  EXPECT_EQ(written("<table><tr><td colspan=2 rowspan=3>a<tr><tr></table>"), "| a |\n| --- |\n");
  EXPECT_EQ(written("<table><tr><td><td></table>"), "");
}

TEST(Table, TellsDataFromLayout) {
  EXPECT_TRUE(is_data("<table><tr><th>a<th>b<tr><td>1<td>2"));
  EXPECT_TRUE(is_data("<table><tr><td>1<td>2<tr><td>3<td>4"));
  EXPECT_TRUE(is_data("<table border=1><tr><td>x<td>y<tr><td>z<td>w"));
  EXPECT_TRUE(is_data("<table><tr><td>Colour<td>red<tr><td>Weight<td>light<tr><td>Origin<td>unknown"));
  EXPECT_TRUE(is_data("<table><tr><td><h4>Name</h4><td><h4>Use</h4><tr><td>x<td>y<tr><td>z<td>w"));
  EXPECT_FALSE(is_data("<table role=presentation><tr><th>a<th>b<tr><td>1<td>2"));
  EXPECT_FALSE(is_data("<table><tr><td>a<td>b"));
  EXPECT_FALSE(is_data("<table><tr><td>a<tr><td>b"));
  EXPECT_FALSE(is_data("<table><tr><td><h2>Left</h2>text<td><h2>Right</h2>text<tr><td>a<td>b"));
  EXPECT_FALSE(is_data("<table><tr><td><a href=1>One</a><td><a href=2>Two</a><tr><td><a href=3>Three</a><td><a href=4>Four</a>"));
  EXPECT_FALSE(is_data("<table summary='Navigation header'><tr><th colspan=3>Part<tr><td>Prev<td>Up<td>Next"));
}

TEST(Table, CountsARankingAsDataAndAMonthAsNone) {
  std::string ranking = "<table><tr><th>Rank<th>Name<th>Score", month = "<table><tr><th>M<th>T<th>W<th>T<th>F<th>S<th>S<tr>";
  for (int i = 1; i <= 31; ++i) {
    ranking += "<tr><td>" + std::to_string(i) + "<td>name<td>5.0";
    month += (i % 7 == 1 ? "<tr><td>" : "<td>") + std::to_string(i);
  }
  EXPECT_TRUE(is_data(ranking));
  EXPECT_FALSE(is_data(month));
}

TEST(Table, SkipsWhatItHides) {
  EXPECT_EQ(written("<table class=wikitable><tr><th>a<th>b<tr><td><span style='display: none'>0012</span>12<td>x<td hidden>no<tr hidden><td>34<td>y"),
            "| a | b |\n| --- | --- |\n| 12 | x |\n| 34 | y |\n");
}

TEST(Table, IsBoundedOnHostileTables) {
  EXPECT_EQ(grid("<table><tr><td colspan=1000 rowspan=65534>a<td colspan=3>b<tr><td>c", 100), "2x4: 0,0/1x1 0,1/1x3 1,0/1x1");
  std::string rows = "<table>", spans = "<table><tr>", open = "<table><tr>", ragged = "<table border=1><tr>", nested, many, hidden;
  for (int i = 0; i < 1000000; ++i) rows += "<tr><td>1<td>2";
  for (int i = 0; i < 2000; ++i) spans += "<td colspan=100000 rowspan=65534>x";
  for (int i = 0; i < 100000; ++i) spans += "<tr><td>y";
  for (int i = 0; i < 1000; ++i) open += "<td rowspan=0>x", ragged += "<td>x";
  for (int i = 0; i < 100000; ++i) open += "<tr><td>y", ragged += "<tr><td>1";
  for (int i = 0; i < 600; ++i) nested += "<table border=1><tr><th>a<th>b<tr><td>1<td>";
  for (int i = 0; i < 100000; ++i) many += "<table><tr><td rowspan=65534>1<td>2<tr><td>3<td>4</table>";
  for (int i = 0; i < 500; ++i) hidden += "<div hidden>";
  hidden = "<table class=wikitable><tr><th>a<th>b<tr><td>1<td>" + hidden;
  for (int i = 0; i < 100000; ++i) hidden += "<i>x</i>";
  hidden += "<code>y</code>";
  for (const auto& html : {rows, spans, open, ragged, nested, many, hidden}) {
    Parsed parsed(html);
    for (NodeId id : parsed.tables) {
      std::string out;
      write_table(parsed.page, id, {}, out);
      EXPECT_LT(out.size(), 64 * html.size() + 1024);
    }
  }
}

}  // namespace
}  // namespace millrace::extract
