// What stands around a block of code: a column of line numbers before or behind it (extraction.md 3.8: up to four levels up), copy buttons, and
// the bar with the name of the language that many sites set above.
#include "native/extract/code_find.h"
#include "native/extract/code_language.h"

namespace millrace::extract {

namespace tag = html::tag;

namespace {

constexpr int kGutterLevels = 4;
constexpr size_t kLabel = 24;
constexpr NodeId kText = 0;  // the document, which stands beside nothing

}  // namespace

void CodeFinder::gutters(NodeId id, std::string_view text) {
  const size_t lines = 1 + size_t(std::count(text.begin(), text.end(), '\n'));
  bool back = true, on = true;
  label_.clear();
  for (int level = 0; level < kGutterLevels && (back || on); ++level) {
    const NodeId parent = tree_[id].parent;
    if (parent == kNoNode || is_element(tree_, id, tag::body)) return;
    for (NodeId at = beside(id, false); back && at != kNoNode; at = back ? beside(at, false) : kNoNode) back = gutter(at, lines) || header(at);
    for (NodeId at = beside(id, true); on && at != kNoNode; at = on ? beside(at, true) : kNoNode) on = gutter(at, lines);
    id = parent;
  }
}

// The next element beside a node; kText where text comes before one, kNoNode where nothing does.
NodeId CodeFinder::beside(NodeId id, bool on) {
  for (NodeId at = on ? tree_[id].next : tree_[id].previous; at != kNoNode; at = on ? tree_[at].next : tree_[at].previous) {
    if (budget_ == 0) return kText;
    --budget_;
    if (tree_[at].kind == html::Kind::element) return at;
    if (tree_[at].kind == html::Kind::text && !blank(tree_.text(tree_[at].range))) return kText;
  }
  return kNoNode;
}

// False where something else stands there: what is behind that is no gutter of this code.
bool CodeFinder::gutter(NodeId id, size_t lines) {
  if (id == kNoNode) return true;
  if (id == kText || page_.role[id] != Role::none) return false;  // a formula's script is no button
  if (is_code_noise(tree_, id, budget_)) {
    page_.skip(id);
    return true;
  }
  const auto numbers = numbers_in(tree_, id, budget_);
  // One number a line, but for empty lines at the ends.
  const size_t slack = lines / 8;
  if (!numbers.sequence || numbers.count < 2 || numbers.count + slack < lines || numbers.count > lines + slack + 1) return false;
  if (numbers.count != lines && !is_gutter_class(class_of(tree_, id)) && lines < 8) return false;
  page_.skip(id);
  return true;
}

// The bar above a block: the name of its language, a button, or both. Skips it and keeps the name.
bool CodeFinder::header(NodeId id) {
  if (id == kNoNode || id == kText || page_.role[id] != Role::none) return false;
  if (!any_of(tree_, id, {tag::div, tag::span, tag::header, tag::figcaption})) return false;
  std::string text;
  bool button = false;
  for (NodeId at = id; at != kNoNode; at = page_.role[at] != Role::none ? tree_.behind(at, id) : tree_.following(at, id)) {
    if (budget_ == 0) return false;
    --budget_;
    const auto& node = tree_[at];
    if (node.kind == html::Kind::element && is_code_noise(tree_, at, budget_)) {
      button = true;
      // What is in it is passed over; it holds a word or two.
      NodeId last = at;
      for (NodeId in = tree_.following(at, at); in != kNoNode && budget_ > 0; in = tree_.following(in, at), --budget_) last = in;
      at = last;
      continue;
    }
    if (node.kind != html::Kind::text) continue;
    for (char c : tree_.text(node.range)) {
      if (text.size() > kLabel) return false;
      if (!is_space(c)) text += c >= 'A' && c <= 'Z' ? static_cast<char>(c | 32) : c;
    }
  }
  if (text.empty() ? !button : !is_language_name(text)) return false;
  if (!text.empty()) label_ = text;
  page_.skip(id);
  return true;
}

}  // namespace millrace::extract
