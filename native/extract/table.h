#pragma once
#include "native/extract/write.h"

namespace millrace::extract {

// Gives every data table the role `table`; layout tables keep none, their cells are blocks. Runs behind rescue_code.
// What the cells of a data table hide (display:none, sort keys) is skipped.
void rescue_tables(Page& page);

struct Cell {
  NodeId node = kNoNode;
  uint32_t row = 0, column = 0, rows = 1, columns = 1;
  bool header = false;
};

struct Table {
  NodeId node = kNoNode, caption = kNoNode;
  uint32_t rows = 0, columns = 0;
  std::vector<Cell> cells;  // by row, then column
  bool complex = false;     // spans, data tables or code of several lines within: what GFM cannot hold
};

// The grid of a table element by HTML's table model ("forming a table"), capped by max_cells. As in browsers a rowspan ends with its group of
// rows, the rows of tfoot come last, and where cells overlap the later one moves on to the next free column.
void read_table(const Page& page, NodeId table, uint32_t max_cells, Table& out);

// Appends a table: GFM where it is rectangular, else HTML with only colspan and rowspan (markdown, html); in text one row a line with
// " | " between cells, spans not repeated. Rows and columns that hold no text are left out, spans made smaller by them; what is empty then
// is not written at all. A caption is the paragraph before the table, in HTML its first child.
void write_table(const Page& page, NodeId table, const WriteOptions& options, std::string& out);

}  // namespace millrace::extract
