#include "native/tokenizer/presplit.h"

#include "native/tokenizer/unicode.h"

namespace millrace::tokenizer {
namespace {

// (?i:'s|'t|'re|'ve|'m|'ll|'d)? at `at`: the position behind it.
size_t contraction_end(std::string_view text, size_t at) {
  if (at + 1 >= text.size() || text[at] != '\'') return at;
  const auto lower = [&](size_t i) { return i < text.size() ? static_cast<char>(text[i] | 0x20) : '\0'; };
  switch (lower(at + 1)) {
    case 's': case 't': case 'm': case 'd': return at + 2;
    case 'r': case 'v': return lower(at + 2) == 'e' ? at + 3 : at;
    case 'l': return lower(at + 2) == 'l' ? at + 3 : at;
    default: break;
  }
  return text.substr(at + 1, 2) == "\xC5\xBF" ? at + 3 : at;  // U+017F folds to s
}

// A*B+ at `at`, as a backtracking matcher finds it; `at` itself if it does not match. A* takes all it can; if no B follows, it gives back
// characters until the last one that is in both sets, and B+ then has that one alone, since only characters outside B come after it.
size_t lower_word_end(std::string_view text, size_t at) {
  size_t i = at, shared = at;
  while (i < text.size()) {
    const Character c = character_at(text, i);
    if (!(c.classes & kUpper)) {
      if (!(c.classes & kLower)) break;
      do i += character_at(text, i).bytes;
      while (i < text.size() && (character_at(text, i).classes & kLower));
      return i;
    }
    i += c.bytes;
    if (c.classes & kLower) shared = i;
  }
  return shared;
}

// A+ at `at`. B* adds nothing: it is asked only where A*B+ does not match, so no B follows the A's.
size_t upper_word_end(std::string_view text, size_t at) {
  size_t i = at;
  while (i < text.size()) {
    const Character c = character_at(text, i);
    if (!(c.classes & kUpper)) break;
    i += c.bytes;
  }
  return i;
}

// Both word alternatives, each with and then without the leading character; 0 if none matches.
size_t word_end(std::string_view text, size_t at, const Character& first) {
  const size_t next = at + first.bytes;
  const bool leads = !(first.classes & (kLetter | kNumber | kNewline)) && next < text.size();
  const bool word = first.classes & (kUpper | kLower);
  for (auto end_of : {lower_word_end, upper_word_end}) {
    if (leads)
      if (const size_t end = end_of(text, next); end > next) return contraction_end(text, end);
    if (word)
      if (const size_t end = end_of(text, at); end > at) return contraction_end(text, end);
  }
  return 0;
}

constexpr uint8_t kNotPunctuation = kSpace | kLetter | kNumber;

// [^\s\p{L}\p{N}]+[\r\n/]*, of which the first character is known to match.
size_t punctuation_end(std::string_view text, size_t at) {
  size_t i = at;
  while (i < text.size()) {
    const Character c = character_at(text, i);
    if (c.classes & kNotPunctuation) break;
    i += c.bytes;
  }
  while (i < text.size() && (text[i] == '\r' || text[i] == '\n' || text[i] == '/')) ++i;
  return i;
}

// \s*[\r\n]+|\s+(?!\S)|\s+
size_t space_end(std::string_view text, size_t at) {
  size_t i = at, last = at, newline = 0;
  while (i < text.size()) {
    const Character c = character_at(text, i);
    if (!(c.classes & kSpace)) break;
    last = i;
    i += c.bytes;
    if (c.classes & kNewline) newline = i;
  }
  if (newline) return newline;
  return i == text.size() || last == at ? i : last;
}

}  // namespace

size_t piece_end(std::string_view text, size_t at) {
  const Character first = character_at(text, at);
  if (const size_t end = word_end(text, at, first)) return end;
  const size_t next = at + first.bytes;
  if (first.classes & (kNumber | kHan)) return next;
  if (!(first.classes & kNotPunctuation)) return punctuation_end(text, at);
  if (first.code == ' ' && next < text.size() && !(character_at(text, next).classes & kNotPunctuation)) return punctuation_end(text, next);
  return space_end(text, at);
}

}  // namespace millrace::tokenizer
