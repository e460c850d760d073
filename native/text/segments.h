#pragma once
#include <cstdint>
#include <string_view>

#include "native/text/characters.h"

namespace millrace::text {

// Word boundaries of UAX #29 (Unicode 16.0, the default rules, no dictionary): for languages that no tokenizer of ours knows, and for
// definitions that count such words. Runs of Han, Kana but Katakana, Thai, Khmer and the like come apart into single characters, as the
// standard's default has it.
enum class WordBreak : uint8_t {
  other, cr, lf, newline, extend, zwj, format, katakana, hebrew_letter, letter, single_quote, double_quote, mid_num_let, mid_letter, mid_num,
  numeric, extend_num_let, regional_indicator, space,
};

// Word_Break per code point, with kPictographic where it is Extended_Pictographic; 0x110000 bytes. Made once, on first need.
inline constexpr uint8_t kPictographic = 0x80;
const uint8_t* word_break_table();

// The segment at the front of `text` (UTF-8, not empty), in bytes. Looks at most as far ahead as the segment and one character with what is
// attached to it.
size_t next_segment(std::string_view text);

// Calls visit(segment) for every segment, white space and marks included; together they are the text.
template <class Visit>
void for_each_segment(std::string_view text, Visit&& visit) {
  while (!text.empty()) {
    const size_t size = next_segment(text);
    visit(text.substr(0, size));
    text.remove_prefix(size);
  }
}

// The segments that count as words: those whose first character is a letter or a digit (str.isalnum), as DCLM has it.
template <class Visit>
void for_each_segment_word(std::string_view text, Visit&& visit) {
  const uint8_t* classes = class_table();
  for_each_segment(text, [&](std::string_view segment) {
    if (classes[decode(segment.data()).code] & kAlphanumeric) visit(segment);
  });
}

}  // namespace millrace::text
