// The text of code: lines as a reader sees them, without what stands beside them.
//
// A line break of markup (br, the borders of blocks) is first written as kBreak: pages that put both a br and a LF at each end of line show
// them only once, which needs all lines to be seen.
#include "native/extract/code_text.h"

#include <algorithm>
#include <vector>

#include "native/extract/code_class.h"

namespace millrace::extract {
namespace {

namespace tag = html::tag;
namespace attr = html::attr;

constexpr char kBreak = '\x01';
constexpr std::string_view kNbsp = "\xc2\xa0";

bool blank(std::string_view text) {
  for (char c : text)
    if (!is_space(c)) return false;
  return true;
}

// Elements whose children a page lays out itself: white space between those is the source's.
bool is_frame(const Tree& tree, NodeId id) {
  switch (tree[id].kind == html::Kind::element && tree[id].ns == html::Ns::html ? tree[id].tag : uint16_t(tag::unknown)) {
    case tag::ol: case tag::ul: case tag::table: case tag::tbody: case tag::thead: case tag::tfoot: case tag::tr: case tag::colgroup:
      return true;
    default:
      return false;
  }
}

bool is_cell(const Tree& tree, NodeId id) { return is_element(tree, id, tag::td) || is_element(tree, id, tag::th); }

class Reader {
 public:
  Reader(const Page& page, CodeSpace space, uint64_t& budget, std::string& out)
      : page_(page), tree_(page.tree), space_(space), budget_(budget), out_(out), start_(out.size()) {}

  void read(NodeId root) {
    root_ = root;
    NodeId id = root;
    while (true) {
      bool entered = enter(id);
      if (entered && tree_[id].first_child != kNoNode) {
        id = tree_[id].first_child;
        continue;
      }
      for (;; entered = true) {
        if (entered) leave(id);
        if (id == root) {
          settle();
          return;
        }
        if (tree_[id].next != kNoNode) {
          id = tree_[id].next;
          break;
        }
        id = tree_[id].parent;
      }
    }
  }

 private:
  bool enter(NodeId id) {
    const auto& node = tree_[id];
    if (node.kind == html::Kind::text) {
      text(id);
      return false;
    }
    if (node.kind != html::Kind::element) return false;
    if (id != root_) {
      if (page_.role[id] == Role::skip) return false;
      if (page_.role[id] == Role::formula) {
        out_.append("$").append(page_.at(id).text).append("$");
        return false;
      }
      if (is_code_noise(tree_, id, budget_)) return false;
    }
    if (is_element(tree_, id, tag::br)) {
      out_ += kBreak;
      return false;
    }
    if (is_code(id)) ++codes_;
    if (is_block(tree_, id) && !is_cell(tree_, id)) {
      end_line();
      if (is_line(id)) lines_.push_back(out_.size());
    }
    return true;
  }

  void leave(NodeId id) {
    if (is_code(id)) --codes_;
    if (!is_block(tree_, id) || is_cell(tree_, id)) return;
    // An empty item or row is an empty line, an empty div is nothing.
    if (is_line(id)) {
      if (lines_.back() == out_.size()) out_ += kBreak;
      lines_.pop_back();
    }
    end_line();
  }

  bool is_line(NodeId id) const { return id != root_ && (is_element(tree_, id, tag::li) || is_element(tree_, id, tag::tr)); }
  bool is_code(NodeId id) const { return space_ == CodeSpace::grouped && is_element(tree_, id, tag::code); }

  void text(NodeId id) {
    const auto& node = tree_[id];
    const auto text = tree_.text(node.range);
    if (text.empty()) return;
    if (blank(text)) {
      if (node.parent != kNoNode && id != root_ && is_frame(tree_, node.parent)) return;
      const bool after = node.previous != kNoNode && is_block(tree_, node.previous), before = node.next != kNoNode && is_block(tree_, node.next);
      if ((after && (before || node.next == kNoNode)) || (before && node.previous == kNoNode))
        if (std::count(text.begin(), text.end(), '\n') <= 1 || space_ != CodeSpace::kept) return;
      if (space_ == CodeSpace::grouped && codes_ == 0 && holds(text, "\n") && node.previous != kNoNode && node.next != kNoNode &&
          is_element(tree_, node.previous, tag::code) && is_element(tree_, node.next, tag::code)) {
        end_line();
        return;
      }
    }
    if (space_ == CodeSpace::kept) {
      out_.append(text);
      return;
    }
    for (char c : text) {
      if (space_ == CodeSpace::grouped && codes_ == 0 && c >= '0' && c <= '9') continue;
      if (!is_space(c)) {
        out_ += c;
      } else if (out_.size() > start_ && out_.back() != ' ' && !at_line_start()) {
        out_ += ' ';
      }
    }
  }

