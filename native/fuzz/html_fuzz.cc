// The parser: every input becomes a tree whose links agree and whose ranges lie in its buffer, in proportion to the input's size, and the
// same tree again from a parser that has been used.
#include <memory>
#include <string>

#include "native/fuzz/check.h"
#include "native/html/tree.h"

using namespace millrace;

namespace {

void check_range(const html::Tree& tree, html::Range range) {
  CHECK(range.offset <= tree.buffer.size() && range.size <= tree.buffer.size() - range.offset);
}

void check_tree(const html::Tree& tree, const html::Limits& limits) {
  using html::kNoNode;
  CHECK(!tree.nodes.empty() && tree.nodes[0].kind == html::Kind::document && tree.nodes[0].parent == kNoNode);
  CHECK(tree.nodes.size() <= size_t(limits.max_nodes) + 16);
  for (html::NodeId id = 0; id < tree.nodes.size(); ++id) {
    const html::Node& node = tree.nodes[id];
    check_range(tree, node.range);
    CHECK((node.first_child == kNoNode) == (node.last_child == kNoNode));
    if (node.first_child != kNoNode) CHECK(tree[node.first_child].parent == id && tree[node.last_child].parent == id);
    if (node.next != kNoNode) CHECK(tree[node.next].previous == id && tree[node.next].parent == node.parent);
    if (node.previous != kNoNode) CHECK(tree[node.previous].next == id);
    if (node.kind != html::Kind::element) continue;
    CHECK(node.attribute_count <= limits.max_attributes);
    CHECK(node.attribute_count == 0 || node.attributes + node.attribute_count <= tree.attributes.size());
    for (uint32_t i = 0; i < node.attribute_count; ++i) {
      check_range(tree, tree.attributes[node.attributes + i].name);
      check_range(tree, tree.attributes[node.attributes + i].value);
    }
  }
  size_t visited = 0;
  for (html::NodeId id = 0; id != kNoNode; id = tree.following(id)) CHECK(++visited <= tree.nodes.size());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static html::Parser used;
  fuzz::Input input(data, size);
  html::Limits limits;
  const uint8_t choice = input.byte();
  if (choice & 1) limits.max_depth = 8;
  if (choice & 2) limits.max_nodes = 64;
  if (choice & 4) limits.max_attributes = 2;
  if (choice & 8) limits.max_formatting = 3;
  if (choice & 16) limits.max_steps_per_byte = 2;
  if (choice & 32) limits.max_bytes = 300;
  html::Tree tree, again;
  used.parse(input.rest(), tree, limits);
  check_tree(tree, limits);
  // Character references and case rewrite; nothing multiplies.
  CHECK(tree.buffer.size() <= 64 * input.rest().size() + 1024);
  if (choice & 64) {
    const auto fresh = std::make_unique<html::Parser>();
    fresh->parse(input.rest(), again, limits);
    CHECK(again.cuts == tree.cuts && html::serialize(again) == html::serialize(tree));
  }
  return 0;
}
