// The two patterns of datatrove 0.10.1 (pipeline/formatters/pii.py) without a regular expression engine.
//
// Email: \b L+(\.L+)*@ and then either dotted labels, (An([An-]*An)?\.)+ An([An-]*An)?, or a bracketed literal. L cannot be '@', so a match
// belongs to the first '@' behind its start: the leftmost start that is a word border, if what follows the '@' matches. Address: four
// numbers up to 255 with dots, without borders; the leftmost start of at most three digits before the first dot, and the last number as
// long as the alternatives 25[0-5] | 2[0-4]d | [01]?dd? take it.
#include "native/text/pii_spans.h"

namespace millrace::text::pii {
namespace {

struct LocalTable {
  bool is[256]{};
  constexpr LocalTable() {
    for (int c = '0'; c <= '9'; ++c) is[c] = true;
    for (int c = 'a'; c <= 'z'; ++c) is[c] = is[c - 32] = true;
    for (const char c : std::string_view("!#$%&'*+/=?^_`{|}~-")) is[static_cast<uint8_t>(c)] = true;
  }
};
constexpr LocalTable kLocal;
bool is_local(char c) { return kLocal.is[static_cast<uint8_t>(c)]; }

size_t label_run(std::string_view text, size_t at) {
  while (at < text.size() && (is_alphanumeric(text[at]) || text[at] == '-')) ++at;
  return at;
}

// Whether the digits [at, end) are one whole number of the pattern: at most three digits, at most 255.
bool is_part(std::string_view text, size_t at, size_t end) {
  if (end <= at || end - at > 3) return false;
  for (size_t i = at; i < end; ++i)
    if (!is_digit(text[i])) return false;
  if (end - at < 3) return true;
  const int value = (text[at] - '0') * 100 + (text[at + 1] - '0') * 10 + (text[at + 2] - '0');
  return value <= 255;
}

// How many digits the last number takes; there is one at `at`.
size_t last_part(std::string_view text, size_t at) {
  size_t run = 1;
  while (run < 3 && at + run < text.size() && is_digit(text[at + run])) ++run;
  if (run < 3) return run;
  if (text[at] <= '1') return 3;
  return is_part(text, at, at + 3) ? 3 : 2;
}

// End of [at, …) = labels with dots, or `at` if they do not match.
size_t labels_end(std::string_view text, size_t at) {
  size_t start = at, whole = 0, end = at;
  for (;;) {
    if (start >= text.size() || !is_alphanumeric(text[start])) return whole > 1 ? end : at;
    const size_t run = label_run(text, start);
    if (text[run - 1] != '-' && run < text.size() && text[run] == '.') {
      ++whole;
      end = run;
      start = run + 1;
      continue;
    }
    if (whole == 0) return at;
    size_t last = run;
    while (text[last - 1] == '-') --last;
    return last;
  }
}

size_t literal_end(std::string_view text, size_t at) {
  size_t i = at + 1;
  for (int part = 0; part < 3; ++part) {
    size_t end = i;
    while (end < text.size() && end - i < 4 && is_digit(text[end])) ++end;
    if (!is_part(text, i, end) || end >= text.size() || text[end] != '.') return at;
    i = end + 1;
  }
  const size_t run = label_run(text, i);
  if (run == i || run >= text.size()) return at;
  if (text[run] == ']') return is_part(text, i, run) ? run + 1 : at;
  const bool tag = text[run] == ':' && text[run - 1] != '-' && run + 1 < text.size() && text[run + 1] == ']';
  return tag ? run + 2 : at;
}

}  // namespace

bool Emails::match(size_t at, PiiSpan& span) {
  if (at < end_ || at + 1 >= text_.size()) return false;
  size_t start = at;
  while (start > end_) {
    const char before = text_[start - 1];
    if (is_local(before)) --start;
    else if (before == '.' && start < at && start - 1 > end_ && is_local(text_[start - 2]) && text_[start] != '.') --start;
    else break;
  }
  if (start == at) return false;
  const size_t domain = at + 1;
  const size_t end = text_[domain] == '[' ? literal_end(text_, domain) : labels_end(text_, domain);
  if (end == domain) return false;
  for (bool before = word_before(text_, start); start < at; ++start) {
    const bool word = is_alphanumeric(text_[start]) || text_[start] == '_';
    if (before != word && text_[start] != '.') {
      span = {static_cast<uint32_t>(start), static_cast<uint32_t>(end), PiiKind::email};
      end_ = end;
      return true;
    }
    before = word;
  }
  return false;
}

bool Addresses::match(size_t dot, PiiSpan& span, uint32_t& address, bool& valid) {
  if (dot <= end_) return false;
  size_t start = dot;
  for (size_t digits = 3; digits > 0 && start == dot; --digits)
    if (dot >= end_ + digits && is_part(text_, dot - digits, dot)) start = dot - digits;
  if (start == dot) return false;
  size_t at = dot + 1;
  for (int part = 0; part < 2; ++part) {
    size_t end = at;
    while (end < text_.size() && end - at < 4 && is_digit(text_[end])) ++end;
    if (!is_part(text_, at, end) || end >= text_.size() || text_[end] != '.') return false;
    at = end + 1;
  }
  if (at >= text_.size() || !is_digit(text_[at])) return false;
  end_ = at + last_part(text_, at);
  span = {static_cast<uint32_t>(start), static_cast<uint32_t>(end_), PiiKind::ip};
  valid = true;
  address = 0;
  uint32_t part = 0;
  for (size_t i = start; i < end_; ++i) {
    if (text_[i] == '.') {
      address = address << 8 | part;
      part = 0;
      continue;
    }
    if (text_[i] == '0' && (i == start || text_[i - 1] == '.') && i + 1 < end_ && is_digit(text_[i + 1])) valid = false;
    part = part * 10 + static_cast<uint32_t>(text_[i] - '0');
  }
  address = address << 8 | part;
  return true;
}

}  // namespace millrace::text::pii

namespace millrace::text {

bool is_global(uint32_t a) {
  struct Network {
    uint32_t first;
    int bits;
  };
  constexpr Network kNotGlobal[] = {
      {0x00000000, 8},  {0x0a000000, 8},  {0x7f000000, 8},  {0xa9fe0000, 16}, {0xac100000, 12}, {0xc0000000, 29}, {0xc00000aa, 31}, {0xc0000200, 24},
      {0xc0a80000, 16}, {0xc6120000, 15}, {0xc6336400, 24}, {0xcb007100, 24}, {0xf0000000, 4},  {0x64400000, 10},
  };
  for (const auto& [first, bits] : kNotGlobal)
    if ((a ^ first) >> (32 - bits) == 0) return false;
  return true;
}

}  // namespace millrace::text
