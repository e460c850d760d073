#include "native/text/code_lexer.h"

#include <algorithm>
#include <cstring>

#include "native/text/eight.h"

namespace millrace::text {
namespace {

constexpr size_t kLongString = 60;  // bytes: a longer string, or one of five words, is prose and no datum unless half of it is digits

enum Kind : uint8_t { kMark, kBlank, kName, kDigit, kQuote, kCommentSign };

constexpr std::array<uint8_t, 256> kinds_of(Syntax syntax) {
  std::array<uint8_t, 256> table{};
  for (int c : {' ', '\t', '\r', '\v', '\f'}) table[c] = kBlank;
  for (int c = 'a'; c <= 'z'; ++c) table[c] = table[c - 32] = kName;
  for (int c = 0x80; c < 0x100; ++c) table[c] = kName;
  table['_'] = table['$'] = kName;
  for (int c = '0'; c <= '9'; ++c) table[c] = kDigit;
  table['"'] = table['\''] = table['`'] = kQuote;
  switch (syntax) {
    case Syntax::none: break;
    case Syntax::slashes: table['/'] = kCommentSign; break;
    case Syntax::hash: table['#'] = kCommentSign; break;
    case Syntax::dashes: table['-'] = table['/'] = table['{'] = kCommentSign; break;
    case Syntax::percent: table['%'] = kCommentSign; break;
    case Syntax::semicolon: table[';'] = kCommentSign; break;
    case Syntax::markup: table['<'] = kCommentSign; break;
  }
  return table;
}

constexpr std::array<std::array<uint8_t, 256>, kSyntaxes> kKinds = [] {
  std::array<std::array<uint8_t, 256>, kSyntaxes> all{};
  for (uint8_t s = 0; s < kSyntaxes; ++s) all[s] = kinds_of(static_cast<Syntax>(s));
  return all;
}();

constexpr bool continues_name(uint8_t kind) { return kind == kName || kind == kDigit; }

// Where the name or number that goes on at `at` ends. Eight bytes at a time: lengths of names cannot be predicted, so a loop over bytes
// costs more for its end than for its steps.
size_t name_end(std::string_view text, size_t at) {
  for (; at + 8 <= text.size(); at += 8) {
    uint64_t word;
    std::memcpy(&word, text.data() + at, 8);
    const uint64_t low = word & ~kHigh;
    const uint64_t inside = within(low | 0x20 * kOnes, 'a', 'z') | within(low, '0', '9') | within(low, '_', '_') | within(low, '$', '$') | word;
    if (const uint64_t outside = ~inside & kHigh) return at + static_cast<size_t>(std::countr_zero(outside)) / 8;
  }
  while (at < text.size() && continues_name(kKinds[0][static_cast<uint8_t>(text[at])])) ++at;
  return at;
}

constexpr uint64_t mix(uint64_t hash, uint64_t value) { return (hash ^ value) * 0x9e3779b97f4a7c15ull; }

bool is_any(std::string_view word, std::initializer_list<std::string_view> words) { return std::find(words.begin(), words.end(), word) != words.end(); }

// Names that are literals. Their first letters are asked apart, as most names are none and comparing is a call.
bool is_literal(std::string_view name) {
  const char first = static_cast<char>(name[0] | 32);
  if (name.size() > 5 || (first != 'e' && first != 'n' && first != 'i' && first != 't' && first != 'f')) return false;
  switch (name.size()) {
    case 1: return name[0] == 'e' || name[0] == 'E';
    case 2: return name == "NA";
    case 3: return is_any(name, {"nil", "nan", "NaN", "inf", "Inf"});
    case 4: return is_any(name, {"true", "True", "null", "NULL", "none", "None"});
    case 5: return name == "false" || name == "False";
    default: return false;
  }
}

}  // namespace

LineLexer::LineLexer(std::string_view text, Syntax syntax) : text_(text), syntax_(syntax), kinds_(kKinds[static_cast<uint8_t>(syntax)]) {}

// Behind the end of the block comment, or `end` where it goes on.
size_t LineLexer::close_comment(size_t at, size_t end) {
  const size_t found = text_.substr(0, end).find(closing_, at);
  if (found == std::string_view::npos) return end;
  const size_t behind = found + closing_.size();
  closing_ = {};
  return behind;
}

// Where a comment begins at `at`: behind what of it stands in this line. Else `at`.
size_t LineLexer::comment_at(size_t at, size_t end, bool first) {
  const std::string_view rest = text_.substr(at, end - at);
  const auto block = [&](std::string_view open, std::string_view close) {
    closing_ = close;
    return close_comment(at + open.size(), end);
  };
  switch (syntax_) {
    case Syntax::slashes:
      if (rest.starts_with("//")) return end;
      if (rest.starts_with("/*")) return block("/*", "*/");
      break;
    case Syntax::hash:
      if (rest[0] == '#' && (first || kind(at - 1) == kBlank)) return end;
      if (first && (rest.starts_with("\"\"\"") || rest.starts_with("'''"))) return block("\"\"\"", rest[0] == '"' ? "\"\"\"" : "'''");
      break;
    case Syntax::dashes:
      if (rest.starts_with("--")) return end;
      if (rest.starts_with("/*")) return block("/*", "*/");
      if (rest.starts_with("{-")) return block("{-", "-}");
      break;
    case Syntax::percent:
      if (at == 0 || text_[at - 1] != '\\') return end;
      break;
    case Syntax::semicolon: return end;
    case Syntax::markup:
      if (rest.starts_with("<!--")) return block("<!--", "-->");
      break;
    case Syntax::none: break;
  }
  return at;
}

size_t LineLexer::string_at(size_t at, size_t end, CodeLine& line) const {
  const char quote = text_[at];
  size_t spaces = 0, digits = 0, i = at + 1;
  for (; i < end && text_[i] != quote; ++i) {
    if (text_[i] == '\\') ++i;
    else if (text_[i] == ' ') ++spaces;
    else digits += kind(i) == kDigit;
  }
  if (i >= end) {
    // No closing quote: an apostrophe, a lifetime, the end of a string of several lines.
    line.shape = mix(line.shape, static_cast<uint8_t>(quote));
    line.prose = true;
    line.code += 1;
    return at + 1;
  }
  if ((spaces > 3 || i - at > kLongString) && digits * 2 < i - at - spaces) line.prose = true;
  ++line.literals;
  line.shape = mix(line.shape, 's');
  line.code += static_cast<uint32_t>(i + 1 - at);
  return i + 1;
}

size_t LineLexer::number_at(size_t at, size_t end, CodeLine& line) const {
  size_t i = at + 1;
  while (i < end && (continues_name(kind(i)) || text_[i] == '.' || ((text_[i] == '-' || text_[i] == '+') && (text_[i - 1] | 32) == 'e' && text_[at + 1] != 'x'))) ++i;
  ++line.literals;
  line.numbers += static_cast<uint32_t>(i - at);
  line.code += static_cast<uint32_t>(i - at);
  line.shape = mix(line.shape, '0');
  return i;
}

size_t LineLexer::name_at(size_t at, size_t end, CodeLine& line) const {
  // A line's end is no part of a name.
  const size_t i = name_end(text_, at + 1);
  const std::string_view word = text_.substr(at, i - at);
  line.code += static_cast<uint32_t>(word.size());
  if (is_literal(word)) {
    ++line.literals;
    line.shape = mix(line.shape, '0');
    return i;
  }
  const CodeName place{static_cast<uint32_t>(at), static_cast<uint32_t>(word.size())};
  if (line.names == 0) line.first = place, line.before = line.ends;
  else if (line.names == 1) line.second = place;
  ++line.names;
  // The first letter is asked apart, as calls of memcmp would cost more than all else here.
  if (word[0] == 'r' && word == "require" && i < end && text_[i] == '(') line.requires_module = true;
  if ((word[0] == 'f' && word == "from") || (word[0] == 'i' && word == "import")) line.from = true;
  line.shape = mix(line.shape, 'a');
  return i;
}

CodeLine LineLexer::scan(size_t at, const size_t end) {
  CodeLine line;
  bool first = true;
  if (!closing_.empty()) {
    const size_t behind = close_comment(at, end);
    line.comment += static_cast<uint32_t>(behind - at);
    at = behind;
  }
  line.start = static_cast<uint32_t>(at);
  while (at < end) {
    const uint8_t c = kind(at);
    if (c == kBlank) {
      do ++at;
      while (at < end && text_[at] == ' ');
      continue;
    }
    if (c == kCommentSign || (first && c == kQuote && syntax_ == Syntax::hash)) {
      if (const size_t behind = comment_at(at, end, first); behind != at) {
        line.comment += static_cast<uint32_t>(behind - at);
        at = behind;
        continue;
      }
    }
    if (first) line.start = static_cast<uint32_t>(at);
    first = false;
    const size_t begin = at;
    if (c == kName) {
      at = name_at(at, end, line);
    } else if (c == kDigit) {
      at = number_at(at, end, line);
    } else if (c == kQuote) {
      at = string_at(at, end, line);
    } else {
      const char mark = text_[at];
      line.depth += (mark == '(' || mark == '{' || mark == '[') - (mark == ')' || mark == '}' || mark == ']');
      line.assigns |= mark == '=';
      line.calls |= mark == '(';
      line.shape = mix(line.shape, static_cast<uint8_t>(mark));
      ++line.code;
      ++at;
    }
    line.marks_only &= c == kMark || c == kCommentSign;
    line.ends = text_[at - 1 < begin ? begin : at - 1];
    line.end = static_cast<uint32_t>(at);
  }
  return line;
}

}  // namespace millrace::text
