#pragma once
#include <algorithm>
#include <cstdint>
#include <initializer_list>

#include "native/extract/code_class.h"
#include "native/extract/code_gutter.h"
#include "native/extract/code_text.h"

namespace millrace::extract {

// What the parts of rescue_code share: code.cc (the pass, pre, boxes), code_beside.cc, code_lines.cc, code_group.cc.
class CodeFinder {
 public:
  explicit CodeFinder(Page& page) : page_(page), tree_(page.tree), budget_(8 * uint64_t(page.tree.nodes.size()) + 64) {}
  void run();

 private:
  // code.cc. Those that return bool say whether they took the node, visit() whether its children are to be visited.
  bool visit(NodeId id);
  bool pre(NodeId id);
  bool is_box(NodeId id) const;
  bool box(NodeId id);
  bool holds_pre(NodeId code);
  void add(NodeId node, bool block, std::string text);
  std::string text_of(NodeId id, CodeSpace space);

  // code_beside.cc: skips the column of line numbers beside a block, and the buttons and the name of its language around it.
  void gutters(NodeId id, std::string_view text);
  NodeId beside(NodeId id, bool on);
  bool gutter(NodeId id, size_t lines);
  bool header(NodeId id);

  // code_lines.cc: tables with a line of code in each row.
  struct Row {
    NodeId code = kNoNode;  // the cell behind the last gutter
    bool numbered = false, text = false;
  };
  bool line_table(NodeId table);
  bool is_line_table(NodeId table);
  Row read_row(NodeId tr);
  bool is_gutter_cell(NodeId cell) const;
  bool is_code_cell(NodeId cell) const;
  template <class Use>
  void each_row(NodeId table, Use use) const;

  // code_group.cc: <code> elements, in groups or alone.
  struct Shape {
    bool breaks = false;  // br or blocks inside
    bool feeds = false;   // LF between text
    bool many = false;    // more than one: no line that a source merely folded
  };
  enum class State : uint8_t { open, found, none };
  void count_others();
  Shape shape(NodeId root) const;
  NodeId group(NodeId block);
  void place(NodeId id);
  bool grouped(NodeId id, NodeId top, const Shape& own);

  Page& page_;
  const Tree& tree_;
  uint64_t budget_;  // nodes that looking around may still read
  std::vector<Rescued> found_;
  std::vector<NodeId> inlines_;
  std::string label_;        // the language that the bar above the last block names
  bool boxes_ = false;       // some pre is a box
  // By node, where a page has <code>: characters in it, but for white space and digits, that are no code to be grouped; its <code> elements;
  // its group, where it is known; and what became of the group.
  std::vector<uint32_t> others_, codes_;
  std::vector<NodeId> group_;
  std::vector<State> state_;
};

inline bool any_of(const Tree& tree, NodeId id, std::initializer_list<uint16_t> tags) {
  const auto& node = tree[id];
  if (node.kind != html::Kind::element || node.ns != html::Ns::html) return false;
  return std::find(tags.begin(), tags.end(), node.tag) != tags.end();
}

inline bool is_pre(const Tree& tree, NodeId id) { return any_of(tree, id, {html::tag::pre, html::tag::listing, html::tag::xmp}); }

inline bool is_never_shown(const Tree& tree, NodeId id) {
  using namespace html;
  return any_of(tree, id, {tag::script, tag::style, tag::template_, tag::textarea, tag::head, tag::select, tag::iframe}) || tree[id].ns != Ns::html;
}

}  // namespace millrace::extract
