// The text of code: lines as a reader sees them, without what stands beside them.
//
// A line break of markup (br, the borders of blocks) is first written as kBreak: pages that put both a br and a LF at each end of line show
// them only once, which needs all lines to be seen.
#include "native/extract/code_text.h"

#include <algorithm>
#include <vector>

#include "native/extract/code_class.h"
#include "native/extract/code_gutter.h"

namespace millrace::extract {
namespace {

namespace tag = html::tag;
namespace attr = html::attr;

constexpr char kBreak = '\x01';
constexpr std::string_view kNbsp = "\xc2\xa0";

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

}  // namespace

void append_code(const Page& page, NodeId root, CodeSpace space, uint64_t& budget, std::string& out) {
  Reader(page, space, budget, out).read(root);
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
