// Finds data tables. One pass over the page measures each table, its cells and rows; a table is judged (table_judge.cc) when it ends, so those
// within it are known by then.
#include <algorithm>

#include "native/extract/code_class.h"
#include "native/extract/table.h"
#include "native/extract/table_size.h"

namespace millrace::extract {
namespace {

namespace tag = html::tag;
namespace attr = html::attr;

constexpr uint32_t kLongCell = 600, kLabel = 40, kValue = 300;
constexpr uint32_t kMaxCarry = 1024;  // rows that a rowspan is counted in

class Finder {
 public:
  explicit Finder(Page& page) : page_(page), tree_(page.tree), budget_(4 * uint64_t(page.tree.nodes.size()) + 64) {}

  void run() {
    for (NodeId id = 0; id != kNoNode;) {
      bool entered = enter(id);
      if (entered && tree_[id].first_child != kNoNode) {
        id = tree_[id].first_child;
        continue;
      }
      for (;; entered = true) {
        if (entered) leave(id);
        if (tree_[id].next != kNoNode) {
          id = tree_[id].next;
          break;
        }
        id = tree_[id].parent;
        if (id == kNoNode) break;
      }
    }
    // Outermost tables only, since each is looked at with all that is in it.
    for (NodeId table : data_)
      if (!within_data(table)) hide(table);
  }

 private:
  bool enter(NodeId id) {
    const auto& node = tree_[id];
    if (node.kind == html::Kind::text) {
      if (!open_.empty()) text(tree_.text(node.range));
      return false;
    }
    if (node.kind != html::Kind::element) return node.kind == html::Kind::document;
    if (page_.role[id] == Role::skip) return false;
    if (page_.role[id] != Role::none) {
      if (!open_.empty() && open_.back().in_cell) open_.back().cell.text += uint32_t(page_.at(id).text.size());
      return false;
    }
    if (node.ns != html::Ns::html) return false;
    switch (node.tag) {
      case tag::table:
        open_.emplace_back();
        open_.back().node = id;
        return true;
      case tag::script: case tag::style: case tag::template_: case tag::select: case tag::textarea: case tag::iframe: case tag::head:
        if (!open_.empty()) open_.back().controls += node.tag == tag::select || node.tag == tag::textarea;
        return false;
      default:
        break;
    }
    if (open_.empty()) return true;
    auto& table = open_.back();
    switch (node.tag) {
      case tag::caption:
        table.in_caption = true;
        break;
      case tag::col: case tag::colgroup:
        table.columns_named = true;
        break;
      case tag::tr:
        begin_row(table);
        break;
      case tag::td: case tag::th:
        table.in_cell = true;
        table.cell = {};
        table.cell.header = node.tag == tag::th;
        carry(table, tree_.value(node, attr::rowspan));
        break;
      case tag::a:
        ++links_;
        break;
      case tag::b: case tag::strong:
        ++bold_;
        break;
      case tag::img:
        ++table.cell.images;
        break;
      case tag::input: case tag::button:
        ++table.controls;
        break;
      case tag::h1: case tag::h2: case tag::h3: case tag::h4: case tag::h5: case tag::h6:
        ++table.cell.headings;
        ++bold_;
        break;
      case tag::p: case tag::div: case tag::ul: case tag::ol: case tag::hr: case tag::form: case tag::blockquote:
        ++table.cell.blocks;
        break;
      default:
        break;
    }
    return true;
  }

  void leave(NodeId id) {
    const auto& node = tree_[id];
    if (node.kind != html::Kind::element || node.ns != html::Ns::html || open_.empty()) return;
    auto& table = open_.back();
    switch (node.tag) {
      case tag::table:
        end_table();
        break;
      case tag::caption:
        table.in_caption = false;
        break;
      case tag::tr:
        end_row(table);
        break;
      case tag::td: case tag::th:
        end_cell(table);
        break;
      case tag::a:
        --links_;
        break;
      case tag::b: case tag::strong: case tag::h1: case tag::h2: case tag::h3: case tag::h4: case tag::h5: case tag::h6:
        --bold_;
        break;
      default:
        break;
    }
  }

  void text(std::string_view text) {
    auto& table = open_.back();
    uint32_t letters = 0, digits = 0, value = 0;
    for (char c : text) {
      // NBSP is two bytes, the second of which begins no letter.
      if (is_space(c) || c == '\xc2' || c == '\xa0') continue;
      ++letters;
      if (c >= '0' && c <= '9') ++digits, value = std::min(100000u, value * 10 + uint32_t(c - '0'));
    }
    if (table.in_caption) table.caption += letters;
    if (!table.in_cell || letters == 0) return;
    auto& cell = table.cell;
    cell.value = cell.text == 0 && letters == digits ? value : 0;
    cell.text += letters;
    cell.digits += digits;
    if (links_ > 0) cell.links += letters;
    if (bold_ > 0) cell.bold += letters;
  }

  static void begin_row(TableSize& table) {
    if (table.rows < table.carry.size()) table.from_above += table.carry[table.rows];
    table.row_cells = table.row_filled = table.row_bold = table.row_first = table.row_second = 0;
  }

