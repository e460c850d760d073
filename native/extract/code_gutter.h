#pragma once
#include <string>
#include <string_view>

#include "native/extract/page.h"

namespace millrace::extract {

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

inline bool blank(std::string_view text) {
  for (char c : text)
    if (!is_space(c)) return false;
  return true;
}

template <class Use>
void each_line(std::string_view text, Use use) {
  for (size_t begin = 0; begin <= text.size();) {
    const size_t end = std::min(text.find('\n', begin), text.size());
    use(text.substr(begin, end - begin));
    begin = end + 1;
  }
}

}  // namespace millrace::extract