  bool at_line_start() const { return out_.size() == start_ || out_.back() == '\n' || out_.back() == kBreak; }

  void end_line() {
    if (!at_line_start()) out_ += kBreak;
  }

  // A LF right behind each break, and none elsewhere, is the source's line end and not another line.
  void settle() {
    size_t breaks = 0, pairs = 0, feeds = 0;
    for (size_t i = start_; i < out_.size(); ++i) {
      feeds += out_[i] == '\n';
      if (out_[i] != kBreak) continue;
      ++breaks;
      pairs += i + 1 < out_.size() && out_[i + 1] == '\n';
    }
    if (breaks == 0) return;
    const bool same = pairs >= 2 && pairs == feeds && pairs + 1 >= breaks;
    size_t to = start_;
    for (size_t i = start_; i < out_.size(); ++i) {
      const char c = out_[i];
      out_[to++] = c == kBreak ? '\n' : c;
      if (c == kBreak && same && i + 1 < out_.size() && out_[i + 1] == '\n') ++i;
    }
    out_.resize(to);
  }

  const Page& page_;
  const Tree& tree_;
  const CodeSpace space_;
  uint64_t& budget_;
  std::string& out_;
  const size_t start_;
  NodeId root_ = 0;
  int codes_ = 0;
  std::vector<size_t> lines_;  // where open items and rows began
};

template <class Use>
void each_line(std::string_view text, Use use) {
  for (size_t begin = 0; begin <= text.size();) {
    const size_t end = std::min(text.find('\n', begin), text.size());
    use(text.substr(begin, end - begin));
    begin = end + 1;
  }
}

// An integer at the start of a line: its value, where it ends with the mark behind it (1. 1: 1) 1|), and where the text behind it begins.
struct Numbered {
  bool found = false;
  uint32_t value = 0;
  size_t end = 0, text = 0;
};

Numbered number_of(std::string_view line) {
  Numbered result;
  size_t i = 0;
  while (i < line.size() && (line[i] == ' ' || line[i] == '\t')) ++i;
  const size_t digits = i;
  for (; i < line.size() && line[i] >= '0' && line[i] <= '9' && i - digits < 7; ++i) result.value = result.value * 10 + uint32_t(line[i] - '0');
  if (i == digits) return result;
  if (i < line.size() && (line[i] == '.' || line[i] == ':' || line[i] == ')' || line[i] == '|') &&
      (i + 1 == line.size() || line[i + 1] == ' ' || line[i + 1] == '\t'))
    ++i;
  if (i < line.size() && line[i] != ' ' && line[i] != '\t') return result;
  result.found = true;
  result.end = i;
  while (i < line.size() && (line[i] == ' ' || line[i] == '\t')) ++i;
  result.text = i;
  return result;
}

bool is_buttons_token(std::string_view token) {
  const bool copies = holds(token, "copy") || holds(token, "clipboard");
  return (copies && (holds(token, "btn") || holds(token, "button") || holds(token, "code") || holds(token, "clip"))) || token == "copy" ||
         token == "copybtn";
}

}  // namespace

void append_code(const Page& page, NodeId root, CodeSpace space, uint64_t& budget, std::string& out) {
  Reader(page, space, budget, out).read(root);
}

bool is_gutter_class(std::string_view classes) {
  return any_class(classes, [](std::string_view token) {
    // line-number, linenumber, line_numbers, lineno, linenos, lines-num, blob-num, hljs-ln-numbers, FileContents-lineNum, …
    char plain[64];
    size_t n = 0;
    for (char c : token)
      if (c != '-' && c != '_') plain[n++] = c;
    const std::string_view name(plain, n);
    return holds(name, "linenum") || holds(name, "lineno") || holds(name, "linesnum") || name == "blobnum" || name.ends_with("gutter") ||
           name.starts_with("hljslnn") || holds(name, "prenumbering") || name == "crayonnums" || name == "lnt" || name == "ln" ||
           name == "lnnum" || name == "numbers";
  });
}

Numbers numbers_in(const Tree& tree, NodeId root, uint64_t& budget) {
  Numbers result;
  result.sequence = true;
  uint32_t value = 0, last = 0;
  bool open = false, apart = true;  // apart: a line end or a border of elements since the last number
  const auto close = [&] {
    if (!open) return;
    if (result.count > 0 && (value != last + 1 || !apart)) result.sequence = false;
    last = value;
    ++result.count;
    open = apart = false;
  };
  for (NodeId id = root; id != kNoNode; id = tree.following(id, root)) {
    if (budget == 0) return {};
    --budget;
    if (tree[id].kind == html::Kind::element) {
      close();
      apart = true;
    }
    if (tree[id].kind != html::Kind::text) continue;
    const auto text = tree.text(tree[id].range);
    for (size_t i = 0; i < text.size(); ++i) {
      if (text[i] >= '0' && text[i] <= '9') {
        value = open ? value * 10 + uint32_t(text[i] - '0') : uint32_t(text[i] - '0');
        open = true;
        if (value > 9'999'999) return {};
      } else if (is_space(text[i]) || text.compare(i, 2, kNbsp) == 0) {
        close();
        apart = apart || text[i] == '\n';
        i += !is_space(text[i]);
      } else {
        return {};
      }
    }
  }
  close();
  if (result.count == 0) result.sequence = false;
  return result;
}

bool is_code_noise(const Tree& tree, NodeId id, uint64_t& budget) {
  const auto& node = tree[id];
  if (node.kind != html::Kind::element) return false;
  switch (node.tag) {
    case tag::script: case tag::style: case tag::template_: case tag::button: case tag::select: case tag::svg: case tag::textarea: case tag::input:
      return true;
    default:
      break;
  }
  if (node.attribute_count == 0) return false;
  const auto classes = class_of(tree, id);
  // Most elements inside code are a highlighter's, with classes of one or two letters.
  if (classes.size() > 2 || classes == "ln") {
    if (any_class(classes, is_buttons_token)) return true;
    if (is_gutter_class(classes) && numbers_in(tree, id, budget).count > 0) return true;
  }
  const bool aside = tree.value(node, attr::aria_hidden) == "true" || has_style(tree, id, "user-select", "none");
  return aside && numbers_in(tree, id, budget).count > 0;
}

bool strip_line_numbers(std::string& text) {
  size_t filled = 0, numbered = 0, steps = 0, first_text = std::string::npos, last_end = 0, least = std::string::npos;
  bool any = false;
  uint32_t last = 0;
  each_line(text, [&](std::string_view line) {
    if (blank(line)) return;
    ++filled;
    const auto number = number_of(line);
    if (!number.found) return;
    ++numbered;
    steps += any && number.value == last + 1;
    any = true;
    last = number.value;
    last_end = std::max(last_end, number.end);
    if (number.text == line.size()) return;
    first_text = std::min(first_text, number.text);
    least = std::min(least, number.text - number.end);
  });
  if (steps < 3 || numbered * 10 < filled * 7 || (steps + 1) * 10 < numbered * 8) return false;
  if (first_text == std::string::npos) return false;  // nothing but numbers: the output of a loop
  // Numbers set flush in a column end before the first text; others are each followed by the same space.
  const bool column = last_end < first_text;
  std::string result;
  result.reserve(text.size());
  each_line(text, [&](std::string_view line) {
    const auto number = number_of(line);
    if (number.found) line.remove_prefix(std::min(line.size(), column ? first_text : number.end + least));
    result.append(line) += '\n';
  });
  result.pop_back();
  text.swap(result);
  return true;
}

void tidy_code(std::string& text) {
  if (text.find('\xc2') != text.npos || text.find("\xef\xbb\xbf") != text.npos || text.find("\xe2\x80\x8b") != text.npos) {
    size_t to = 0;
    for (size_t i = 0; i < text.size(); ++i) {
      if (text.compare(i, 2, kNbsp) == 0) {
        text[to++] = ' ';
        ++i;
      } else if (text.compare(i, 3, "\xef\xbb\xbf") == 0 || text.compare(i, 3, "\xe2\x80\x8b") == 0) {
        i += 2;
      } else {
        text[to++] = text[i];
      }
    }
    text.resize(to);
  }
  strip_line_numbers(text);
  // The indent that all lines share, byte by byte.
  std::string_view indent;
  bool first = true;
  each_line(text, [&](std::string_view line) {
    if (blank(line)) return;
    size_t n = 0;
    while (n < line.size() && (line[n] == ' ' || line[n] == '\t')) ++n;
    if (first) {
      indent = line.substr(0, n);
    } else {
      size_t same = 0;
      while (same < std::min(n, indent.size()) && line[same] == indent[same]) ++same;
      indent = indent.substr(0, same);
    }
    first = false;
  });
  const size_t shared = indent.size();
  std::string result;
  result.reserve(text.size());
  size_t empty = 0;
  each_line(text, [&](std::string_view line) {
    while (!line.empty() && is_space(line.back())) line.remove_suffix(1);
    if (line.empty()) {
      ++empty;
      return;
    }
    if (!result.empty()) result.append(empty + 1, '\n');
    empty = 0;
    result.append(line.substr(shared));
  });
  text.swap(result);
}

}  // namespace millrace::extract
