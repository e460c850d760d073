// One scan over the lines of a source file. It splits lines into names, numbers, strings and marks as most languages have them, which no
// single language's lexer would do for all; what it gets wrong (a quote in a regular expression, a string over several lines) costs one line.
#include "native/text/code.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <limits>
#include <memory>
#include <string>

#include "native/base/parallel.h"
#include "native/text/characters.h"
#include "native/text/interner.h"

namespace millrace::text {
namespace {

constexpr double kNone = std::numeric_limits<double>::quiet_NaN();
double share(double part, double whole) { return whole == 0 ? kNone : part / whole; }

constexpr size_t kDenseLine = 250;      // bytes
constexpr size_t kLongString = 60;      // bytes: a longer string, or one of five words, is prose and no datum unless half of it is digits
constexpr size_t kRepeatable = 12;      // bytes of a line that may count as repeated
constexpr size_t kMostLines = 1 << 20;  // lines that are remembered

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

constexpr uint64_t kOnes = 0x0101010101010101ull, kHigh = 0x80 * kOnes;

// High bits of those of eight bytes, all below 0x80, that lie in [low, high].
constexpr uint64_t within(uint64_t word, uint64_t low, uint64_t high) {
  return (word + (0x80 - low) * kOnes) & ~(word + (0x7f - high) * kOnes) & kHigh;
}

static_assert(std::endian::native == std::endian::little, "eight bytes are read as one number, the first lowest");

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

// Names that are literals.
bool is_literal(std::string_view name) {
  switch (name.size()) {
    case 1: return name[0] == 'e' || name[0] == 'E';
    case 2: return name == "NA";
    case 3: return is_any(name, {"nil", "nan", "NaN", "inf", "Inf"});
    case 4: return is_any(name, {"true", "True", "null", "NULL", "none", "None"});
    case 5: return name == "false" || name == "False";
    default: return false;
  }
}

struct Name {
  uint32_t at = 0, size = 0;
};

// 64 bytes: cleared for every line.
struct Line {
  Name first, second;
  uint32_t start = 0, end = 0;  // of the code in it
  uint32_t names = 0, literals = 0;
  uint32_t numbers = 0;  // bytes
  uint32_t code = 0;     // bytes, white space aside
  uint32_t comment = 0;  // bytes
  int32_t depth = 0;     // brackets opened less closed
  uint64_t shape = 0;
  bool prose = false, requires_module = false, marks_only = true, from = false, assigns = false, calls = false;
  char before = 0;  // the mark before the first name
  char ends = 0;    // the last byte of code
};
static_assert(sizeof(Line) == 64);

}  // namespace

const char* name(CodeStatistic statistic) {
  static constexpr const char* names[] = {
      "code_lines", "code_longest_line", "code_mean_line", "code_letters", "code_alphanumerics", "code_generated", "code_encoded_run",
      "code_encoded_share", "code_dense", "code_data", "code_numbers", "code_shapes", "code_dup_lines", "code_substance", "code_comments",
      "code_visible", "code_visible_share", "code_licence"};
  static_assert(std::size(names) == kCodeStatisticCount);
  return names[statistic];
}

class LineScanner {
 public:
  // The text's offsets fit in 32 bits, as those of its column do.
  LineScanner(std::string_view text, Syntax syntax, CodeWorkspace& workspace)
      : text_(text), syntax_(syntax), kinds_(kKinds[static_cast<uint8_t>(syntax)]), seen_(workspace.seen_) {
    // Lines that count have twelve bytes at least: half full where every one of them differs and is as short as that.
    size_t size = 64;
    while (size * kRepeatable < 2 * text.size() && size < 2 * kMostLines) size *= 2;
    seen_.assign(size, 0);
  }

