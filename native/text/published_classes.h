#pragma once
#include <cstdint>

namespace millrace::text {

// Classes that published filters ask for beside those of characters.h (published_classes.inc). Bits of one byte; ASCII is not in the table,
// but for kDigit.
enum PublishedClass : uint8_t {
  kAlphabetic = 1,  // [[:alpha:]] of the Python module regex
  kDigit = 2,       // str.isdigit
};

// One byte of them per code point, 0x110000. Made once, on first need.
const uint8_t* published_class_table();

}  // namespace millrace::text
