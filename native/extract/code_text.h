#pragma once
#include <string>

#include "native/extract/page.h"

namespace millrace::extract {

// How the white space of a piece of code counts: as it stands (pre), or collapsed as in running text, where only br and the borders of blocks
// begin a line; `grouped` is `collapsed` for several <code> elements, between which stand at most white space and line numbers.
enum class CodeSpace : uint8_t { kept, collapsed, grouped };

// Appends the text of a subtree as code: br, borders of blocks, table rows and list items as LF; without gutters, buttons and skipped nodes.
// `budget` is what looking for gutters may still cost, in nodes, over the whole page.
void append_code(const Page& page, NodeId root, CodeSpace space, uint64_t& budget, std::string& out);

// NBSP as space, no byte order marks and zero-width spaces; numbers at the starts of lines taken off where they count lines; no white space at
// the ends of lines, no empty lines around, no indent that all lines share.
void tidy_code(std::string& text);

}  // namespace millrace::extract
