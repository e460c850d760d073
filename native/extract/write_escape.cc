// Escapes for Markdown: CommonMark 0.31 with GFM's tables, strikethrough and task lists, and dollars for formulas as Pandoc and GitHub read
// them. A mark is escaped only where it could take effect: an opening one needs a closing one behind it, a number needs to begin a line.
// Where the exact rule needs Unicode's tables (flanking of emphasis), a character outside ASCII counts as either; so a backslash may be one
// too many there, and never one too few.
#include <algorithm>
#include <array>

#include "native/extract/write_inline.h"

namespace millrace::extract {
namespace {

bool is_punctuation(char c) { return (c >= '!' && c <= '/') || (c >= ':' && c <= '@') || (c >= '[' && c <= '`') || (c >= '{' && c <= '~'); }
bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool is_blank(char c) { return c == '\0' || is_space(c); }

// A run of one character that may open or close something.
struct Run {
  size_t begin = 0;
  uint32_t size = 0;
  uint8_t mark = 0;  // index into kMarks
  bool open = false, close = false;
};
constexpr std::string_view kMarks = "*_~$`";
enum : uint8_t { kStar, kUnderscore, kTilde, kDollar, kTick };

class Escaper {
 public:
  // `base`: where the text stands in the output, which the stretches of `kept` are given in.
  Escaper(std::string_view text, size_t base, const std::vector<Kept>& kept, Place place)
      : text_(text), base_(base), kept_(kept), place_(place) {}

  // Positions that want a backslash, ascending. `special`: whether anything within lines may need one.
  const std::vector<size_t>& run(bool special) {
    if (special) {
      size_t at = 0;
      for (const auto& kept : kept_) {
        // Formulas and code are read from left to right: a dollar before a code span may find its partner in there, and the reverse.
        const auto inside = text_.substr(kept.begin - base_, kept.end - kept.begin);
        ticks_ |= kept.kind != Kept::markup && inside.find('`') != inside.npos;
        dollars_ |= kept.kind != Kept::markup && inside.find('$') != inside.npos;
        stretch(at, kept.begin - base_);
        at = kept.end - base_;
      }
      stretch(at, text_.size());
      decide();
    }
    if (place_ == Place::paragraph) lines();
    if (place_ == Place::heading) closing();
    std::sort(marks_.begin(), marks_.end());
    marks_.erase(std::unique(marks_.begin(), marks_.end()), marks_.end());
    return marks_;
  }

 private:
  char at(size_t i) const { return i < text_.size() ? text_[i] : '\0'; }

  void stretch(size_t begin, size_t end) {
    for (size_t i = begin; i < end; ++i) {
      const char next = at(i + 1);
      switch (text_[i]) {
        case '\\':
          if (is_punctuation(next) || next == '\n') marks_.push_back(i);
          break;
        case '<':
          if ((is_letter(next) || next == '/' || next == '!' || next == '?') && (begins_line(i) || is_followed(i, '>', last_angle_))) marks_.push_back(i);
          break;
        case '&':
          if (is_reference(i)) marks_.push_back(i);
          break;
        case '[':
          bracket_ = true;
          break;
        case ']':
          if (bracket_ && next == '(' && is_followed(i, ')', last_bracket_)) marks_.push_back(i);
          break;
        case '!':
          if (i + 1 == end && next == '[') marks_.push_back(i);  // a link of ours follows
          break;
        case '*':
        case '_':
        case '~':
        case '$':
        case '`': {
          const char mark = text_[i];
          size_t stop = i + 1;
          while (stop < end && text_[stop] == mark) ++stop;
          add(i, stop);
          i = stop - 1;
          break;
        }
        default:
          break;
      }
    }
  }

  void add(size_t begin, size_t end) {
    Run run{begin, static_cast<uint32_t>(end - begin), static_cast<uint8_t>(kMarks.find(text_[begin])), true, true};
    const char before = begin > 0 ? text_[begin - 1] : '\0', behind = at(end);
    const bool wide_before = static_cast<uint8_t>(before) >= 128, wide_behind = static_cast<uint8_t>(behind) >= 128;
    run.open = !is_blank(behind) && (!is_punctuation(behind) || is_blank(before) || is_punctuation(before) || wide_before);
    run.close = !is_blank(before) && (!is_punctuation(before) || is_blank(behind) || is_punctuation(behind) || wide_behind);
    switch (run.mark) {
      case kUnderscore:
        // Within a word it is a letter.
        if (is_letter(before) || is_digit(before)) run.open = run.open && wide_behind;
        if (is_letter(behind) || is_digit(behind)) run.close = run.close && wide_before;
        break;
      case kDollar:
        run.open = run.size > 1 || !is_blank(behind);
        run.close = run.size > 1 || (!is_blank(before) && !is_digit(behind));
        break;
      case kTick:
        run.open = run.close = true;
        break;
      default:
        break;
    }
    runs_.push_back(run);
  }

  void decide() {
    std::array<size_t, 5> opened, closed;
    opened.fill(text_.size());
    closed.fill(0);
    for (const auto& run : runs_) {
      if (run.open) opened[run.mark] = std::min(opened[run.mark], run.begin);
      if (run.close) closed[run.mark] = std::max(closed[run.mark], run.begin + 1);
    }
    for (const auto& run : runs_) {
      const bool ours = (run.mark == kDollar && dollars_) || (run.mark == kTick && ticks_);
      const bool live = (run.open && (ours || closed[run.mark] > run.begin + 1)) || (run.close && (ours || opened[run.mark] < run.begin));
      for (size_t i = 0; live && i < run.size; ++i) marks_.push_back(run.begin + i);
    }
  }

