#pragma once
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace millrace::dedup {

// The words of one text after normalisation, joined by one space. Reuse it from text to text: it keeps its memory.
class Words {
 public:
  size_t size() const { return starts_.size() - 1; }
  // Words [first, first + count) with the single spaces between them; first + count <= size().
  std::string_view run(size_t first, size_t count) const {
    if (count == 0) return {};
    return {buffer_.data() + starts_[first], starts_[first + count] - 1 - starts_[first]};
  }

 private:
  friend class Simplifier;
  std::vector<char> buffer_;
  std::vector<size_t> starts_ = {0};  // one more than there are words; each word ends one byte before the next start
};

// datatrove 0.10's simplify_text with its defaults, then split at white space: lower case (with final sigma), number runs to "0",
// punctuation and control characters to spaces, NFD, non-spacing marks dropped. Words that lose every character vanish. A byte that is
// no UTF-8 counts as U+FFFD. Differs from the source only where this table's Unicode (simplify_tables.inc) is newer than Python's.
// Linear in the length of the text but for sorting runs of combining marks.
void simplify(std::string_view text, Words& words);

}  // namespace millrace::dedup
