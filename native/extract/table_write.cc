// A data table as GFM, HTML or lines.
//
// GFM holds one line of text a cell and no spans; it is short and reads well, so it is used wherever it can hold the table. Its first row is its
// head whether or not the page says so. HTML inside Markdown ends at an empty line, so code there has its empty lines as references.
#include <algorithm>

#include "native/extract/code_class.h"
#include "native/extract/table.h"

namespace millrace::extract {
namespace {

struct Written {
  Cell cell;
  std::string text;
};

struct Shown {
  std::vector<Written> cells;
  uint32_t rows = 0, columns = 0;
  std::string caption;
};

void replace_all(std::string& text, std::string_view from, std::string_view to) {
  size_t at = text.find(from);
  if (at == text.npos) return;
  std::string result;
  size_t done = 0;
  for (; at != text.npos; at = text.find(from, done)) {
    result.append(text, done, at - done).append(to);
    done = at + from.size();
  }
  text = result.append(text, done, text.npos);
}

// Numbers of the rows or columns that stay, counted anew: place[i] is how many stay before i.
std::vector<uint32_t> places(const std::vector<uint8_t>& stays) {
  std::vector<uint32_t> place(stays.size() + 1, 0);
  for (size_t i = 0; i < stays.size(); ++i) place[i + 1] = place[i] + stays[i];
  return place;
}

// Leaves out the rows in which no cell with text begins, and the columns that no cell with text covers alone or that no cell begins in.
// A column that cells with text only span stays where cells begin in it: it has a heading above.
void drop_empty(Table& table, Shown& shown) {
  std::vector<uint8_t> rows(table.rows, 0), begins(table.columns, 0), columns(table.columns, 0);
  std::vector<int32_t> spanned(table.columns + 1, 0);
  for (const auto& [cell, text] : shown.cells) {
    begins[cell.column] = 1;
    if (text.empty()) continue;
    rows[cell.row] = 1;
    columns[cell.column] = 1;
  }
  // A cell with text over all columns names none of them.
  for (const auto& [cell, text] : shown.cells) {
    if (text.empty() || cell.columns == 1 || cell.columns == table.columns) continue;
    ++spanned[cell.column];
    --spanned[cell.column + cell.columns];
  }
  int32_t depth = 0;
  for (uint32_t x = 0; x < table.columns; ++x) {
    depth += spanned[x];
    columns[x] = begins[x] && (columns[x] || depth > 0);
  }
  const auto row = places(rows), column = places(columns);
  std::erase_if(shown.cells, [&](Written& written) {
    auto& cell = written.cell;
    const uint32_t bottom = cell.row + cell.rows, right = cell.column + cell.columns;
    // A row that goes had only empty cells, and those go with it; a column likewise, but for spans that begin in it.
    const bool gone = row[bottom] == row[cell.row] || column[right] == column[cell.column] || (written.text.empty() && !rows[cell.row]);
    cell.rows = row[bottom] - row[cell.row];
    cell.columns = column[right] - column[cell.column];
    cell.row = row[cell.row];
    cell.column = column[cell.column];
    return gone;
  });
  shown.rows = row.back();
  shown.columns = column.back();
}

void write_cells(const Page& page, const Table& table, const WriteOptions& options, Shown& shown) {
  shown.cells.clear();
  shown.cells.reserve(table.cells.size());
  for (const auto& cell : table.cells) {
    Written written{cell, {}};
    const NodeId first = page.tree[cell.node].first_child;
    if (first != kNoNode) write_inline(page, first, page.tree.behind(cell.node), options, written.text);
    shown.cells.push_back(std::move(written));
  }
  shown.caption.clear();
  if (table.caption == kNoNode || page.tree[table.caption].first_child == kNoNode) return;
  write_inline(page, page.tree[table.caption].first_child, page.tree.behind(table.caption), options, shown.caption);
}

void gfm(const Shown& shown, std::string& out) {
  if (!shown.caption.empty()) {
    auto caption = shown.caption;
    std::replace(caption.begin(), caption.end(), '\n', ' ');
    out.append(caption).append("\n\n");
  }
  // Readers fill short rows up themselves: it is done here where it costs little, and looks better.
  const bool fill = uint64_t(shown.rows) * shown.columns <= 4 * shown.cells.size() + 64;
  size_t i = 0;
  for (uint32_t y = 0; y < shown.rows; ++y) {
    for (uint32_t x = 0; x < shown.columns; ++x) {
      const bool here = i < shown.cells.size() && shown.cells[i].cell.row == y;
      if (!here && !fill && y > 0) break;
      out.append("| ");
      if (!here || shown.cells[i].cell.column != x) continue;
      const auto& text = shown.cells[i++].text;
      for (char c : text) {
        if (c == '|') out += '\\';
        if (c == '\n') {
          out.append("<br>");
        } else {
          out += c;
        }
      }
      if (!text.empty()) out += ' ';
    }
    out.append("|\n");
    if (y > 0) continue;
    for (uint32_t x = 0; x < shown.columns; ++x) out.append("| --- ");
    out.append("|\n");
  }
}

void lines(const Shown& shown, std::string& out) {
  if (!shown.caption.empty()) {
    auto caption = shown.caption;
    std::replace(caption.begin(), caption.end(), '\n', ' ');
    out.append(caption).append("\n\n");
  }
  size_t i = 0;
  for (uint32_t y = 0; y < shown.rows; ++y) {
    for (bool first = true; i < shown.cells.size() && shown.cells[i].cell.row == y; ++i, first = false) {
      if (!first) out.append(" | ");
      for (char c : shown.cells[i].text) out += c == '\n' ? ' ' : c;
    }
    while (!out.empty() && out.back() == ' ') out.pop_back();
    out += '\n';
  }
}

void markup(Shown& shown, bool in_markdown, std::string& out) {
  out.append("<table>\n");
  if (!shown.caption.empty()) out.append("<caption>").append(shown.caption).append("</caption>\n");
  size_t i = 0;
  for (uint32_t y = 0; y < shown.rows; ++y) {
    out.append("<tr>");
    for (; i < shown.cells.size() && shown.cells[i].cell.row == y; ++i) {
      auto& [cell, text] = shown.cells[i];
      const char* name = cell.header ? "th" : "td";
      out.append("<").append(name);
      if (cell.columns > 1) out.append(" colspan=\"").append(std::to_string(cell.columns)).append("\"");
      if (cell.rows > 1) out.append(" rowspan=\"").append(std::to_string(cell.rows)).append("\"");
      if (in_markdown) replace_all(text, "\n\n", "\n&#10;");
      out.append(">").append(text).append("</").append(name).append(">");
    }
    out.append("</tr>\n");
  }
  out.append("</table>\n");
}

}  // namespace

void write_table(const Page& page, NodeId id, const WriteOptions& options, std::string& out) {
  Table table;
  read_table(page, id, options.max_cells, table);
  Shown shown;
  auto within = options;
  const bool block = table.complex && options.format == Format::markdown;
  if (block) {
    within.format = Format::html;
    within.dollars = true;
  }
  write_cells(page, table, within, shown);
  drop_empty(table, shown);
  if (shown.rows == 0 || shown.columns == 0) return;
  switch (options.format) {
    case Format::text:
      lines(shown, out);
      return;
    case Format::html:
      markup(shown, false, out);
      return;
    case Format::markdown:
      break;
  }
  // What made it complex may have been empty.
  const bool spans = std::any_of(shown.cells.begin(), shown.cells.end(),
                                 [](const Written& w) { return w.cell.rows > 1 || w.cell.columns > 1; });
  if (!block) {
    gfm(shown, out);
    return;
  }
  const bool nested = std::any_of(shown.cells.begin(), shown.cells.end(),
                                  [](const Written& w) { return holds(w.text, "<table>") || holds(w.text, "\n"); });
  if (spans || nested) {
    markup(shown, true, out);
    return;
  }
  write_cells(page, table, options, shown);
  drop_empty(table, shown);
  gfm(shown, out);
}

}  // namespace millrace::extract
