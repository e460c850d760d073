// The expressions of spaCy 3.8's English tokenizer (lang/punctuation.py, lang/en/punctuation.py, lang/tokenizer_exceptions.py) as code. Each
// looks at a bounded number of characters or takes what it looked at, so that stripping a chunk is linear where the package's is quadratic.
#include "native/text/english_tables.h"

namespace millrace::text::english {
namespace {

bool is_digit(uint32_t code) { return code - '0' < 10; }

uint32_t code_before(const char* from, const char* at) { return at > from ? decode_before(at).code : 0; }
uint32_t code_at(const char* at, const char* to) { return at < to ? decode(at).code : 0; }

size_t full_stops(const char* from, const char* to) {
  const char* at = from;
  while (at < to && *at == '.') ++at;
  return at - from;
}

// The expressions for one full stop at a chunk's end; `stop` points to it.
bool is_stop_suffix(const Tables& tables, const char* from, const char* stop) {
  if (stop == from) return false;
  const auto [before, bytes] = decode_before(stop);
  if (tables.traits[before] & kBeforeStop) return true;
  const uint32_t second = code_before(from, stop - bytes);
  if (second == 0) return false;
  if ((tables.traits[before] & kUpperAlpha) && (tables.traits[second] & kUpperAlpha)) return true;
  return second == 0xB0 && (before == 'F' || before == 'f' || before == 'C' || before == 'c' || before == 'K' || before == 'k');
}

// A unit or currency behind a digit: neither has digits in it, so it is all that follows the last one.
size_t measure_suffix(const Tables& tables, const char* from, const char* to) {
  const char* at = to;
  for (int i = 0; i < 6 && at > from; ++i) {
    const auto [code, bytes] = decode_before(at);
    if (is_digit(code)) return at < to && tables.measure({at, static_cast<size_t>(to - at)}) ? to - at : 0;
    at -= bytes;
  }
  return 0;
}

}  // namespace

size_t prefix(const Tables& tables, const char* from, const char* to) {
  const auto [code, bytes] = decode(from);
  if (tables.traits[code] & kPrefix) return bytes;
  switch (code) {
    case '.': {
      const size_t run = full_stops(from, to);
      return run >= 2 ? run : 0;
    }
    case '+':
      return from + 1 < to && is_digit(static_cast<uint8_t>(from[1])) ? 0 : 1;
    case 'U':
      return to - from >= 3 && from[1] == 'S' && from[2] == '$' ? 3 : 0;
    case 'C':
    case 'A':
      return to - from >= 2 && from[1] == '$' ? 2 : 0;
    default:
      return 0;
  }
}

// The package searches from the left for an expression that reaches the end, so the longest one wins.
size_t suffix(const Tables& tables, const char* from, const char* to) {
  if (from == to) return 0;
  const auto [code, bytes] = decode_before(to);
  const uint16_t traits = tables.traits[code];
  size_t best = traits & kSuffix ? bytes : 0;
  if (code == '.') {
    const char* at = to;
    while (at > from && at[-1] == '.') --at;
    return to - at >= 2 ? to - at : is_stop_suffix(tables, from, at);
  }
  if (code == 0x2026 && code_before(from, to - bytes) == 0x2026) return 2 * bytes;
  if (code == 's' || code == 'S') {
    const uint32_t before = code_before(from, to - 1);
    return before == '\'' ? 2 : before == 0x2019 ? 4 : best;
  }
  if (code == '+') return is_digit(code_before(from, to - 1));
  if (traits & kMeasureEnd) best = std::max(best, measure_suffix(tables, from, to));
  return best;
}

Infix next_infix(const Tables& tables, const char* from, const char* at, const char* to) {
  const auto is_alpha = [&](uint32_t code) { return (tables.traits[code] & kAlpha) != 0; };
  while (at < to) {
    if (static_cast<uint8_t>((static_cast<uint8_t>(*at) | 0x20) - 'a') < 26) {
      ++at;
      continue;
    }
    const auto [code, bytes] = decode(at);
    if (code == '.') {
      const size_t run = full_stops(at, to);
      if (run >= 2) return {at, at + run};
      if ((tables.traits[code_before(from, at)] & (kLower | kQuote)) && (tables.traits[code_at(at + 1, to)] & (kUpperAlpha | kQuote)))
        return {at, at + 1};
    } else if (tables.traits[code] & kInfix) {
      return {at, at + bytes};
    } else if (code == ',') {
      if (is_alpha(code_before(from, at)) && is_alpha(code_at(at + 1, to))) return {at, at + 1};
    } else if (code == ':' || code == '<' || code == '>' || code == '=' || code == '/') {
      const uint32_t before = code_before(from, at);
      if ((is_alpha(before) || is_digit(before)) && is_alpha(code_at(at + 1, to))) return {at, at + 1};
    } else if (code == '+' || code == '*' || code == '^' || code == '-' || code == '~' || code == 0x2013 || code == 0x2014) {
      const uint32_t before = code_before(from, at);
      if (is_digit(before) && (code == '+' || code == '*' || code == '^' || code == '-')) {
        const uint32_t after = code_at(at + 1, to);
        if (is_digit(after) || after == '-') return {at, at + 1};
      }
      if (code != '+' && code != '*' && code != '^' && (is_alpha(before) || is_digit(before))) {
        // One mark, two or three hyphens, two dashes: the first of these that has a letter behind it.
        const char* behind = at;
        const size_t most = code == '-' ? 3 : code == 0x2014 ? 2 : 1;
        for (size_t n = 0; n < most && code_at(behind, to) == code; ++n) {
          behind += bytes;
          if (is_alpha(code_at(behind, to))) return {at, behind};
        }
      }
    }
    at += bytes;
  }
  return {to, to};
}

}  // namespace millrace::text::english
