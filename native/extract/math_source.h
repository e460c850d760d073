// The TeX that a node holds: what rescue_math takes for the formula. Not for others.
#pragma once
#include <optional>
#include <string>
#include <string_view>

#include "native/extract/page.h"

namespace millrace::extract {

class MathSource {
 public:
  explicit MathSource(const Tree& tree) : t_(tree), budget_(8 * tree.nodes.size() + 10000) {}

  std::string_view attribute(NodeId id, std::string_view name) const;
  bool is_math(NodeId id) const;         // <math> with any prefix
  bool is_annotation(NodeId id) const;   // <annotation> alike
  bool is_math_script(NodeId id) const;  // <script type="math/…">
  std::string text_below(NodeId id, size_t most = 65536) const;

  // `display` is set where the source says so, and else left as it is.
  std::string of_math(NodeId math, bool& display);
  std::string of_mathml(std::string_view source, bool& display);
  std::string of_script(NodeId script, bool& display);
  // The best source of the one formula below `id`: empty if there is none (`none` is set then), if there are several, or if the page's
  // budget of such searches is spent.
  std::string below(NodeId id, bool& display, bool& none);
  // Text with <sub> and <sup> as scripts.
  std::string with_scripts(NodeId id) const;
  // Text of a class named for mathematics that is a formula: operators, commands or little at all; not a word or a heading.
  static bool is_formula(std::string_view text);

 private:
  const Tree& t_;
  size_t budget_;  // nodes
  std::optional<html::Parser> parser_;
  Tree inner_;
};

}  // namespace millrace::extract
