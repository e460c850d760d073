// Where formulas and code stand in prose. One scan that stops at the few bytes that can open a span; where the next end of each kind lies is
// remembered, so that openings without an end cost one search in all.
#include "native/text/maths.h"

#include <algorithm>
#include <cstring>
#include <initializer_list>

#include "native/text/interner.h"

namespace millrace::text {
namespace {

constexpr size_t kNowhere = std::string_view::npos;
constexpr size_t kLongest = 20'000;      // bytes of a formula
constexpr size_t kLongestInline = 2'000;  // bytes of $…$
constexpr size_t kLongestCode = 1'000;    // bytes of a code span

constexpr std::string_view kFormulas[] = {"equation", "align", "alignat", "flalign", "gather", "multline", "eqnarray", "math", "displaymath", "array",
                                          "matrix", "pmatrix", "bmatrix", "vmatrix", "cases", "aligned", "gathered", "split", "dmath"};
constexpr std::string_view kVerbatim[] = {"verbatim", "Verbatim", "lstlisting", "minted", "alltt"};

bool is_any(std::string_view word, std::initializer_list<std::string_view> words) { return std::find(words.begin(), words.end(), word) != words.end(); }
bool is_space(char c) { return c == ' ' || c == '\n' || c == '\t' || c == '\r'; }
bool is_letter(char c) { return (c | 32) >= 'a' && (c | 32) <= 'z'; }

// What brackets around it would hardly hold in prose.
bool looks_like_tex(std::string_view inner) {
  return inner.size() <= 3 || inner.find_first_of("\\^_=+<>{}0123456789") != kNowhere;
}

class Finder {
 public:
  Finder(std::string_view text, Spans& out) : text_(text), out_(out) {}

  void run() {
    bool fresh = true;  // at the first byte of a line that is no blank
    for (size_t at = 0; at < text_.size();) {
      const char c = text_[at];
      size_t next = at + 1;
      switch (c) {
        case '\n': fresh = true; break;
        case ' ':
        case '\t': break;
        case '`':
        case '~':
          next = fresh ? fence(at) : at;
          if (next == at) next = c == '`' ? code_span(at) : at + 1;
          fresh = false;
          break;
        case '.':
          next = fresh ? directive(at) : at + 1;
          fresh = false;
          break;
        case ':': next = role(at); fresh = false; break;
        case '$': next = dollars(at); fresh = false; break;
        case '\\': next = backslash(at); fresh = false; break;
        default: fresh = false;
      }
      // A block ends in front of its line's end or at the start of another line.
      if (next > at && text_[next - 1] == '\n') fresh = true;
      at = next;
    }
  }

 private:
  struct Ahead {
    std::string_view what;
    size_t at = 0;
    bool known = false;
  };

  // The first place at or behind `from` where `what` stands. Places asked for never go back, for one `ahead`.
  size_t find(Ahead& ahead, size_t from) {
    if (!ahead.known || (ahead.at != kNowhere && ahead.at < from)) {
      ahead.at = text_.find(ahead.what, from);
      ahead.known = true;
    }
    return ahead.at;
  }

  bool blank_line_within(size_t from, size_t to) {
    const size_t found = find(blank_, from);
    return found != kNowhere && found < to;
  }

  size_t line_start(size_t at) const {
    const size_t found = at == 0 ? kNowhere : text_.rfind('\n', at - 1);
    return found == kNowhere ? 0 : found + 1;
  }
  size_t line_end(size_t at) const { return std::min(text_.find('\n', at), text_.size()); }

  bool alone(size_t begin, size_t end) const {
    for (size_t i = begin; i > 0 && text_[i - 1] != '\n'; --i)
      if (!is_space(text_[i - 1])) return false;
    for (size_t i = end; i < text_.size() && text_[i] != '\n'; ++i)
      if (!is_space(text_[i]) && !std::strchr(".,;", text_[i])) return false;
    return true;
  }

  size_t add(size_t begin, size_t end, size_t inner, size_t inner_end, Span::Kind kind, bool block) {
    out_.found.push_back({begin, end, inner, inner_end, kind, block});
    return end;
  }

