// One scan over the lines of a source file, and what they say together.
#include "native/text/code.h"

#include <algorithm>
#include <cstring>
#include <limits>
#include <string>

#include "native/base/parallel.h"
#include "native/text/characters.h"
#include "native/text/code_characters.h"
#include "native/text/code_lexer.h"
#include "native/text/interner.h"

namespace millrace::text {
namespace {

constexpr double kNone = std::numeric_limits<double>::quiet_NaN();
double share(double part, double whole) { return whole == 0 ? kNone : part / whole; }

constexpr size_t kDenseLine = 250;      // bytes
constexpr size_t kRepeatable = 12;      // bytes of a line that may count as repeated
constexpr size_t kMostLines = 1 << 20;  // lines that are remembered

bool is_any(std::string_view word, std::initializer_list<std::string_view> words) { return std::find(words.begin(), words.end(), word) != words.end(); }

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
  LineScanner(std::string_view text, Syntax syntax, CodeWorkspace& workspace) : text_(text), lexer_(text, syntax), seen_(workspace.seen_) {
    // Lines that count have twelve bytes at least: half full where every one of them differs and is as short as that.
    size_t size = 64;
    while (size * kRepeatable < 2 * text.size() && size < 2 * kMostLines) size *= 2;
    seen_.assign(size, 0);
  }

  void run(CodeStatistics& out) {
    for (size_t at = 0; at < text_.size();) {
      const auto* found = static_cast<const char*>(std::memchr(text_.data() + at, '\n', text_.size() - at));
      const size_t end = found ? static_cast<size_t>(found - text_.data()) : text_.size();
      take(lexer_.scan(at, end), end - at);
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
  // Lines that only name other files, or guard against being read twice.
  bool is_import(const CodeLine& line) const {
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
  static bool assigns_a_name(const CodeLine& line) { return line.assigns && !line.calls && line.names <= 4 && line.depth == 0; }
  static bool is_declaration(std::string_view word) {
    return is_any(word, {"default", "const", "let", "var", "function", "class", "async", "interface", "type", "enum", "abstract", "declare", "namespace"});
  }

  void take(const CodeLine& line, size_t length) {
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
  LineLexer lexer_;
  std::vector<uint64_t>& seen_;
  uint64_t shape_[2] = {0, 0};
  size_t lines_ = 0, longest_ = 0;
  int importing_ = 0;  // brackets that an import has open
  uint64_t code_ = 0, code_lines_ = 0, numbers_ = 0, data_ = 0, shapes_ = 0, dense_ = 0, repeated_ = 0, substance_ = 0, comments_ = 0;
};

void CodeWorkspace::measure(std::string_view text, Syntax syntax, CodeStatistics& out) {
  out.fill(kNone);
  LineScanner(text, syntax, *this).run(out);
  measure_code_characters(text, out);
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
