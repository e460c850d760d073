#include "native/html/tree.h"

#include <algorithm>

#include "native/html/builder.h"

namespace millrace::html {

struct Parser::State {
  Builder builder;
};

Parser::Parser() : state_(new State) {}
Parser::~Parser() { delete state_; }
void Parser::parse(std::string_view html, Tree& tree, const Limits& limits) { state_->builder.build(html, tree, limits); }

std::string serialize(const Tree& tree) {
  std::string out;
  size_t depth = 0;
  const auto line = [&](std::string_view mark) {
    out.append(std::min<size_t>(depth, 100), ' ');
    out += mark;
  };
  out += tree.quirks == Quirks::none ? "no-quirks\n" : tree.quirks == Quirks::limited ? "limited-quirks\n" : "quirks\n";
  for (NodeId id = tree[0].first_child; id != kNoNode;) {
    const Node& node = tree[id];
    switch (node.kind) {
      case Kind::document: break;
      case Kind::doctype:
        line("!");
        out.append(tree.text(node.range)).append(" \"").append(tree.text(tree.doctype_public)).append("\" \"");
        out.append(tree.text(tree.doctype_system)).append("\"\n");
        break;
      case Kind::text:
        line("\"");
        out.append(tree.text(node.range)).append("\"\n");
        break;
      case Kind::comment:
        line("#");
        out.append(tree.text(node.range)).append("\n");
        break;
      case Kind::element:
        line("<");
        out.append(node.ns == Ns::svg ? "svg " : node.ns == Ns::math ? "math " : "").append(tree.name(node));
        for (uint32_t i = node.attributes; i < node.attributes + node.attribute_count; ++i) {
          const Attribute& a = tree.attributes[i];
          out.append(node.ns != Ns::html && is_prefixed(a.id) ? " :" : " ").append(tree.name(a)).append("=").append(tree.text(a.value));
        }
        out += ">\n";
        break;
    }
    if (node.first_child != kNoNode) {
      ++depth;
      id = node.first_child;
      continue;
    }
    while (id != kNoNode && tree[id].next == kNoNode) {
      id = tree[id].parent;
      if (id == 0 || id == kNoNode) break;
      --depth;
    }
    id = id == 0 || id == kNoNode ? kNoNode : tree[id].next;
  }
  return out;
}

}  // namespace millrace::html
