// Which tables are data.
//
// The test is Readability.js's (extraction.md 3.4) with three changes that its pages showed to be needed: a table within is no reason
// against a table with headings if it is data itself; without headings a table must also be regular, since lists of links and old forums are
// laid out in large tables as well; and pairs of a short label and a value are data also in two columns.
#include <algorithm>

#include "native/extract/code_class.h"
#include "native/extract/table_size.h"

namespace millrace::extract {
namespace {

namespace attr = html::attr;

enum class Known : uint8_t { nothing, data, layout };

// Classes of MediaWiki, Sphinx, WordPress and the usual table scripts.
Known known(const Tree& tree, NodeId id) {
  Known result = Known::nothing;
  any_class(class_of(tree, id), [&](std::string_view token) {
    if (holds(token, "navbox") || holds(token, "calendar") || token == "ambox" || token == "metadata" || token == "toc" || token == "mbox-small" ||
        token == "vertical-navbox" || token == "layout") {
      result = Known::layout;
      return true;
    }
    if (token == "infobox" || token == "wikitable" || token == "datatable" || token == "docutils" || token == "has-fixed-layout")
      result = Known::data;
    return false;
  });
  return result;
}

}  // namespace

bool is_data_table(const Tree& tree, const TableSize& t) {
  const auto& node = tree[t.node];
  const auto role = tree.value(node, attr::role);
  if (role == "presentation" || role == "none") return false;
  if (holds(tree.value(node, attr::id), "calendar")) return false;
  const auto named = known(tree, t.node);
  // A month: little else than the days in their order.
  const bool month = t.dates >= 20 && t.dates * 10 >= (t.filled - std::min(t.filled, t.headers)) * 6;
  if (named == Known::layout || t.filled_rows < 2 || month) return false;
  // DocBook's bars of links say what they are.
  if (tree.value(node, attr::summary).starts_with("Navigation")) return false;
  if (named == Known::data) return t.widest > 1 || t.headers > 0;
  if (t.widest < 2 || t.layout_inside > 0) return false;
  const bool headed = t.headers > 0 || t.caption > 0 || !tree.value(node, attr::summary).empty() || role == "table" || role == "grid";
  if (t.data_inside > 0) return t.headers > 0 && t.filled > t.headers + t.data_inside;
  if (t.widest <= 2 && t.long_text * 2 > t.text) return false;
  if (headed) return t.controls == 0 || t.controls * 2 < t.filled;
  if (t.controls * 2 >= t.filled_rows || t.heading_cells > 0 || t.block_cells * 5 > t.filled || t.long_text > 0) return false;
  if (t.links * 10 > t.text * 7 || t.image_cells * 10 >= t.cells * 3 || t.filled * 2 < t.cells) return false;
  if (t.multiple_rows < 2 || t.multiple_rows * 2 < t.filled_rows) return false;
  const auto* border = tree.find(node, attr::border);
  if ((border && tree.text(border->value) != "0") || t.bold_head) return true;
  const auto most = *std::max_element(t.widths.begin(), t.widths.end());
  if (most * 10 < t.filled_rows * 7) return false;
  return t.multiple_rows * t.widest > 10 || t.numeric * 10 >= t.filled * 4 || t.columns_named ||
         (t.multiple_rows >= 3 && t.labelled == t.multiple_rows);
}

}  // namespace millrace::extract
