#pragma once
#include <cstddef>
#include <string_view>

namespace millrace::tokenizer {

// Where the piece that starts at `at` ends, by the pattern in patterns.md. `text` is valid UTF-8 and at < text.size(); the result is > at.
// Hand-written: each alternative is one scan forward, so a text costs O(n) whatever it holds.
size_t piece_end(std::string_view text, size_t at);

}  // namespace millrace::tokenizer
