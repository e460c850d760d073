// Where code stands in a page. One pass finds blocks (pre, tables of numbered lines, editors, boxes of forum software) and collects <code>
// elements; a second pass, only where there are some, counts per element what text is not code (code_group.cc).
#include "native/extract/code.h"

#include "native/extract/code_find.h"
#include "native/extract/code_language.h"

namespace millrace::extract {

namespace tag = html::tag;
namespace attr = html::attr;

namespace {

constexpr size_t kLongParagraph = 200;

bool is_inline_code(const Tree& tree, NodeId id) { return any_of(tree, id, {tag::code, tag::samp, tag::tt}); }

}  // namespace

void CodeFinder::run() {
  for (NodeId id = tree_.following(0); id != kNoNode;) id = visit(id) ? tree_.following(id) : tree_.behind(id);
  if (!inlines_.empty()) {
    count_others();
    for (NodeId id : inlines_) place(id);
  }
  for (auto& found : found_)
    if (page_.role[found.node] == Role::none) page_.rescue(Role::code, std::move(found));
}

bool CodeFinder::visit(NodeId id) {
  const auto& node = tree_[id];
  if (node.kind != html::Kind::element) return node.kind == html::Kind::document;
  if (page_.role[id] != Role::none || is_never_shown(tree_, id)) return false;
  if (is_pre(tree_, id)) return !pre(id);
  if (is_element(tree_, id, tag::table)) return !line_table(id);
  if (is_inline_code(tree_, id)) {
    if (holds_pre(id)) return true;
    inlines_.push_back(id);
    return false;
  }
  if (node.attribute_count > 0 && any_of(tree_, id, {tag::div, tag::td, tag::ol}) && is_box(id)) return !box(id);
  return true;
}

void CodeFinder::add(NodeId node, bool block, std::string text) {
  if (!text.empty()) found_.push_back({node, block, std::move(text), block ? code_language(tree_, node) : std::string()});
}

std::string CodeFinder::text_of(NodeId id, CodeSpace space) {
  std::string text;
  append_code(page_, id, space, budget_, text);
  tidy_code(text);
  return text;
}

bool CodeFinder::holds_pre(NodeId code) {
  for (NodeId id = tree_.following(code, code); id != kNoNode && budget_ > 0; id = tree_.following(id, code), --budget_)
    if (is_pre(tree_, id) || is_element(tree_, id, tag::table)) return true;
  return false;
}

bool CodeFinder::pre(NodeId id) {
  size_t outside = 0, paragraphs = 0, letters = 0;
  bool lines = false, inside = false;
  NodeId behind = kNoNode;  // the end of the <code> that is open
  for (NodeId at = tree_.following(id, id); at != kNoNode; at = tree_.following(at, id)) {
    const auto& node = tree_[at];
    if (inside && at == behind) inside = false;
    if (!inside && is_element(tree_, at, tag::code)) {
      inside = true;
      behind = tree_.behind(at, id);
    }
    if (node.kind == html::Kind::text) {
      const auto text = tree_.text(node.range);
      letters += text.size();
      if (!inside) {
        for (char c : text) outside += !is_space(c) && !(c >= '0' && c <= '9');
      } else {
        lines = lines || holds(text, "\n");
      }
    } else if (node.kind == html::Kind::element) {
      paragraphs += is_element(tree_, at, tag::p);
      if (any_of(tree_, at, {tag::h1, tag::h2, tag::h3, tag::h4, tag::form, tag::iframe, tag::pre})) return false;
      if (is_element(tree_, at, tag::table) && !is_line_table(at)) return false;
    }
  }
  if (paragraphs > 1 && letters / paragraphs > kLongParagraph) return false;
  // Pieces of code with lines of their own, and other text around them: the pre is the box of both.
  if (outside > 0 && lines) {
    boxes_ = true;
    return false;
  }
  auto text = text_of(id, CodeSpace::kept);
  if (text.empty()) {
    page_.skip(id);
    return true;
  }
  gutters(id, text);
  add(id, true, std::move(text));
  if (found_.back().language.empty()) found_.back().language = std::move(label_);
  return true;
}

// Editors in the page (CodeMirror, Ace, Monaco: one div a line) and forum software (Discuz! blockcode, phpBB 2 td.code, SMF div.code).
bool CodeFinder::is_box(NodeId id) const {
  return any_class(class_of(tree_, id), [&](std::string_view token) {
    switch (token.size()) {
      case 4: return token == "code" && !is_element(tree_, id, tag::ol);
      case 9: return token == "blockcode";
      case 10: return token == "cm-content" || token == "view-lines";
      case 14: return token == "ace_text-layer";
      case 15: return token == "codemirror-code";
      default: return false;
    }
  });
}

bool CodeFinder::box(NodeId id) {
  bool lines = false;
  for (NodeId at = tree_.following(id, id); at != kNoNode; at = tree_.following(at, id)) {
    if (budget_ == 0) return false;
    --budget_;
    if (any_of(tree_, at, {tag::code, tag::table, tag::p, tag::h1, tag::h2, tag::h3, tag::h4}) || page_.role[at] != Role::none) return false;
    // CodeMirror 5 sets each line as a pre; any other pre is found by itself.
    if (is_pre(tree_, at) && !any_class(class_of(tree_, at), [](std::string_view token) { return token == "codemirror-line"; })) return false;
    lines = lines || (tree_[at].kind == html::Kind::element && (is_element(tree_, at, tag::br) || is_block(tree_, at)));
  }
  if (!lines) return false;
  // Discuz! puts its copy button, an em, behind the lines.
  for (NodeId at = tree_[id].first_child; at != kNoNode; at = tree_[at].next)
    if (any_of(tree_, at, {tag::em, tag::a}) && tree_.find(tree_[at], attr::onclick)) page_.skip(at);
  add(id, true, text_of(id, CodeSpace::kept));
  return true;
}

void rescue_code(Page& page) {
  if (!page.tree.nodes.empty()) CodeFinder(page).run();
}

}  // namespace millrace::extract