  static void carry(TableSize& table, std::string_view span) {
    uint32_t rows = 0;
    for (char c : span) {
      if (c < '0' || c > '9') break;
      rows = std::min(kMaxCarry, rows * 10 + uint32_t(c - '0'));
    }
    if (rows < 2) return;
    if (table.carry.size() < size_t(table.rows) + rows + 1) table.carry.resize(size_t(table.rows) + rows + 1, 0);
    ++table.carry[table.rows + 1];
    --table.carry[table.rows + rows];
  }

  static void end_cell(TableSize& table) {
    table.in_cell = false;
    const auto& cell = table.cell;
    ++table.cells;
    ++table.row_cells;
    table.image_cells += cell.text == 0 && cell.images > 0;
    if (cell.text == 0) return;
    ++table.filled;
    ++table.row_filled;
    if (table.row_cells == 1) table.row_first = cell.text;
    if (table.row_cells == 2) table.row_second = cell.text;
    table.headers += cell.header;
    table.numeric += cell.text <= 24 && cell.digits * 2 >= cell.text;
    table.block_cells += cell.blocks > 1;
    // A heading alone in a cell is the cell's own; one above other text divides a page.
    table.heading_cells += cell.headings > 0 && cell.bold < cell.text;
    table.row_bold += cell.bold == cell.text;
    table.text += cell.text;
    table.links += cell.links;
    if (cell.text > kLongCell) table.long_text += cell.text;
    if (cell.value > 0 && cell.value <= 31) {
      table.dates += cell.value == table.last_date + 1;
      table.last_date = cell.value;
    }
  }

  static void end_row(TableSize& table) {
    const uint32_t width = table.row_cells == 0 ? 0 : uint32_t(std::max(0, table.from_above)) + table.row_cells;
    ++table.rows;
    if (table.row_filled == 0) return;
    if (table.filled_rows == 0) table.bold_head = table.row_bold == table.row_filled && table.row_filled > 1;
    ++table.filled_rows;
    table.multiple_rows += table.row_filled + std::max(0, table.from_above) > 1;
    table.widest = std::max(table.widest, table.row_filled);
    ++table.widths[std::min(width, kWidths - 1)];
    table.labelled += table.row_cells == 2 && table.row_first > 0 && table.row_first <= kLabel && table.row_second > 0 && table.row_second <= kValue;
  }

  void end_table() {
    const bool data = is_data_table(tree_, open_.back());
    const TableSize table = std::move(open_.back());
    open_.pop_back();
    if (data) {
      page_.role[table.node] = Role::table;
      data_.push_back(table.node);
    }
    if (open_.empty()) return;
    auto& around = open_.back();
    (data ? around.data_inside : around.layout_inside) += 1;
    around.layout_inside += data ? 0 : table.layout_inside;
    if (!around.in_cell) return;
    around.cell.text += uint32_t(std::min<uint64_t>(table.text, 1u << 24));
    around.cell.links += uint32_t(std::min<uint64_t>(table.links, 1u << 24));
    around.cell.blocks += 2;
    around.cell.value = 0;
  }

  bool is_row(NodeId id) const {
    return is_element(tree_, id, tag::tr) || is_element(tree_, id, tag::tbody) || is_element(tree_, id, tag::thead) ||
           is_element(tree_, id, tag::tfoot);
  }

  bool within_data(NodeId id) const {
    for (id = tree_[id].parent; id != kNoNode; id = tree_[id].parent)
      if (page_.role[id] == Role::table) return true;
    return false;
  }

  // What cells hide: keys for sorting, notes for print; and links to themselves. Not what was rescued from there, and not whole rows: those
  // wait for a reader to ask for more of them.
  void hide(NodeId table) {
    for (NodeId id = tree_.following(table, table); id != kNoNode;) {
      const auto& node = tree_[id];
      const bool hidden = node.kind == html::Kind::element && page_.role[id] == Role::none && node.attribute_count > 0 && !is_row(id) &&
                          (tree_.find(node, attr::hidden) || has_style(tree_, id, "display", "none") ||
                           any_class(class_of(tree_, id), [](std::string_view token) { return token == "sortkey" || token == "headerlink"; }));
      if (hidden && !holds_rescued(id)) page_.skip(id);
      id = page_.role[id] == Role::skip ? tree_.behind(id, table) : tree_.following(id, table);
    }
  }

  bool holds_rescued(NodeId root) {
    for (NodeId id = root; id != kNoNode; id = tree_.following(id, root)) {
      if (budget_ == 0 || (page_.role[id] != Role::none && page_.role[id] != Role::skip)) return true;
      --budget_;
    }
    return false;
  }

  Page& page_;
  const Tree& tree_;
  std::vector<TableSize> open_;
  std::vector<NodeId> data_;
  uint32_t links_ = 0, bold_ = 0;
  uint64_t budget_;  // nodes that looking into hidden elements may still read
};

}  // namespace

void rescue_tables(Page& page) {
  if (!page.tree.nodes.empty()) Finder(page).run();
}

}  // namespace millrace::extract
