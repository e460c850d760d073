#pragma once
#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "native/html/tree.h"

namespace millrace::extract {

// A parsed page and what extraction knows of its nodes. Every pass writes its own part and reads the parts before it:
//
//   rescue_math, rescue_code, rescue_tables   what must survive any pruning: `role`, `rescued`, `delimiters`
//   find_blocks (blocks.h)                    the page as a sequence of blocks
//   label (model.h), choose (choose.h)        which blocks are content
//   write_blocks (write.h)                    Markdown, text or HTML
//
// The tree is never changed. A page owns all it points to and is used again for the next page.

using html::kNoNode;
using html::Node;
using html::NodeId;
using html::Tree;

// What stands at a node in place of its subtree. Passes do not look below a node that has a role (but for `table`, whose cells are written
// like blocks of their own).
enum class Role : uint8_t {
  none,
  skip,     // never content: the twin of a formula, a gutter of line numbers, a copy button
  formula,  // rescued: LaTeX
  code,     // rescued: code
  table     // a data table (table.h)
};

struct Rescued {
  NodeId node = kNoNode;
  bool block = false;    // a display formula; code of several lines or in `pre`. Else part of a line
  std::string text;      // formula: LaTeX without delimiters, white space collapsed; code: as shown, LF, no outer empty lines
  std::string language;  // code: lower case as the page names it ("python"); empty where it does not
};

// How a page delimits TeX in its text: from the configuration of MathJax or KaTeX on the page, and defaults.
struct Delimiters {
  struct Pair {
    std::string open, close;
    bool display = false;
  };
  std::vector<Pair> pairs;
  bool any() const { return !pairs.empty(); }
};

class Page {
 public:
  Tree tree;
  std::vector<Role> role;         // one a node
  std::vector<Rescued> rescued;   // formulas and code, in the order of their finding
  Delimiters delimiters;

  // Call after the tree was parsed.
  void reset() {
    role.assign(tree.nodes.size(), Role::none);
    place_.assign(tree.nodes.size(), 0);
    rescued.clear();
    delimiters.pairs.clear();
  }
  void skip(NodeId id) { role[id] = Role::skip; }
  void rescue(Role what, Rescued found) {
    role[found.node] = what;
    place_[found.node] = static_cast<uint32_t>(rescued.size());
    rescued.push_back(std::move(found));
  }
  // Of a node whose role is formula or code.
  const Rescued& at(NodeId id) const { return rescued[place_[id]]; }

 private:
  std::vector<uint32_t> place_;
};

// True for elements that begin and end a line of their own by HTML's default style sheet (div, p, li, h1, td, section, …).
bool is_block(const Tree& tree, NodeId id);

// Elements whose text a page never shows as text, or that are controls.
inline bool is_left_out(uint16_t id) {
  namespace tag = html::tag;
  static constexpr auto kLeft = [] {
    std::array<bool, tag::count> left{};
    for (auto each : {tag::script, tag::style, tag::template_, tag::head, tag::select, tag::textarea, tag::datalist, tag::iframe, tag::object,
                      tag::embed, tag::audio, tag::video, tag::canvas, tag::applet, tag::noembed, tag::noframes, tag::map, tag::progress,
                      tag::meter, tag::input, tag::optgroup, tag::option, tag::title, tag::link, tag::meta, tag::base, tag::svg, tag::math})
      left[each] = true;
    return left;
  }();
  return kLeft[id];
}

// ASCII white space of HTML: space, tab, LF, FF, CR.
inline bool is_space(char c) { return c == ' ' || c == '\n' || c == '\t' || c == '\r' || c == '\f'; }

}  // namespace millrace::extract
