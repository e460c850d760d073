// URL_PATTERN of spaCy 3.8 (lang/tokenizer_exceptions.py): scheme, user, address of four numbers or host with a top-level name, port, path.
// The expression tries every way to read a chunk; here each place where a host can begin is looked at once, up to the first mark that no
// host can have, which is linear.
#include "native/text/english_tables.h"

namespace millrace::text::english {
namespace {

bool is_decimal(uint32_t code) { return (class_table()[code] & kDecimal) != 0; }
bool is_host(uint32_t code) {
  return code < 0x80 ? static_cast<uint8_t>((code | 0x20) - 'a') < 26 || code - '0' < 10 : code >= 0xa1 && code <= 0xffff;
}
bool ends_host(char c) { return c == ':' || c == '/' || c == '?' || c == '#'; }

// (?:[A-Za-z0-9¡-￿](?:[A-Za-z0-9¡-￿_-]{0,62}[A-Za-z0-9¡-￿])?\.)+[ALPHA_LOWER]{2,63} and nothing behind.
bool is_name(const Tables& tables, const char* at, const char* to) {
  bool any_label = false;
  while (true) {
    const char* label = at;
    size_t characters = 0, lower = 0;
    uint32_t first = 0, last = 0;
    bool inside = true;  // only characters of a label
    while (at < to && *at != '.') {
      const auto [code, bytes] = decode(at);
      if (characters == 0) first = code;
      last = code;
      ++characters;
      lower += (tables.traits[code] & kLower) != 0;
      inside = inside && (is_host(code) || code == '_' || code == '-');
      if (!inside && lower < characters) return false;
      at += bytes;
    }
    if (at == to) return any_label && label < to && lower == characters && characters >= 2 && characters <= 63;
    if (!inside || characters == 0 || characters > 64 || !is_host(first) || !is_host(last)) return false;
    any_label = true;
    ++at;
  }
}

// Four decimal numbers of one to three digits (of any script, as \d has it) with a full stop between, and no private network's.
bool is_address(const char* at, const char* to) {
  uint32_t digits[4][3];
  int counts[4];
  for (int n = 0; n < 4; ++n) {
    int& count = counts[n] = 0;
    while (at < to && *at != '.') {
      const auto [code, bytes] = decode(at);
      if (count == 3 || !is_decimal(code)) return false;
      digits[n][count++] = code;
      at += bytes;
    }
    if (count == 0 || (n < 3 && at++ == to)) return false;
  }
  if (at != to) return false;
  const auto is = [&](int n, const char* number) {
    int i = 0;
    for (; number[i]; ++i)
      if (i == counts[n] || digits[n][i] != static_cast<uint8_t>(number[i])) return false;
    return i == counts[n];
  };
  const auto in = [](uint32_t code, char first, char last) { return code >= static_cast<uint8_t>(first) && code <= static_cast<uint8_t>(last); };
  const auto [a, b, c] = digits[0];
  if (is(0, "10") || is(0, "127") || (is(0, "169") && is(1, "254")) || (is(0, "192") && is(1, "168"))) return false;
  if (is(0, "172") && counts[1] == 2 &&
      ((digits[1][0] == '1' && in(digits[1][1], '6', '9')) || digits[1][0] == '2' || (digits[1][0] == '3' && in(digits[1][1], '0', '1'))))
    return false;
  if (counts[0] < 3 ? !in(a, '1', '9') : !(a == '1' || (a == '2' && (in(b, '0', '1') || (b == '2' && in(c, '0', '3')))))) return false;
  for (int n = 1; n < 3; ++n) {
    const auto [x, y, z] = digits[n];
    if (counts[n] == 3 && !(x == '1' || (x == '2' && (in(y, '0', '4') || (y == '5' && in(z, '0', '5')))))) return false;
  }
  const auto [x, y, z] = digits[3];
  return counts[3] < 3 ? in(x, '1', '9') : x == '1' || (x == '2' && (in(y, '0', '4') || (y == '5' && in(z, '0', '4'))));
}

// Host at the beginning of [from, to), then perhaps a port, then the end or a path.
bool is_host_and_rest(const Tables& tables, const char* from, const char* to) {
  const char* end = from;
  while (end < to && !ends_host(*end)) {
    if (*end == '@') return false;
    ++end;
  }
  const char* at = end;
  if (at < to && *at == ':') {
    int digits = 0;
    ++at;
    while (at < to && *at != '/' && *at != '?' && *at != '#') {
      const auto [code, bytes] = decode(at);
      if (digits == 5 || !is_decimal(code)) return false;
      ++digits;
      at += bytes;
    }
    if (digits < 2) return false;
  }
  return is_name(tables, from, end) || is_address(from, end);
}

}  // namespace

bool is_url(const Tables& tables, std::string_view text) {
  if (text.find('.') == std::string_view::npos) return false;
  const char *from = text.data(), *to = from + text.size(), *at = from;
  if (is_host_and_rest(tables, from, to)) return true;
  size_t characters = 0;
  for (; at < to; ++characters) {
    const auto [code, bytes] = decode(at);
    if (!(class_table()[code] & kAlphanumeric) && code != '_' && code != '+' && code != '-' && code != '.') break;
    at += bytes;
  }
  if (characters >= 2 && to - at > 3 && at[0] == ':' && at[1] == '/' && at[2] == '/' && is_host_and_rest(tables, at + 3, to)) return true;
  // Whatever stands before an @ can be a user.
  for (size_t mark = text.find('@', 1); mark != std::string_view::npos; mark = text.find('@', mark + 1))
    if (mark + 1 < text.size() && is_host_and_rest(tables, from + mark + 1, to)) return true;
  return false;
}

}  // namespace millrace::text::english
