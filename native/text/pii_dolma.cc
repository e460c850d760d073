// Dolma's tagger `pii_regex_with_counts_fast_v2` (python/dolma/taggers/pii.py of 1.2.1) without a regular expression engine. Line by line:
//   email    [.\s@,?!;:)(]*([^\s@]+@[^\s@,?!;:)(]+?)[.\s@,?!;:)(]?[\s\n\r]   with a dot in its domain, and not "(" for its name
//   phone    \s+\(?(\d{3})\)?[-\. ]*(\d{3})[-. ]?(\d{4})
//   address  as datatrove's pattern, private ones too
// A text of more than 10,000 question marks is not looked through, as there. Spans can overlap: the count of a document counts them all.
#include "native/text/pii_spans.h"

namespace millrace::text::pii {
namespace {

bool is_mark(std::string_view text, size_t at, uint8_t classes) {
  return (classes & kSpace) || std::string_view(".@,?!;:)(").find(text[at]) != std::string_view::npos;
}

class Line {
 public:
  Line(std::string_view text, size_t base, std::vector<PiiSpan>& out) : text_(text), base_(base), out_(out) {}

  void emails() {
    for (size_t at = text_.find('@'); at != std::string_view::npos;) {
      const size_t before = end_;
      email(at);
      at = text_.find('@', end_ > before ? end_ : at + 1);
    }
  }

  void phones() {
    for (size_t i = 0; i < text_.size();) {
      const auto [classes, bytes] = character_at(text_, i);
      if (!(classes & kSpace)) {
        i += bytes;
        continue;
      }
      size_t at = i;
      while (at < text_.size()) {
        const auto next = character_at(text_, at);
        if (!(next.classes & kSpace)) break;
        at += next.bytes;
      }
      const size_t behind = at;
      if (at < text_.size() && text_[at] == '(') ++at;
      if (!digits(3, at)) {
        i = behind;
        continue;
      }
      if (at < text_.size() && text_[at] == ')') ++at;
      while (at < text_.size() && is_separator(text_[at])) ++at;
      bool found = digits(3, at);
      if (found && at < text_.size() && is_separator(text_[at])) ++at;
      found = found && digits(4, at);
      if (found) out_.push_back({static_cast<uint32_t>(base_ + i), static_cast<uint32_t>(base_ + at), PiiKind::phone});
      i = found ? at : behind;
    }
  }

 private:
  struct Domain {
    size_t last, end;  // where the domain ends, where the match does
  };

  static bool is_separator(char c) { return c == '-' || c == '.' || c == ' '; }

  bool digits(int count, size_t& at) const {
    size_t i = at;
    for (; count > 0; --count) {
      if (i >= text_.size()) return false;
      const auto [classes, bytes] = character_at(text_, i);
      if (!(classes & kDecimal)) return false;
      i += bytes;
    }
    at = i;
    return true;
  }

  size_t start_before(size_t at) const {
    size_t start = at - 1;
    while (start > 0 && at - start < 4 && (static_cast<uint8_t>(text_[start]) & 0xc0) == 0x80) --start;
    return start + character_at(text_, start).bytes == at ? start : at - 1;
  }

  // What follows the '@' at `at`: the shortest domain behind which stands white space, or one mark and white space.
  bool domain(size_t at, Domain& out) const {
    for (size_t i = at + 1; i < text_.size();) {
      const auto [classes, bytes] = character_at(text_, i);
      const bool mark = is_mark(text_, i, classes);
      const size_t next = i + bytes;
      if (mark && i > at + 1) {
        const auto behind = next < text_.size() ? character_at(text_, next) : Character{0, 0};
        if (behind.classes & kSpace) return out = {i, next + behind.bytes}, true;
        if (classes & kSpace) return out = {i, next}, true;
      }
      if (mark && text_[i] != '.') return false;
      i = next;
    }
    return false;
  }

  void email(size_t at) {
    Domain found{};
    if (at == end_ || start_is_space_or_at(at) || !domain(at, found)) return;
    size_t start = at;
    while (start > end_) {
      const size_t before = start_before(start);
      if (text_[before] == '@' || (character_at(text_, before).classes & kSpace)) break;
      start = before;
    }
    while (start > end_) {
      const size_t before = start_before(start);
      if (!is_mark(text_, before, character_at(text_, before).classes)) break;
      start = before;
    }
    size_t name = start;  // marks are taken as far as they go
    while (name < text_.size()) {
      const auto [classes, bytes] = character_at(text_, name);
      if (!is_mark(text_, name, classes)) break;
      name += bytes;
    }
    if (name > at) backtrack(start, name, at, found);
    add(start, name, at, found);
  }

  bool start_is_space_or_at(size_t at) const {
    const size_t before = start_before(at);
    return text_[before] == '@' || (character_at(text_, before).classes & kSpace);
  }

  // The name before `at` is all marks, and so is the '@': marks went on to `name`. The engine gives them back one by one until a name and a
  // domain follow.
  void backtrack(size_t start, size_t& name, size_t& at, Domain& found) const {
    size_t next = name;
    while (next < text_.size() && text_[next] != '@' && !(character_at(text_, next).classes & kSpace)) next += character_at(text_, next).bytes;
    if (next > name && next < text_.size() && text_[next] == '@' && domain(next, found)) {
      at = next;
      return;
    }
    bool open = false;
    for (size_t target = at; name > start;) {
      name = start_before(name);
      if (text_[name] == '@') {
        target = name;
        open = domain(target, found);
      } else if (character_at(text_, name).classes & kSpace) {
        open = false;
      } else if (open) {
        at = target;
        return;
      }
    }
  }

  void add(size_t start, size_t name, size_t at, const Domain& found) {
    end_ = found.end;
    if (text_.substr(name, at - name) == "(") return;
    if (text_.substr(at + 1, found.last - at - 1).find('.') == std::string_view::npos) return;
    out_.push_back({static_cast<uint32_t>(base_ + start), static_cast<uint32_t>(base_ + found.end), PiiKind::email});
  }

  std::string_view text_;
  size_t base_, end_ = 0;
  std::vector<PiiSpan>& out_;
};

}  // namespace

void find_dolma(std::string_view text, const PiiRules& rules, std::vector<PiiSpan>& out) {
  if (std::count(text.begin(), text.end(), '?') > 10'000) return;
  const auto wanted = [&](PiiKind kind) { return rules.actions[static_cast<size_t>(kind)] != PiiAction::off; };
  std::vector<PiiSpan> phones;
  for (size_t start = 0; start < text.size();) {
    const size_t end = std::min(text.find('\n', start), text.size() - 1) + 1;
    const std::string_view line = text.substr(start, end - start);
    if (wanted(PiiKind::email) && line.find('@') != std::string_view::npos) Line(line, start, out).emails();
    if (wanted(PiiKind::phone)) Line(line, start, phones).phones();
    start = end;
  }
  out.insert(out.end(), phones.begin(), phones.end());
  if (!wanted(PiiKind::ip)) return;
  Addresses addresses(text);
  PiiSpan span;
  uint32_t address;
  bool valid;
  for_each_mark(text, [](size_t) {}, [&](size_t dot) {
    if (addresses.match(dot, span, address, valid)) out.push_back(span);
  });
}

}  // namespace millrace::text::pii
