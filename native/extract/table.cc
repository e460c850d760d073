// The grid of a table element.
//
// Work and memory are linear in the cells and the slots that their spans cover, which max_cells limits: a slot is free or taken by the number
// of the row up to which its column is taken, one number a column.
#include "native/extract/table.h"

#include <algorithm>

#include "native/extract/code_class.h"

namespace millrace::extract {
namespace {

namespace tag = html::tag;
namespace attr = html::attr;

constexpr uint32_t kMaxColumns = 1000, kMaxRows = 65534;  // the standard's limits for colspan and rowspan
constexpr uint32_t kOpen = UINT32_MAX;                    // taken to the end of the group: rowspan=0

// "Rules for parsing non-negative integers", up to `limit`; `otherwise` where there is none.
uint32_t number(std::string_view text, uint32_t limit, uint32_t otherwise) {
  size_t i = 0;
  while (i < text.size() && is_space(text[i])) ++i;
  if (i < text.size() && text[i] == '+') ++i;
  if (i >= text.size() || text[i] < '0' || text[i] > '9') return otherwise;
  uint32_t value = 0;
  for (; i < text.size() && text[i] >= '0' && text[i] <= '9'; ++i) value = std::min(limit, value * 10 + uint32_t(text[i] - '0'));
  return value;
}

class Grid {
 public:
  Grid(const Page& page, uint32_t max_cells, Table& out) : tree_(page.tree), page_(page), left_(max_cells), out_(out) {}

  void read(NodeId table) {
    std::vector<NodeId> feet;
    for (NodeId part = tree_[table].first_child; part != kNoNode; part = tree_[part].next) {
      if (page_.role[part] == Role::skip) continue;
      if (is_element(tree_, part, tag::caption)) {
        if (out_.caption == kNoNode) out_.caption = part;
      } else if (is_element(tree_, part, tag::tr)) {
        row(part, false);
      } else if (is_element(tree_, part, tag::thead) || is_element(tree_, part, tag::tbody)) {
        group(part);
      } else if (is_element(tree_, part, tag::tfoot)) {
        feet.push_back(part);
      }
    }
    end_group();
    for (NodeId foot : feet) group(foot);
    for (const auto& cell : out_.cells) out_.columns = std::max(out_.columns, cell.column + cell.columns);
  }

 private:
  void group(NodeId part) {
    end_group();
    const bool head = is_element(tree_, part, tag::thead);
    for (NodeId tr = tree_[part].first_child; tr != kNoNode; tr = tree_[tr].next)
      if (is_element(tree_, tr, tag::tr) && page_.role[tr] != Role::skip) row(tr, head);
    end_group();
  }

  void end_group() {
    for (size_t i = group_; i < out_.cells.size(); ++i) {
      auto& cell = out_.cells[i];
      cell.rows = cell.rows == 0 ? out_.rows - cell.row : std::min(cell.rows, out_.rows - cell.row);
    }
    group_ = out_.cells.size();
    std::fill(taken_.begin(), taken_.end(), 0);
  }

  void row(NodeId tr, bool head) {
    const uint32_t y = out_.rows++;
    uint32_t x = 0;
    for (NodeId id = tree_[tr].first_child; id != kNoNode; id = tree_[id].next) {
      const bool th = is_element(tree_, id, tag::th);
      if ((!th && !is_element(tree_, id, tag::td)) || page_.role[id] == Role::skip) continue;
      for (; x < taken_.size() && taken_[x] > y; ++x) {
        // Spans without end were not paid for: each slot of theirs that is passed is, and with nothing left they end.
        if (taken_[x] != kOpen) continue;
        if (left_ == 0) std::replace(taken_.begin(), taken_.end(), kOpen, 0u);
        if (left_ == 0) break;
        --left_;
      }
      const auto& node = tree_[id];
      uint32_t columns = std::max(1u, number(tree_.value(node, attr::colspan), kMaxColumns, 1));
      uint32_t rows = number(tree_.value(node, attr::rowspan), kMaxRows, 1);
      // A span takes its slots from the table's budget; with too few left it is one slot.
      const uint64_t slots = uint64_t(columns) * std::max(1u, rows) - 1;
      if (slots > left_) {
        columns = rows = 1;
      } else {
        left_ -= static_cast<uint32_t>(slots);
      }
      // A span stops where a column is taken from above.
      uint32_t free = 1;
      while (free < columns && (x + free >= taken_.size() || taken_[x + free] <= y)) ++free;
      columns = free;
      const uint32_t until = rows == 0 ? kOpen : y + rows;
      if (x + columns > taken_.size()) taken_.resize(x + columns, 0);
      std::fill(taken_.begin() + x, taken_.begin() + x + columns, until);
      out_.cells.push_back({id, y, x, rows, columns, th || head});
      x += columns;
    }
  }

  const Tree& tree_;
  const Page& page_;
  uint32_t left_;
  Table& out_;
  std::vector<uint32_t> taken_;  // by column: the first row in which it is free
  size_t group_ = 0;             // the first cell of the open group of rows
};

}  // namespace

void read_table(const Page& page, NodeId table, uint32_t max_cells, Table& out) {
  out.node = table;
  out.caption = kNoNode;
  out.rows = out.columns = 0;
  out.cells.clear();
  out.complex = false;
  Grid(page, max_cells, out).read(table);
  for (const auto& cell : out.cells) out.complex = out.complex || cell.rows > 1 || cell.columns > 1;
  if (out.complex) return;
  for (NodeId id = page.tree.following(table, table); id != kNoNode;) {
    const auto role = page.role[id];
    if (role == Role::table || (role == Role::code && page.at(id).block && holds(page.at(id).text, "\n"))) {
      out.complex = true;
      return;
    }
    id = role == Role::none ? page.tree.following(id, table) : page.tree.behind(id, table);
  }
}

}  // namespace millrace::extract
