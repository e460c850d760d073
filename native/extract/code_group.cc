// <code> elements. A page may set a program as one element a line, or one a token: those are put together where an element holds nothing but
// code. The rule is MinerU-Webkit's (extraction.md 3.8), restated bottom-up so that it is linear. Not its own: code in list items and
// table cells is never grouped, since lists of names are more common there than programs.
#include "native/extract/code_find.h"

namespace millrace::extract {

namespace tag = html::tag;

namespace {

constexpr int kInlineLevels = 64;
constexpr uint32_t kLongLine = 200;  // <tt> of more is a way to set prose

// Code in these is a name or a value, not a program, unless it has lines of its own.
bool holds_names(const Tree& tree, NodeId id) {
  return any_of(tree, id, {tag::li, tag::td, tag::th, tag::dt, tag::dd, tag::h1, tag::h2, tag::h3, tag::h4, tag::h5, tag::h6, tag::caption,
                           tag::summary, tag::figcaption, tag::label, tag::a, tag::legend, tag::nav});
}
bool ends_group(const Tree& tree, NodeId id) {
  return holds_names(tree, id) || any_of(tree, id, {tag::body, tag::html, tag::main, tag::article, tag::section, tag::ul, tag::ol, tag::dl,
                                                    tag::table, tag::tbody, tag::tr, tag::details, tag::aside, tag::header, tag::footer});
}

}  // namespace

void CodeFinder::count_others() {
  others_.assign(tree_.nodes.size(), 0);
  codes_.assign(tree_.nodes.size(), 0);
  group_.assign(tree_.nodes.size(), kNoNode);
  state_.assign(tree_.nodes.size(), State::open);
  for (NodeId id : inlines_) codes_[id] = 1;
  for (const auto& found : found_) others_[found.node] = 1;
  const auto leave = [&](NodeId id) {
    if (is_element(tree_, id, tag::a) && codes_[id] > 0) others_[id] += 1;  // a list of links to names
    const NodeId parent = tree_[id].parent;
    if (parent == kNoNode) return;
    others_[parent] = uint32_t(std::min<uint64_t>(UINT32_MAX, uint64_t(others_[parent]) + others_[id]));
    codes_[parent] += codes_[id];
  };
  for (NodeId id = 0; id != kNoNode;) {
    const auto& node = tree_[id];
    bool down = node.first_child != kNoNode && codes_[id] == 0;
    if (node.kind == html::Kind::text) {
      for (char c : tree_.text(node.range)) others_[id] += !is_space(c) && !(c >= '0' && c <= '9') && c != '\xc2' && c != '\xa0';
    } else if (node.kind == html::Kind::element) {
      if (others_[id] > 0 || page_.role[id] != Role::none || is_never_shown(tree_, id)) {
        down = false;
        if (page_.role[id] == Role::formula) others_[id] = 1;
      }
      if (any_of(tree_, id, {tag::img, tag::input})) others_[id] = 1;
    }
    if (down) {
      id = node.first_child;
      continue;
    }
    while (true) {
      leave(id);
      if (tree_[id].next != kNoNode) {
        id = tree_[id].next;
        break;
      }
      id = tree_[id].parent;
      if (id == kNoNode) break;
    }
  }
}

CodeFinder::Shape CodeFinder::shape(NodeId root) const {
  Shape result;
  bool text = false, feed = false;
  int lines = 0;
  for (NodeId id = root; id != kNoNode; id = tree_.following(id, root)) {
    const auto& node = tree_[id];
    if (node.kind == html::Kind::element) {
      if (id != root && (is_element(tree_, id, tag::br) || is_block(tree_, id))) result.breaks = true;
      continue;
    }
    if (node.kind != html::Kind::text) continue;
    for (char c : tree_.text(node.range)) {
      if (c == '\n') {
        feed = text;
      } else if (!is_space(c)) {
        text = true;
        lines += feed;
        feed = false;
      }
    }
  }
  result.feeds = lines > 0;
  result.many = lines > 1;
  return result;
}

// The largest element around a block that holds nothing but code, and may be a group; found once for all blocks on the way to it.
NodeId CodeFinder::group(NodeId block) {
  NodeId top = block;
  while (group_[top] == kNoNode) {
    const NodeId parent = tree_[top].parent;
    if (parent == kNoNode || others_[parent] > 0 || ends_group(tree_, parent)) break;
    top = parent;
  }
  if (group_[top] != kNoNode) top = group_[top];
  for (NodeId id = block; group_[id] == kNoNode; id = tree_[id].parent) {
    group_[id] = top;
    if (id == top) break;
  }
  return top;
}

void CodeFinder::place(NodeId id) {
  const bool code = is_element(tree_, id, tag::code);
  NodeId block = tree_[id].parent;
  bool linked = false;
  for (int left = kInlineLevels; block != kNoNode && !is_block(tree_, block); block = tree_[block].parent) {
    linked = linked || --left == 0 || is_element(tree_, block, tag::a);
    if (left == 0) break;
  }
  const auto own = shape(id);
  const bool alone = block != kNoNode && !linked && others_[block] == 0;
  if (alone && !ends_group(tree_, block)) {
    const NodeId top = group(block);
    if (state_[top] == State::found) return;
    if (code && state_[top] == State::open && grouped(id, top, own)) return;
    state_[top] = State::none;
  }
  bool shown = false;  // within a pre, which shows line ends
  if (own.feeds && boxes_)
    for (NodeId above = block; above != kNoNode && !shown; above = tree_[above].parent) shown = is_pre(tree_, above);
  const bool own_lines = code && (own.breaks || (own.feeds && (alone || shown || own.many)));
  auto text = text_of(id, own_lines && !own.breaks ? CodeSpace::kept : CodeSpace::collapsed);
  if (!code && (own.breaks || text.size() > kLongLine)) return;
  if (!own_lines) std::replace(text.begin(), text.end(), '\n', ' ');
  const bool lines = own_lines && holds(text, "\n");
  if (lines) gutters(id, text);
  add(id, lines, std::move(text));
}

// Takes a group of lines of code, or one line that stands alone. False where it is neither.
bool CodeFinder::grouped(NodeId id, NodeId top, const Shape& own) {
  const bool single = codes_[top] == 1;
  auto text = text_of(top, own.feeds && !own.breaks ? CodeSpace::kept : single ? CodeSpace::collapsed : CodeSpace::grouped);
  const NodeId parent = tree_[top].parent;
  if (!holds(text, "\n") && (!single || (parent != kNoNode && holds_names(tree_, parent)))) return false;
  state_[top] = State::found;
  add(single ? id : top, true, std::move(text));
  return true;
}

}  // namespace millrace::extract