  void run(CodeStatistics& out) {
    for (size_t at = 0; at < text_.size();) {
      const auto* found = static_cast<const char*>(std::memchr(text_.data() + at, '\n', text_.size() - at));
      const size_t end = found ? static_cast<size_t>(found - text_.data()) : text_.size();
      take(scan(at, end), end - at);
      ++lines_;
      // A line has at most as many characters as bytes.
      if (end - at > longest_) longest_ = std::max(longest_, count_characters(text_.substr(at, end - at)));
      at = end + 1;
    }
    const auto bytes = static_cast<double>(code_);
    out[kCodeLines] = static_cast<double>(lines_);
    out[kCodeLongestLine] = static_cast<double>(longest_);
    out[kCodeDense] = share(static_cast<double>(dense_), bytes);
    out[kCodeData] = share(static_cast<double>(data_), bytes);
    out[kCodeNumbers] = share(static_cast<double>(numbers_), bytes);
    out[kCodeShapes] = share(static_cast<double>(shapes_), static_cast<double>(code_lines_));
    out[kCodeDupLines] = share(static_cast<double>(repeated_), bytes);
    out[kCodeSubstance] = static_cast<double>(substance_);
    out[kCodeComments] = static_cast<double>(comments_);
  }

 private:
  uint8_t kind(size_t at) const { return kinds_[static_cast<uint8_t>(text_[at])]; }

  // Behind the end of the block comment, or `end` where it goes on.
  size_t close_comment(size_t at, size_t end) {
    const size_t found = text_.substr(0, end).find(closing_, at);
    if (found == std::string_view::npos) return end;
    const size_t behind = found + closing_.size();
    closing_ = {};
    return behind;
  }

