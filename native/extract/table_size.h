#pragma once
#include <array>
#include <vector>

#include "native/extract/page.h"

namespace millrace::extract {

// What is measured of a table on the way to judging it. Text counts in bytes without white space; rows and cells that hold none are not filled.

inline constexpr uint32_t kWidths = 64;  // rows of more cells count as rows of so many

struct CellSize {
  uint32_t text = 0, links = 0, digits = 0, bold = 0;
  uint32_t blocks = 0, headings = 0, images = 0;
  uint32_t value = 0;  // the number that it holds, where it holds nothing else
  bool header = false;
};

struct TableSize {
  NodeId node = kNoNode;
  // Rows; those of several filled cells, spans from above counted; the most filled cells of a row.
  uint32_t rows = 0, filled_rows = 0, multiple_rows = 0, widest = 0;
  // Cells; those of numbers, of several blocks, of a heading above other text, of images alone.
  uint32_t cells = 0, filled = 0, numeric = 0, block_cells = 0, heading_cells = 0, image_cells = 0;
  // Filled th; rows of a label and a value; form controls; cells that hold the day after the last one.
  uint32_t headers = 0, labelled = 0, controls = 0, dates = 0, last_date = 0;
  uint64_t text = 0, links = 0, long_text = 0;  // long_text: in long cells
  uint32_t caption = 0, data_inside = 0, layout_inside = 0;
  bool columns_named = false, bold_head = false;
  std::array<uint32_t, kWidths> widths{};  // filled rows by their number of cells
  std::vector<int32_t> carry;  // change of the number of cells from above, by row

  // The open row and cell.
  int32_t from_above = 0;
  uint32_t row_cells = 0, row_filled = 0, row_bold = 0, row_first = 0, row_second = 0;
  bool in_cell = false, in_caption = false;
  CellSize cell;
};

// Whether a table is data rather than layout.
bool is_data_table(const Tree& tree, const TableSize& table);

}  // namespace millrace::extract
