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

// Takes line numbers off: where at least 70 % of the non-empty lines begin with an integer, and at least three times one is its
// predecessor's successor, and hardly ever not. True where it did.
bool strip_line_numbers(std::string& text);

// The integers that are all the text of a subtree. `count` is 0 where other text stands there, too.
struct Numbers {
  uint32_t count = 0;
  bool sequence = false;  // each on a line or in an element of its own, and its predecessor's successor
};
// Looks at most at `budget` nodes, and takes from it what it looked at.
Numbers numbers_in(const Tree& tree, NodeId root, uint64_t& budget);

// What stands in or beside code without being code: buttons, and gutters by their class if they hold nothing but numbers.
bool is_code_noise(const Tree& tree, NodeId id, uint64_t& budget);
// A class that a gutter of line numbers has.
bool is_gutter_class(std::string_view classes);

}  // namespace millrace::extract