  // Where a comment begins at `at`: behind what of it stands in this line. Else `at`.
  size_t comment_at(size_t at, size_t end, bool first) {
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

  size_t string_at(size_t at, size_t end, Line& line) {
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

  size_t number_at(size_t at, size_t end, Line& line) {
    size_t i = at + 1;
    while (i < end && (continues_name(kind(i)) || text_[i] == '.' || ((text_[i] == '-' || text_[i] == '+') && (text_[i - 1] | 32) == 'e' && text_[at + 1] != 'x'))) ++i;
    ++line.literals;
    line.numbers += static_cast<uint32_t>(i - at);
    line.code += static_cast<uint32_t>(i - at);
    line.shape = mix(line.shape, '0');
    return i;
  }

  size_t name_at(size_t at, size_t end, Line& line) {
    // A line's end is no part of a name.
    const size_t i = name_end(text_, at + 1);
    const std::string_view word = text_.substr(at, i - at);
    line.code += static_cast<uint32_t>(word.size());
    if (is_literal(word)) {
      ++line.literals;
      line.shape = mix(line.shape, '0');
      return i;
    }
    const Name place{static_cast<uint32_t>(at), static_cast<uint32_t>(word.size())};
    if (line.names == 0) line.first = place, line.before = line.ends;
    else if (line.names == 1) line.second = place;
    ++line.names;
    // The first letter is asked apart, as calls of memcmp would cost more than all else here.
    if (word[0] == 'r' && word == "require" && i < end && text_[i] == '(') line.requires_module = true;
    if ((word[0] == 'f' && word == "from") || (word[0] == 'i' && word == "import")) line.from = true;
    line.shape = mix(line.shape, 'a');
    return i;
  }

  Line scan(size_t at, const size_t end) {
    Line line;
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

  // Lines that only name other files, or guard against being read twice.
  bool is_import(const Line& line) const {
    const std::string_view first = text_.substr(line.first.at, line.first.size), second = text_.substr(line.second.at, line.second.size);
    if (line.names == 0) return line.literals == 1 && line.numbers == 0 && line.code <= 16 && !line.prose;  // 'use strict';
    if (line.requires_module) return line.names <= 6;
    if (line.before == '#') return is_any(first, {"include", "import", "pragma", "ifndef", "ifdef", "if", "endif", "else", "undef"}) || (first == "define" && line.names == 2 && line.literals == 0);
    if (line.before == '@') return is_any(first, {"import", "use", "forward", "charset"});
    const bool ends = line.ends == ';';
    switch (first.empty() ? '\0' : first[0]) {
      case 'i': return first == "import";
      case 'f': return first == "from" && line.from && line.names >= 2;
      case 'e':
        if (first == "export") return line.from || second.empty() || (line.names >= 2 && line.depth > 0 && !is_declaration(second));
        if (first == "extern") return ends || line.depth > 0;
        return first == "exports" && assigns_a_name(line);
      case 'm': return (first == "mod" && ends) || (first == "module" && assigns_a_name(line));
      case 'u': return (first == "use" && (ends || line.depth > 0)) || (first == "using" && line.names <= 6 && !line.assigns);
      case 'p': return (first == "pub" && (second == "use" || (second == "mod" && ends))) || (first == "package" && line.names <= 6 && !line.assigns);
      case '_': return first == "__all__" && line.assigns;
      default: return false;
    }
  }
  static bool assigns_a_name(const Line& line) { return line.assigns && !line.calls && line.names <= 4 && line.depth == 0; }
  static bool is_declaration(std::string_view word) {
    return is_any(word, {"default", "const", "let", "var", "function", "class", "async", "interface", "type", "enum", "abstract", "declare", "namespace"});
  }

  void take(const Line& line, size_t length) {
    comments_ += line.comment;
    if (line.code == 0) return;
    code_ += line.code;
    ++code_lines_;
    numbers_ += line.numbers;
    if (line.names == 0 && line.literals > 0 && !line.prose) data_ += line.code;
    if (line.shape == shape_[0] || line.shape == shape_[1]) ++shapes_;
    shape_[1] = shape_[0];
    shape_[0] = line.shape;
    const std::string_view text = text_.substr(line.start, line.end - line.start);
    if (length > kDenseLine && text.size() > kDenseLine) {
      const auto blanks = static_cast<size_t>(std::count(text.begin(), text.end(), ' ') + std::count(text.begin(), text.end(), '\t'));
      if (blanks * 10 < text.size()) dense_ += line.code;
    }
    if (text.size() >= kRepeatable && repeats(text)) repeated_ += line.code;
    const bool inside = importing_ > 0;
    if (inside) importing_ += line.depth;
    else if (is_import(line)) importing_ = std::max(line.depth, 0);
    else if (!line.marks_only) substance_ += line.code;
  }

  // A set of hashes: two lines that share 64 bits count as equal, and a table that others have crowded forgets.
  bool repeats(std::string_view text) {
    const uint64_t hash = hash_bytes(text) | 1;
    const size_t mask = seen_.size() - 1;
    for (size_t probe = 0; probe < 16; ++probe) {
      uint64_t& slot = seen_[((hash >> 20) + probe) & mask];
      if (slot == hash) return true;
      if (slot == 0) {
        slot = hash;
        return false;
      }
    }
    return false;
  }

  std::string_view text_;
  Syntax syntax_;
  const std::array<uint8_t, 256>& kinds_;
  std::vector<uint64_t>& seen_;
  std::string_view closing_;  // of the block comment that a line stands in
  uint64_t shape_[2] = {0, 0};
  size_t lines_ = 0, longest_ = 0;
  int importing_ = 0;  // brackets that an import has open
  uint64_t code_ = 0, code_lines_ = 0, numbers_ = 0, data_ = 0, shapes_ = 0, dense_ = 0, repeated_ = 0, substance_ = 0, comments_ = 0;
};

namespace {

struct Classes {
  uint64_t letters = 0, alphanumerics = 0;
};

// Eight ASCII bytes at a time: a byte's high bit tells whether it lies in a range, and byte-wide counters are emptied before they overflow.
Classes count_classes(std::string_view text) {
  const uint8_t* classes = class_table();
  Classes counts;
  size_t i = 0;
  while (i < text.size()) {
    uint64_t letters = 0, digits = 0;
    bool ascii = true;
    for (int round = 0; round < 255 && i + 8 <= text.size(); ++round, i += 8) {
      uint64_t word;
      std::memcpy(&word, text.data() + i, 8);
      if (word & kHigh) {
        ascii = false;
        break;
      }
      letters += within(word | 0x20 * kOnes, 'a', 'z') >> 7;
      digits += within(word, '0', '9') >> 7;
    }
    const auto sum = [](uint64_t bytes) { return (bytes & 0x00ff00ff00ff00ffull) + ((bytes >> 8) & 0x00ff00ff00ff00ffull); };
    const uint64_t few = sum(letters) * 0x0001000100010001ull >> 48, more = sum(digits) * 0x0001000100010001ull >> 48;
    counts.letters += few;
    counts.alphanumerics += few + more;
    if (ascii && i + 8 <= text.size()) continue;
    for (const size_t stop = std::min(text.size(), i + 8); i < stop;) {
      const auto [code, bytes] = decode(text.data() + i);
      counts.letters += (classes[code] & kLetter) != 0;
      counts.alphanumerics += (classes[code] & kAlphanumeric) != 0;
      i += bytes;
    }
  }
  return counts;
}

void characters(std::string_view text, CodeStatistics& out) {
  const auto total = static_cast<double>(count_characters(text));
  const auto [letters, alphanumerics] = count_classes(text);
  out[kCodeMeanLine] = share(total, out[kCodeLines]);
  out[kCodeLetters] = share(static_cast<double>(letters), total);
  out[kCodeAlphanumerics] = share(static_cast<double>(alphanumerics), total);
}

bool opens_with_licence(std::string_view text) {
  std::string head(text.substr(0, 512));
  for (char& c : head) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
    if (c == '\n' || c == '\r' || c == '\t') c = ' ';
  }
  head.erase(std::unique(head.begin(), head.end(), [](char a, char b) { return a == ' ' && b == ' '; }), head.end());
  for (const char* phrase : {"permission is hereby granted, free of charge", "permission to use, copy, modify, and", "apache license version 2.0", "gnu general public license", "gnu lesser general public license",
                             "redistribution and use in source and binary forms", "mozilla public license", "mit license", "isc license", "bsd 3-clause license",
                             "bsd 2-clause license", "this is free and unencumbered software", "boost software license", "creative commons"})
    if (head.find(phrase) != std::string::npos) return true;
  return false;
}

}  // namespace

void CodeWorkspace::measure(std::string_view text, Syntax syntax, CodeStatistics& out) {
  out.fill(kNone);
  LineScanner(text, syntax, *this).run(out);
  characters(text, out);
  out[kCodeGenerated] = says_generated_code(text);
  const Encoded encoded = find_encoded(text);
  out[kCodeEncodedRun] = static_cast<double>(encoded.longest);
  out[kCodeEncodedShare] = share(static_cast<double>(encoded.total), static_cast<double>(text.size()));
  if (syntax == Syntax::markup) {
    const Visible visible = find_visible(text);
    out[kCodeVisible] = static_cast<double>(visible.characters);
    out[kCodeVisibleShare] = share(static_cast<double>(visible.characters), out[kCodeLines] * out[kCodeMeanLine]);
  }
  out[kCodeLicence] = opens_with_licence(text);
}

Error measure_code(const TextColumn& texts, std::span<const uint8_t> syntax, int threads, std::vector<std::vector<double>>& columns) {
  if (!texts.valid()) return {kShape, "measureCode: expected text offsets that rise within the bytes, found others"};
  const size_t rows = texts.size();
  if (syntax.size() != rows)
    return {kShape, "measureCode: expected a syntax for each of " + std::to_string(rows) + " texts, found " + std::to_string(syntax.size())};
  for (const uint8_t each : syntax)
    if (each >= kSyntaxes && each != kSkipped)
      return {kArgument, "measureCode: expected syntaxes below " + std::to_string(kSyntaxes) + " or 255, found " + std::to_string(each)};
  columns.assign(kCodeStatisticCount, std::vector<double>(rows, kNone));
  constexpr size_t kChunk = 64;
  parallel_for((rows + kChunk - 1) / kChunk, threads, [&](size_t chunk) {
    CodeWorkspace workspace;
    CodeStatistics values;
    for (size_t i = chunk * kChunk; i < std::min(rows, (chunk + 1) * kChunk); ++i) {
      if (syntax[i] == kSkipped || !is_utf8(texts[i])) continue;
      workspace.measure(texts[i], static_cast<Syntax>(syntax[i]), values);
      for (int s = 0; s < kCodeStatisticCount; ++s) columns[s][i] = values[s];
    }
  });
  return Error::none();
}

}  // namespace millrace::text
