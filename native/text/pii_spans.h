#pragma once
// What the finders of personal data share: classes of bytes, marks that candidates are found by, spans. Used by pii*.cc only.
#include <algorithm>
#include <bit>
#include <cstring>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

#include "native/text/characters.h"
#include "native/text/pii.h"

namespace millrace::text::pii {

inline bool is_digit(char c) { return c >= '0' && c <= '9'; }
inline bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
inline bool is_alphanumeric(char c) { return is_digit(c) || is_letter(c); }
inline char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }

// Classes of the character that ends before, or begins at, `at`; 0 at the borders of the text and for what is not UTF-8.
inline uint8_t classes_before(std::string_view text, size_t at) {
  if (at == 0) return 0;
  size_t start = at - 1;
  while (start > 0 && at - start < 4 && (static_cast<uint8_t>(text[start]) & 0xc0) == 0x80) --start;
  if (at - start > 1 && !is_utf8(text.substr(start, at - start))) return 0;
  if (at - start == 1 && static_cast<uint8_t>(text[start]) >= 0x80) return 0;
  return class_table()[decode(text.data() + start).code];
}

struct Character {
  uint8_t classes, bytes;
};
inline Character character_at(std::string_view text, size_t at) {
  const auto byte = static_cast<uint8_t>(text[at]);
  if (byte < 0x80) return {class_table()[byte], 1};
  const size_t bytes = byte < 0xc2 ? 1 : byte < 0xe0 ? 2 : byte < 0xf0 ? 3 : byte < 0xf5 ? 4 : 1;
  if (bytes == 1 || at + bytes > text.size() || !is_utf8(text.substr(at, bytes))) return {0, 1};
  return {class_table()[decode(text.data() + at).code], static_cast<uint8_t>(bytes)};
}

// \w of Python's module re.
inline bool is_word(uint8_t classes, char ascii) { return (classes & kAlphanumeric) || ascii == '_'; }
inline bool word_before(std::string_view text, size_t at) { return at > 0 && is_word(classes_before(text, at), text[at - 1]); }
inline bool word_at(std::string_view text, size_t at) { return at < text.size() && is_word(character_at(text, at).classes, text[at]); }

// Calls at(p) for every '@' and dot(p) for every '.' between two digits, in rising order: all that emails and addresses can hang on. Prose
// has one dot in a hundred bytes and hardly any '@', so nearly all of a text is passed over at the speed of a compare.
template <class At, class Dot>
void for_each_mark(std::string_view text, At&& at, Dot&& dot) {
  const char* data = text.data();
  const size_t size = text.size();
  const auto see = [&](size_t p) {
    if (data[p] == '@') at(p);
    else if (p > 0 && p + 1 < size && is_digit(data[p - 1]) && is_digit(data[p + 1])) dot(p);
  };
  size_t i = 0;
#if defined(__SSE2__)
  const __m128i at_sign = _mm_set1_epi8('@'), full_stop = _mm_set1_epi8('.');
  for (; i + 64 <= size; i += 64) {
    uint64_t found = 0;
    for (int k = 0; k < 4; ++k) {
      const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(data + i + 16 * k));
      const __m128i hit = _mm_or_si128(_mm_cmpeq_epi8(bytes, at_sign), _mm_cmpeq_epi8(bytes, full_stop));
      found |= static_cast<uint64_t>(static_cast<uint32_t>(_mm_movemask_epi8(hit))) << (16 * k);
    }
    for (; found; found &= found - 1) see(i + static_cast<size_t>(std::countr_zero(found)));
  }
#endif
  for (; i < size; ++i)
    if (data[i] == '@' || data[i] == '.') see(i);
}

// Emails and addresses as datatrove finds them, one '@' or '.' after the other. `end` is where the last match ended: none begins before it.
class Emails {
 public:
  explicit Emails(std::string_view text) : text_(text) {}
  // The match whose '@' is at `at`; false if there is none.
  bool match(size_t at, PiiSpan& span);

 private:
  std::string_view text_;
  size_t end_ = 0;
};

class Addresses {
 public:
  explicit Addresses(std::string_view text) : text_(text) {}
  // The match whose first dot is at `dot`. `address` is only set, and `valid` true, where no part has a leading zero.
  bool match(size_t dot, PiiSpan& span, uint32_t& address, bool& valid);

 private:
  std::string_view text_;
  size_t end_ = 0;
};

void find_dolma(std::string_view text, const PiiRules& rules, std::vector<PiiSpan>& out);
void find_own(std::string_view text, const PiiRules& rules, std::vector<PiiSpan>& out);
void find_numbers(std::string_view text, bool phones, bool cards, std::vector<PiiSpan>& out);
void find_secrets(std::string_view text, std::vector<PiiSpan>& out);

}  // namespace millrace::text::pii
