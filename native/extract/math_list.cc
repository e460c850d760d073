// The formulas of a page as a list: what rescue_math found, and what find_delimited finds in each run of text between two borders of
// blocks. Text that a page does not show, and code, is not looked into.
#include <algorithm>

#include "native/extract/math_parts.h"

namespace millrace::extract {
namespace {

namespace tag = html::tag;
using html::Kind;

bool is_hidden(const Tree& tree, NodeId id) {
  if (tree[id].ns != html::Ns::html) return false;
  switch (tree[id].tag) {
    case tag::script:
    case tag::style:
    case tag::template_:
    case tag::textarea:
    case tag::pre:
    case tag::code:
    case tag::title:
    case tag::select:
    case tag::button: return true;
    default: break;
  }
  const auto list = tree.value(tree[id], html::attr::class_);
  return !list.empty() &&
         (list.find("tex2jax_ignore") != list.npos || list.find("mathjax_ignore") != list.npos || has_token(list, "nolatex"));
}

}  // namespace

void list_formulas(const Page& page, std::vector<Formula>& formulas) {
  const Tree& tree = page.tree;
  std::string line;
  std::vector<Delimited> found;
  std::vector<std::pair<size_t, const Rescued*>> inside;  // formulas within the line, by their place in it
  const auto flush = [&] {
    found.clear();
    find_delimited(line, page.delimiters, found);
    size_t next = 0;
    for (auto& piece : found) {
      for (; next < inside.size() && inside[next].first <= piece.begin; ++next)
        formulas.push_back({inside[next].second->text, inside[next].second->block});
      formulas.push_back({std::move(piece.latex), piece.display});
    }
    for (; next < inside.size(); ++next) formulas.push_back({inside[next].second->text, inside[next].second->block});
    line.clear();
    inside.clear();
  };
  NodeId hidden = kNoNode;  // within it formulas count, text does not
  for (NodeId id = 0; id != kNoNode;) {
    const bool element = tree[id].kind == Kind::element;
    bool into = true;
    if (page.role[id] == Role::formula) {
      inside.emplace_back(line.size(), &page.at(id));
      line += "\xef\xbf\xbc";  // keeps what stands on its two sides apart
      into = false;
    } else if (page.role[id] == Role::skip || page.role[id] == Role::code) into = false;
    else if (element && hidden == kNoNode && is_hidden(tree, id)) hidden = id;
    else if (tree[id].kind == Kind::text) line += hidden != kNoNode ? std::string_view() : tree.text(tree[id].range);
    else if (element && tree[id].tag == tag::br) line += '\n';
    else if (element && is_block(tree, id)) flush();
    NodeId next = into ? tree[id].first_child : kNoNode;
    while (next == kNoNode && id != kNoNode) {
      if (id == hidden) hidden = kNoNode;
      next = tree[id].next;
      if (next == kNoNode) {
        id = tree[id].parent;
        if (id != kNoNode && is_block(tree, id)) flush();
      } else if (is_block(tree, id)) flush();
    }
    id = next;
  }
  flush();
}

}  // namespace millrace::extract
