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
  bool dollars = false;  // html: formulas between dollars, as in the Markdown around it
  uint32_t tables = 0;  // data tables around what is written; the writer counts, nobody sets it
};

// Appends the blocks in their order, an empty line between two of them (list items of one list follow each other without).
// Lists, quotes and their nesting come from the blocks' ancestors, so any choice of blocks can be written.
// `text` holds the same blocks without link targets, image addresses, fences, escapes, quote and heading marks; list marks, tables' bars and
// the dollars of formulas stay. `markdown` reads back as the same text: a backslash stands before what a reader of Markdown would take for
// markup, and nowhere else. `html` is a fragment of p, h1 to h6, ul, ol, li, blockquote, pre, code, table and its parts, a, img, br,
// sup and span; its only attributes are href, src, alt, colspan, rowspan, start, value and class ("language-x", "math inline", "math display").
void write_blocks(const Page& page, std::span<const Block> blocks, const WriteOptions& options, std::string& out);

// Appends the inline content of the nodes from `first` on, before `end`: white space collapsed, br and the borders of block elements as LF
// (html: <br>), formulas as $…$ or $$…$$, code in backticks. The part that blocks, cells and titles share.
void write_inline(const Page& page, NodeId first, NodeId end, const WriteOptions& options, std::string& out);

}  // namespace millrace::extract
