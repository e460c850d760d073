// Named references by narrowing a sorted list a byte at a time: the longest name that fits counts.
#include "native/html/references.h"

#include "native/html/entities.inc"

namespace millrace::html {
namespace {

// Code points that numeric references 0x80 to 0x9F stand for (the standard's table, which is windows-1252).
constexpr uint16_t kControls[32] = {0x20ac, 0x81,   0x201a, 0x0192, 0x201e, 0x2026, 0x2020, 0x2021, 0x02c6, 0x2030, 0x0160,
                                    0x2039, 0x0152, 0x8d,   0x017d, 0x8f,   0x90,   0x2018, 0x2019, 0x201c, 0x201d, 0x2022,
                                    0x2013, 0x2014, 0x02dc, 0x2122, 0x0161, 0x203a, 0x0153, 0x9d,   0x017e, 0x0178};

int digit(char c, bool hex) {
  if (c >= '0' && c <= '9') return c - '0';
  const char lower = static_cast<char>(c | 0x20);
  return hex && lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

bool is_alphanumeric(char c) { return digit(c, false) >= 0 || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z'); }

size_t numeric(std::string_view text, std::string& out) {
  size_t at = 2;
  const bool hex = at < text.size() && (text[at] | 0x20) == 'x';
  at += hex;
  const size_t digits = at;
  uint32_t code = 0;
  for (int d; at < text.size() && (d = digit(text[at], hex)) >= 0; ++at)
    if (code <= 0x10ffff) code = code * (hex ? 16 : 10) + static_cast<uint32_t>(d);
  if (at == digits) return 0;
  if (at < text.size() && text[at] == ';') ++at;
  if (code == 0 || code > 0x10ffff || (code >= 0xd800 && code < 0xe000)) code = 0xfffd;
  if (code >= 0x80 && code < 0xa0) code = kControls[code - 0x80];
  append_utf8(code, out);
  return at;
}

std::string_view name_of(int i) {
  return {kReferenceNames + kReferenceOffsets[i], static_cast<size_t>(kReferenceOffsets[i + 1] - kReferenceOffsets[i])};
}

size_t named(std::string_view text, bool in_attribute, std::string& out) {
  // Nine of ten references are one of these; a name with its semicolon is no other's beginning.
  static constexpr struct {
    std::string_view name;
    uint32_t code;
  } kCommon[] = {{"amp;", '&'}, {"nbsp;", 0xa0}, {"quot;", '"'}, {"lt;", '<'}, {"gt;", '>'}};
  const auto rest = text.substr(1);
  for (const auto& [name, code] : kCommon) {
    if (!rest.starts_with(name)) continue;
    append_utf8(code, out);
    return 1 + name.size();
  }
  const char first = text[1];
  if (first < 'A' || first > 'z') return 0;
  int low = kReferenceFirst[first - 'A'], high = kReferenceFirst[first - 'A' + 1], found = -1;
  // Names in [low, high) begin with the first `length` bytes; the one of exactly that length, if any, is at `low`.
  for (size_t length = 1; low < high && 1 + length <= text.size(); ++length) {
    if (name_of(low).size() == length) {
      found = low++;
      if (low == high) break;
    }
    if (1 + length == text.size()) break;
    const auto next = static_cast<unsigned char>(text[1 + length]);
    const auto bound = [&](bool past) {
      int a = low, b = high;
      while (a < b) {
        const int middle = (a + b) / 2;
        const auto c = static_cast<unsigned char>(name_of(middle)[length]);
        if (c < next || (past && c == next)) a = middle + 1; else b = middle;
      }
      return a;
    };
    const int from = bound(false);
    high = bound(true);
    low = from;
  }
  if (found < 0) return 0;
  const auto name = name_of(found);
  const size_t end = 1 + name.size();
  if (in_attribute && name.back() != ';' && end < text.size() && (text[end] == '=' || is_alphanumeric(text[end]))) return 0;
  append_utf8(kReferenceCodes[found][0], out);
  if (kReferenceCodes[found][1]) append_utf8(kReferenceCodes[found][1], out);
  return end;
}

}  // namespace

void append_utf8(uint32_t code, std::string& out) {
  const auto put = [&out](uint32_t byte) { out.push_back(static_cast<char>(byte)); };
  if (code < 0x80) return put(code);
  if (code < 0x800) {
    put(0xc0 | code >> 6);
  } else {
    if (code < 0x10000) {
      put(0xe0 | code >> 12);
    } else {
      put(0xf0 | code >> 18);
      put(0x80 | (code >> 12 & 0x3f));
    }
    put(0x80 | (code >> 6 & 0x3f));
  }
  put(0x80 | (code & 0x3f));
}

size_t decode_reference(std::string_view text, bool in_attribute, std::string& out) {
  if (text.size() < 2) return 0;
  return text[1] == '#' ? numeric(text, out) : named(text, in_attribute, out);
}

}  // namespace millrace::html
