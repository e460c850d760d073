#pragma once
#include <array>
#include <cstdint>
#include <string_view>

#include "native/text/code.h"

namespace millrace::text {

struct CodeName {
  uint32_t at = 0, size = 0;
};

// 64 bytes: cleared for every line.
struct CodeLine {
  CodeName first, second;
  uint32_t start = 0, end = 0;  // of the code in it
  uint32_t names = 0, literals = 0;
  uint32_t numbers = 0;  // bytes
  uint32_t code = 0;     // bytes, white space aside
  uint32_t comment = 0;  // bytes
  int32_t depth = 0;     // brackets opened less closed
  uint64_t shape = 0;
  bool prose = false, requires_module = false, marks_only = true, from = false, assigns = false, calls = false;
  char before = 0;  // the mark before the first name
  char ends = 0;    // the last byte of code
};
static_assert(sizeof(CodeLine) == 64);

// Splits lines into names, numbers, strings and marks as most languages have them, which no single language's lexer would do for all; what it gets
// wrong (a quote in a regular expression, a string over several lines) costs one line. Lines must be asked in order: it knows of comments that go on.
class LineLexer {
 public:
  // The text's offsets fit in 32 bits, as those of its column do.
  LineLexer(std::string_view text, Syntax syntax);

  // The line from byte `at` to `end`, where its "\n" is or the text ends.
  CodeLine scan(size_t at, size_t end);

 private:
  uint8_t kind(size_t at) const { return kinds_[static_cast<uint8_t>(text_[at])]; }
  size_t close_comment(size_t at, size_t end);
  size_t comment_at(size_t at, size_t end, bool first);
  size_t string_at(size_t at, size_t end, CodeLine& line) const;
  size_t number_at(size_t at, size_t end, CodeLine& line) const;
  size_t name_at(size_t at, size_t end, CodeLine& line) const;

  const std::string_view text_;
  const Syntax syntax_;
  const std::array<uint8_t, 256>& kinds_;
  std::string_view closing_;  // of the block comment that a line stands in
};

}  // namespace millrace::text
