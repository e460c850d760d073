#pragma once
#include <span>

#include "native/extract/blocks.h"

namespace millrace::extract {

enum class Format : uint8_t { markdown, text, html };

struct WriteOptions {
  Format format = Format::markdown;
  bool links = false;   // markdown, html: keep the addresses of links
  bool images = false;  // markdown, html: keep images with their addresses; else their alt text is not kept either
  uint32_t max_nesting = 16;  // deeper lists and quotes are written flat, so that prefixes stay linear in the text
  uint32_t max_cells = 1u << 20;  // cells that one table may expand to by its spans; further spans count as 1
};

// Appends the blocks in their order, an empty line between two of them (list items of one list follow each other without).
// Lists, quotes and their nesting come from the blocks' ancestors, so any choice of blocks can be written.
// `text` holds the same blocks without link targets, image addresses, fences, escapes and heading marks; list marks, tables' bars and the
// dollars of formulas stay.
void write_blocks(const Page& page, std::span<const Block> blocks, const WriteOptions& options, std::string& out);

// Appends the inline content of the nodes from `first` on, before `end`: white space collapsed, br as LF, formulas as $…$, code in
// backticks. The part that blocks, cells and titles share.
void write_inline(const Page& page, NodeId first, NodeId end, const WriteOptions& options, std::string& out);

}  // namespace millrace::extract
