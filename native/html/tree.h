#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "native/html/names.h"

namespace millrace::html {

// A parsed page: nodes of one size in one array, in the order of their creation (not document order: foster parenting and the adoption
// agency move nodes), and one buffer of bytes that every text, name and value is a range of. Node 0 is the document.
//
// The buffer begins with the page's own bytes; behind them stands what had to be rewritten (character references, CR LF, NUL, joined
// texts). So ranges of untouched text are also positions in the page. A tree owns all it points to, and can be parsed into again.

using NodeId = uint32_t;
inline constexpr NodeId kNoNode = 0xffffffff;

struct Range {
  uint32_t offset = 0, size = 0;
  uint32_t end() const { return offset + size; }
};

enum class Kind : uint8_t { document, doctype, element, text, comment };
enum class Quirks : uint8_t { none, limited, full };

struct Node {
  NodeId parent = kNoNode, first_child = kNoNode, last_child = kNoNode, next = kNoNode, previous = kNoNode;
  Range range;                   // text: its characters; comment: its data; doctype and elements without a number: the name
  uint32_t attributes = 0;       // element: index of the first one. (Text: bytes reserved at the range, 0 for none.)
  uint16_t attribute_count = 0;  // always within Limits::max_attributes
  uint16_t tag = 0;              // element: a tag::Id
  Kind kind = Kind::element;
  Ns ns = Ns::html;
  uint16_t flags = 0;  // the parser's own
};
static_assert(sizeof(Node) == 40);

struct Attribute {
  Range name, value;
  uint16_t id = 0;  // an attr::Id; in foreign content of the proper case ("viewBox")
  uint16_t pad = 0;
};

// What was left out because a limit was reached. The tree holds everything before.
enum Cut : uint32_t { kCutBytes = 1, kCutNodes = 2, kCutDepth = 4, kCutAttributes = 8, kCutFormatting = 16, kCutWork = 32 };

// Budgets count work, never time, so the same page is cut at the same place on any machine.
struct Limits {
  uint32_t max_bytes = 64u << 20;       // of input; the rest is not read. At most 512 MiB
  uint32_t max_nodes = 4u << 20;        // parsing ends there
  uint32_t max_depth = 512;             // open elements; a deeper element gets no children, what follows it is its sibling
  uint32_t max_attributes = 256;        // of an element; the rest is dropped
  uint32_t max_formatting = 128;        // active formatting elements behind the last marker; the oldest is forgotten
  uint32_t max_steps_per_byte = 64;     // look-ups and moves, over the whole page; parsing ends there
};

class Tree {
 public:
  std::vector<Node> nodes;
  std::vector<Attribute> attributes;
  std::string buffer;
  size_t input_size = 0;  // ranges that end here or before are the page's own bytes
  Range doctype_public, doctype_system;
  Quirks quirks = Quirks::none;
  uint32_t cuts = 0;  // bits of Cut

  const Node& operator[](NodeId id) const { return nodes[id]; }
  std::string_view text(Range r) const { return {buffer.data() + r.offset, r.size}; }
  // Characters of a text, data of a comment; for elements and the doctype the name (SVG names in their proper case).
  std::string_view text(NodeId id) const { return nodes[id].kind == Kind::element ? name(nodes[id]) : text(nodes[id].range); }
  std::string_view name(const Node& element) const { return element.tag ? tag_name(element.tag) : text(element.range); }
  std::string_view name(const Attribute& a) const { return a.id ? attribute_name(a.id) : text(a.name); }

  // An attribute of an element by number, or null. Attributes keep their order in the page; names do not repeat.
  const Attribute* find(const Node& element, uint16_t id) const {
    for (uint32_t i = element.attributes; i < element.attributes + element.attribute_count; ++i)
      if (attributes[i].id == id) return &attributes[i];
    return nullptr;
  }
  // Its value, empty where there is none.
  std::string_view value(const Node& element, uint16_t id) const {
    const auto* found = find(element, id);
    return found ? text(found->value) : std::string_view();
  }

  // The node behind `id` in document order within `root`, going into children first; behind() skips them. kNoNode at the end.
  // A template's contents are its children here.
  NodeId following(NodeId id, NodeId root = 0) const { return nodes[id].first_child != kNoNode ? nodes[id].first_child : behind(id, root); }
  NodeId behind(NodeId id, NodeId root = 0) const {
    for (; id != root && id != kNoNode; id = nodes[id].parent)
      if (nodes[id].next != kNoNode) return nodes[id].next;
    return kNoNode;
  }
};

// Parses UTF-8 into `tree`. Never fails: what is not HTML becomes text, and what goes over a limit is cut (Tree::cuts).
// Scripting is off. Input is taken as decoded: bytes that are not UTF-8 pass through untouched.
class Parser {
 public:
  Parser();
  ~Parser();
  Parser(const Parser&) = delete;
  Parser& operator=(const Parser&) = delete;
  void parse(std::string_view html, Tree& tree, const Limits& limits = {});

 private:
  struct State;
  State* state_;  // storage that is reused from page to page
};

// One line a node in document order, indented by depth, as the tests of tree construction know it; for comparison with other parsers.
std::string serialize(const Tree& tree);

}  // namespace millrace::html
