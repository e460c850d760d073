#pragma once
#include "native/extract/write.h"

namespace millrace::extract {

// Gives every data table the role `table`; layout tables keep none, their cells are blocks. Runs behind rescue_code.
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
  bool complex = false;     // spans, nesting or block content that GFM cannot hold
};

// The grid of a table element by HTML's table model ("forming a table"), capped by max_cells.
void read_table(const Page& page, NodeId table, uint32_t max_cells, Table& out);

// Appends a table: GFM where it is rectangular, else HTML with only colspan and rowspan (markdown, html); in text one row a line with
// " | " between cells, spans not repeated.
void write_table(const Page& page, NodeId table, const WriteOptions& options, std::string& out);

}  // namespace millrace::extract
