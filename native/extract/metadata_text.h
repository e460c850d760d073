#pragma once
#include <string>
#include <string_view>

#include "native/extract/page.h"

namespace millrace::extract {

// Small texts: names, titles, labels. Shared by the passes that read a page's metadata.

inline constexpr size_t kMaxField = 1024;

inline char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 32) : c; }

// ASCII case aside.
bool equals(std::string_view a, std::string_view b);
bool contains(std::string_view text, std::string_view word);  // `word` in lower case
bool starts(std::string_view text, std::string_view word);    // `word` in lower case

// One line of at most `cap` bytes: white space (no-break and zero-width space too) collapsed, whole characters, outer space gone.
std::string line(std::string_view text, size_t cap = kMaxField);

// The same, with character references decoded once more: attributes and JSON-LD are often escaped twice.
std::string decoded_line(std::string_view text, size_t cap = kMaxField);

// Words alone: ASCII lower case, punctuation and symbols as one space, nothing at the ends. For comparison only.
std::string fold(std::string_view text);
std::string squeeze(std::string_view folded);  // without the spaces

// The text of a subtree as one line of about `cap` bytes, without scripts, styles, buttons and drawings; block elements and br are a space.
std::string text_of(const Tree& tree, NodeId id, size_t cap = kMaxField);

// The same, a line for each block; empty lines left out.
std::string lines_of(const Tree& tree, NodeId id, size_t cap = kMaxField);

// Splits at white space; false at the end.
bool next_word(std::string_view text, size_t& at, std::string_view& word);

size_t count_words(std::string_view text);

// Length of the first character that ends or begins at a border at or before `cap`.
std::string_view cut_utf8(std::string_view text, size_t cap);

}  // namespace millrace::extract
