// Tables of numbered lines: GitHub, Gitea and googlesource set each line of a file as a row, Pygments, Rouge, Chroma and SyntaxHighlighter all
// lines as one cell beside a cell of numbers. What counts is a gutter cell, by class, data-line-number or its numbers, and the cell behind it.
#include "native/extract/code_find.h"

namespace millrace::extract {

namespace tag = html::tag;
namespace attr = html::attr;

bool CodeFinder::is_gutter_cell(NodeId cell) const {
  if (tree_.find(tree_[cell], attr::data_line_number) || is_gutter_class(class_of(tree_, cell))) return true;
  const NodeId child = tree_[cell].first_child;
  return child != kNoNode && tree_[child].kind == html::Kind::element && tree_[child].next == kNoNode &&
         tree_.find(tree_[child], attr::data_line_number);
}

bool CodeFinder::is_code_cell(NodeId cell) const {
  if (any_class(class_of(tree_, cell), [](std::string_view token) { return holds(token, "code"); })) return true;
  int left = 8;
  for (NodeId at = tree_.following(cell, cell); at != kNoNode && left > 0; at = tree_.following(at, cell), --left)
    if (is_pre(tree_, at) || is_element(tree_, at, tag::code)) return true;
  return false;
}

CodeFinder::Row CodeFinder::read_row(NodeId tr) {
  Row row;
  bool after = false;
  for (NodeId cell = tree_[tr].first_child; cell != kNoNode; cell = tree_[cell].next) {
    if (!any_of(tree_, cell, {tag::td, tag::th})) continue;
    row.text = true;
    if (is_gutter_cell(cell)) {
      row.numbered = after = true;
      row.code = kNoNode;
      continue;
    }
    if (!after && !row.numbered && tree_[cell].first_child != kNoNode) {
      const auto numbers = numbers_in(tree_, cell, budget_);
      if (numbers.sequence && tree_[cell].next != kNoNode) {
        NodeId next = tree_[cell].next;
        while (next != kNoNode && tree_[next].kind != html::Kind::element) next = tree_[next].next;
        if (next != kNoNode && is_code_cell(next)) row.numbered = after = true;
        continue;
      }
    }
    if (after && row.code == kNoNode) row.code = cell;
    after = false;
  }
  return row;
}

template <class Use>
void CodeFinder::each_row(NodeId table, Use use) const {
  for (NodeId part = tree_[table].first_child; part != kNoNode; part = tree_[part].next) {
    if (is_element(tree_, part, tag::tr) && !use(part)) return;
    if (!any_of(tree_, part, {tag::tbody, tag::thead, tag::tfoot})) continue;
    for (NodeId tr = tree_[part].first_child; tr != kNoNode; tr = tree_[tr].next)
      if (is_element(tree_, tr, tag::tr) && !use(tr)) return;
  }
}

// Most rows have a gutter and code behind it; a table whose first rows have none is another table.
bool CodeFinder::is_line_table(NodeId table) {
  size_t rows = 0, numbered = 0;
  each_row(table, [&](NodeId tr) {
    const auto row = read_row(tr);
    rows += row.text;
    numbered += row.numbered && row.code != kNoNode;
    return numbered > 0 || rows < 3;
  });
  return numbered > 0 && numbered * 10 >= rows * 7;
}

bool CodeFinder::line_table(NodeId table) {
  if (!is_line_table(table)) return false;
  std::string text;
  each_row(table, [&](NodeId tr) {
    const auto row = read_row(tr);
    if (row.code == kNoNode) return true;
    const size_t before = text.size();
    append_code(page_, row.code, CodeSpace::kept, budget_, text);
    if (text.size() == before || text.back() != '\n') text += '\n';
    return true;
  });
  tidy_code(text);
  if (text.empty()) return false;
  add(table, true, std::move(text));
  return true;
}

}  // namespace millrace::extract