  size_t fence(size_t at) {
    const char mark = text_[at];
    size_t open = at;
    while (open < text_.size() && text_[open] == mark) ++open;
    const size_t length = open - at, first = line_end(open);
    const std::string_view info = text_.substr(open, first - open);
    if (length < 3 || (mark == '`' && info.find('`') != kNowhere)) return at;
    // A longer row of tildes underlines a heading of reStructuredText.
    const bool bare = info.find_first_not_of(" \t\r") == kNowhere;
    if (mark == '~' && ((bare && length > 3) || tildes_unclosed_)) return at;
    size_t line = first, end = text_.size(), inner_end = text_.size();
    while (line < text_.size()) {
      size_t i = line + 1;
      while (i < text_.size() && (text_[i] == ' ' || text_[i] == '\t')) ++i;
      size_t close = i;
      while (close < text_.size() && text_[close] == mark) ++close;
      const size_t stop = line_end(close);
      if (close - i >= length && text_.substr(close, stop - close).find_first_not_of(" \t\r") == kNowhere) {
        inner_end = line;
        end = stop;
        break;
      }
      line = stop;
    }
    // An open fence of backticks reaches to the end, as in CommonMark; tildes may be anything.
    if (mark == '~' && end == text_.size() && inner_end == end) {
      tildes_unclosed_ = true;
      return at;
    }
    const size_t from = info.find_first_not_of(" \t{.");
    std::string_view word = from == kNowhere ? std::string_view() : info.substr(from);
    word = word.substr(0, word.find_first_of(" \t\r}"));
    const bool formula = is_any(word, {"math", "tex", "latex", "katex"});
    return add(at, end, std::min(first + 1, inner_end), inner_end, formula ? Span::formula : Span::code, true);
  }

  size_t code_span(size_t at) {
    size_t open = at;
    while (open < text_.size() && text_[open] == '`') ++open;
    const size_t length = open - at, stop = std::min(text_.size(), open + kLongestCode);
    for (size_t i = open; i < stop;) {
      const auto* found = static_cast<const char*>(std::memchr(text_.data() + i, '`', stop - i));
      if (!found) break;
      const size_t close = static_cast<size_t>(found - text_.data());
      size_t behind = close;
      while (behind < text_.size() && text_[behind] == '`') ++behind;
      if (behind - close == length) {
        if (blank_line_within(open, close)) break;
        return add(at, behind, open, close, Span::code, false);
      }
      i = behind;
    }
    return open;
  }

  // ".. name::" and what is indented below it.
  size_t directive(size_t at) {
    const size_t first = line_end(at);
    const std::string_view line = text_.substr(at, first - at);
    if (!line.starts_with(".. ")) return at + 1;
    const size_t colons = line.find("::");
    if (colons == kNowhere) return at + 1;
    const std::string_view name = line.substr(3, colons - 3);
    const bool formula = name == "math";
    if (!formula && !is_any(name, {"code", "code-block", "sourcecode", "testcode", "testoutput", "doctest", "plot", "prompt", "parsed-literal"})) return at + 1;
    const size_t indent = at - line_start(at);
    size_t end = first;
    for (size_t i = first; i < text_.size();) {
      size_t text = i + 1;
      while (text < text_.size() && (text_[text] == ' ' || text_[text] == '\t')) ++text;
      const size_t stop = line_end(text);
      const bool blank = text_.substr(text, stop - text).find_first_not_of('\r') == kNowhere;
      if (!blank && text - (i + 1) <= indent) break;
      if (!blank) end = stop;
      i = stop;
    }
    return add(at, end, at + colons + 2, end, formula ? Span::formula : Span::code, true);
  }

  size_t role(size_t at) {
    constexpr std::string_view open = ":math:`";
    if (!text_.substr(at).starts_with(open)) return at + 1;
    const size_t close = text_.substr(0, std::min(text_.size(), at + kLongestInline)).find('`', at + open.size());
    if (close == kNowhere) return at + open.size();
    return add(at, close + 1, at + open.size(), close, Span::formula, false);
  }

  size_t dollars(size_t at) {
    const auto byte = [&](size_t i) { return i < text_.size() ? text_[i] : '\0'; };
    if (byte(at + 1) == '$') {
      const size_t close = find(double_dollar_, at + 2);
      if (close == kNowhere || close == at + 2 || close - at > kLongest || blank_line_within(at + 2, close)) {
        out_.unclosed += close != at + 2;
        return at + 2;
      }
      return add(at, close + 2, at + 2, close, Span::formula, alone(at, close + 2));
    }
    if (byte(at + 1) == '\0' || is_space(byte(at + 1))) return at + 1;
    const size_t stop = std::min(text_.size(), at + kLongestInline);
    for (size_t i = at + 1; i < stop; ++i) {
      if (text_[i] == '\\') {
        ++i;
      } else if (text_[i] == '$') {
        const bool closes = !is_space(text_[i - 1]) && !(byte(i + 1) >= '0' && byte(i + 1) <= '9');
        if (!closes || blank_line_within(at, i)) return at + 1;
        return add(at, i + 1, at + 1, i, Span::formula, false);
      } else if (text_[i] == '\n' && byte(i + 1) == '\n') {
        break;
      }
    }
    return at + 1;
  }