  // Lines that would begin a block.
  void lines() {
    size_t kept = 0;
    for (size_t begin = 0; begin < text_.size();) {
      size_t end = text_.find('\n', begin);
      if (end == text_.npos) end = text_.size();
      while (kept < kept_.size() && kept_[kept].end - base_ <= begin) ++kept;
      if (kept == kept_.size() || kept_[kept].begin - base_ > begin) line(begin, end, begin == 0);
      begin = end + 1;
    }
  }

  void line(size_t begin, size_t end, bool first) {
    const std::string_view line = text_.substr(begin, end - begin);
    if (line.empty()) return;
    const auto ends = [&](size_t i) { return i >= line.size() || is_space(line[i]); };
    const auto all = [&](std::string_view set) { return line.find_first_not_of(set) == line.npos; };
    switch (line[0]) {
      case '#': {
        const auto size = std::min(line.find_first_not_of('#'), line.size());
        if (size <= 6 && ends(size)) marks_.push_back(begin);
        break;
      }
      case '>':
        marks_.push_back(begin);
        break;
      case '+':
        if (ends(1)) marks_.push_back(begin);
        break;
      case '-':
        if (ends(1) || all("- ") || (!first && all("-:| "))) marks_.push_back(begin);
        break;
      case '*':
      case '_':
        if (line[0] == '*' && ends(1)) marks_.push_back(begin);
        if (all(line[0] == '*' ? "* " : "_ ")) mark_run(begin, line);
        break;
      case '=':
        if (!first && all("= ")) marks_.push_back(begin);
        break;
      case '|':
      case ':':
        if (!first && all("-:| ") && line.find('-') != line.npos) marks_.push_back(begin);
        break;
      case '`':
        if (line.starts_with("```")) marks_.push_back(begin);
        break;
      case '~':
        if (line.starts_with("~~~")) mark_run(begin, line);
        break;
      case '[':
        // A definition of a reference or footnote, which may go over several lines, or the box of a task. None interrupts a paragraph.
        if (first && (text_.find("]:") != text_.npos || (line.size() > 2 && line[2] == ']' && (line[1] == ' ' || (line[1] | 32) == 'x'))))
          marks_.push_back(begin);
        break;
      default:
        if (is_digit(line[0])) {
          size_t i = 1;
          while (i < line.size() && i < 10 && is_digit(line[i])) ++i;
          if (i < 10 && i < line.size() && (line[i] == '.' || line[i] == ')') && ends(i + 1)) marks_.push_back(begin + i);
        }
        break;
    }
  }

  // The whole run that a line begins with: what is left of it might pair with an earlier one.
  void mark_run(size_t begin, std::string_view line) {
    for (size_t i = 0; i < line.size() && line[i] == line[0]; ++i) marks_.push_back(begin + i);
  }

  // The hashes that would close a heading.
  void closing() {
    size_t i = text_.size();
    while (i > 0 && text_[i - 1] == '#') --i;
    if (i < text_.size() && (i == 0 || is_space(text_[i - 1]))) marks_.push_back(i);
  }

  bool begins_line(size_t i) const { return place_ == Place::paragraph && (i == 0 || text_[i - 1] == '\n'); }
  // Whether `c` stands anywhere behind i + 1; `last` holds its last place once that was looked up.
  bool is_followed(size_t i, char c, size_t& last) const {
    if (last == kUnknown) {
      const auto found = text_.rfind(c);
      last = found == text_.npos ? 0 : found;
    }
    return last > i + 1;
  }
  bool is_reference(size_t i) const {
    size_t j = i + 1;
    if (at(j) == '#') ++j;
    const size_t first = j;
    while (j < first + 32 && (is_letter(at(j)) || is_digit(at(j)))) ++j;
    return j > first && at(j) == ';';
  }

  static constexpr size_t kUnknown = ~size_t(0);
  const std::string_view text_;
  const size_t base_;
  const std::vector<Kept>& kept_;
  const Place place_;
  std::vector<Run> runs_;
  std::vector<size_t> marks_;
  size_t last_angle_ = kUnknown, last_bracket_ = kUnknown;
  bool dollars_ = false, ticks_ = false, bracket_ = false;
};

}  // namespace

void escape_markdown(std::string& out, size_t start, const std::vector<Kept>& kept, Place place, bool special, std::string& scratch) {
  Escaper escaper(std::string_view(out).substr(start), start, kept, place);
  const auto& marks = escaper.run(special);
  if (marks.empty()) return;
  scratch.assign(out, start, out.npos);
  out.resize(start);
  size_t done = 0;
  for (size_t mark : marks) {
    out.append(scratch, done, mark - done);
    out += '\\';
    done = mark;
  }
  out.append(scratch, done, scratch.npos);
}

void escape_html(std::string& out, size_t start, const std::vector<Kept>& kept, std::string& scratch) {
  if (out.find_first_of("&<>\n", start) == out.npos) return;
  scratch.assign(out, start, out.npos);
  out.resize(start);
  const auto stretch = [&](size_t begin, size_t end) {
    for (size_t i = begin; i < end; ++i) {
      switch (scratch[i]) {
        case '&': out.append("&amp;"); break;
        case '<': out.append("&lt;"); break;
        case '>': out.append("&gt;"); break;
        case '\n': out.append("<br>"); break;
        default: out += scratch[i]; break;
      }
    }
  };
  size_t at = 0;
  for (const auto& piece : kept) {
    stretch(at, piece.begin - start);
    out.append(scratch, piece.begin - start, piece.end - piece.begin);
    at = piece.end - start;
  }
  stretch(at, scratch.size());
}

}  // namespace millrace::extract
