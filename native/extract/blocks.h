#pragma once
#include "native/extract/page.h"

namespace millrace::extract {

// The page as a sequence of blocks: the smallest pieces that are kept or dropped whole. A block is a run of inline content between two
// borders of block elements, or one rescued item that stands alone (code, display formula, data table).

enum class BlockKind : uint8_t { text, heading, code, formula, table };

struct Block {
  NodeId container = kNoNode;  // nearest block element around it; for code, formula and table the node itself
  // Its nodes in document order: from `first` on, ending before `end` (kNoNode: the end of the page). A node with a role counts whole.
  NodeId first = kNoNode, end = kNoNode;
  BlockKind kind = BlockKind::text;
  uint8_t level = 0;  // of a heading, 1 to 6
};

// Blocks of one page; the last one runs to the end of the page. Bounds memory: features are about 1 KB a block.
inline constexpr size_t kMaxBlocks = 1u << 16;

// Blocks of the page in document order. Elements that a page never shows (script, style, template, head, …) have none.
void find_blocks(const Page& page, std::vector<Block>& blocks);

}  // namespace millrace::extract