  size_t backslash(size_t at) {
    size_t open = at;
    while (open < text_.size() && text_[open] == '\\') ++open;
    const size_t length = open - at;
    if (open == text_.size()) return open;
    const char c = text_[open];
    if (c == '[' || c == '(') return length <= 2 ? bracket(at, open, length) : open + 1;
    if (length % 2 == 0) return open;
    if (text_.substr(open).starts_with("begin{")) return environment(open - 1);
    // An escaped byte opens nothing.
    return is_letter(c) || c == '\n' ? open : open + 1;
  }

  size_t bracket(size_t at, size_t open, size_t length) {
    const bool display = text_[open] == '[';
    Ahead& ahead = display ? (length == 1 ? square_ : squares_) : (length == 1 ? round_ : rounds_);
    size_t from = open + 1, close = find(ahead, from);
    // One backslash before the bracket, where it is not the second of two.
    while (length == 1 && close != kNowhere && close > 0 && text_[close - 1] == '\\' && close - at <= kLongest) {
      ahead.known = false;
      close = find(ahead, close + 2);
    }
    const bool ends = close != kNowhere && close - at <= kLongest && !blank_line_within(from, close);
    if (!ends) {
      // Where brackets are escaped rather than opened, no command follows.
      std::string_view line = text_.substr(from, 200);
      line = line.substr(0, line.find('\n'));
      const size_t command = line.find('\\');
      if (length == 1 && command != kNowhere && command + 1 < line.size() && is_letter(line[command + 1])) ++out_.unclosed;
      return open + 1;
    }
    if (!looks_like_tex(text_.substr(from, close - from))) return open + 1;
    const size_t end = close + length + 1;
    return add(at, end, from, close, Span::formula, display && alone(at, end));
  }

  size_t environment(size_t at) {
    const size_t name_at = at + 7, name_end = text_.substr(0, std::min(text_.size(), name_at + 32)).find('}', name_at);
    if (name_end == kNowhere) return name_at;
    std::string_view name = text_.substr(name_at, name_end - name_at);
    if (name.ends_with('*')) name.remove_suffix(1);
    const auto* formula = std::find(std::begin(kFormulas), std::end(kFormulas), name);
    const auto* verbatim = std::find(std::begin(kVerbatim), std::end(kVerbatim), name);
    const bool is_formula = formula != std::end(kFormulas);
    if (!is_formula && verbatim == std::end(kVerbatim)) return name_end + 1;
    // Ends with and without a star are one kind here: the search is for what they have in common.
    const size_t kind = is_formula ? static_cast<size_t>(formula - kFormulas) : std::size(kFormulas) + static_cast<size_t>(verbatim - kVerbatim);
    if (ends_.empty()) {
      ends_.resize(std::size(kFormulas) + std::size(kVerbatim));
      for (size_t i = 0; i < ends_.size(); ++i)
        end_words_.push_back("\\end{" + std::string(i < std::size(kFormulas) ? kFormulas[i] : kVerbatim[i - std::size(kFormulas)]));
      for (size_t i = 0; i < ends_.size(); ++i) ends_[i].what = end_words_[i];
    }
    Ahead& ahead = ends_[kind];
    size_t close = find(ahead, name_end), end = kNowhere;
    for (; close != kNowhere; ahead.known = false, close = find(ahead, close + 1)) {
      end = close + ahead.what.size();
      if (end < text_.size() && text_[end] == '*') ++end;
      if (end < text_.size() && text_[end] == '}') break;  // else the end of an environment with a longer name
    }
    if (close == kNowhere || (is_formula && close - at > kLongest)) {
      out_.unclosed += is_formula;
      return name_end + 1;
    }
    return add(at, end + 1, name_end + 1, close, is_formula ? Span::formula : Span::code, alone(at, end + 1));
  }

  std::string_view text_;
  Spans& out_;
  Ahead blank_{"\n\n"}, double_dollar_{"$$"}, square_{"\\]"}, squares_{"\\\\]"}, round_{"\\)"}, rounds_{"\\\\)"};
  bool tildes_unclosed_ = false;
  std::vector<std::string> end_words_;
  std::vector<Ahead> ends_;
};

}  // namespace

void find_spans(std::string_view text, Spans& out) {
  out.found.clear();
  out.unclosed = 0;
  Finder(text, out).run();
}

void append_prose_view(std::string_view text, const Spans& spans, std::string& out) {
  size_t at = 0;
  for (const Span& span : spans.found) {
    out.append(text.substr(at, span.begin - at));
    at = span.end;
    if (span.block) {
      if (at < text.size() && text[at] == '\n') ++at;
      continue;
    }
    uint64_t hash = hash_bytes(text.substr(span.inner_begin, span.inner_end - span.inner_begin));
    for (size_t i = 0; i < std::min<size_t>(6, span.end - span.begin); ++i, hash /= 26) out.push_back(static_cast<char>('a' + hash % 26));
  }
  out.append(text.substr(at));
}

}  // namespace millrace::text
