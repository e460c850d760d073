// MathML -> LaTeX, written as the tree is read: one stack of pending work, one output string, no recursion and no copies of parts, so that
// work is linear in the subtree. What must be known before a part is written (is this base an accent, is this row fenced) is looked up at
// nearby nodes only. Presentation MathML 3 as MathJax, Temml, KaTeX, LaTeXML, MediaWiki and editors write it; extraction.md 3.7 lists the
// traps: prefixed names, comments inside tokens, lone and empty fences, unescaped specials.
//
// Sizes, colours and line breaks are dropped; \left and \right are written only as a pair around one row, so they always balance.
#include "native/extract/math.h"
#include "native/extract/mathml_converter.h"

namespace millrace::extract {

void MathConverter::step(const MathItem& item) {
  switch (item.op) {
    case MathOp::visit: return visit(item.node, item.text);
    case MathOp::row: return step_row(item);
    case MathOp::literal: return put(item.text);
    case MathOp::line_break:
      out_ += " \\\\ ";
      word_ = false;
      fresh_row_ = true;
      return;
    case MathOp::left:
    case MathOp::right:
      put(item.op == MathOp::left ? "\\left" : "\\right");
      put(item.text);
      return;
    case MathOp::open:
      put(item.text);
      out_ += '{';
      word_ = false;
      opened_.push_back(out_.size());
      return;
    case MathOp::close: {
      const size_t begin = opened_.back();
      opened_.pop_back();
      word_ = false;
      const char c = out_.back();
      if (out_.size() == begin + 1 && ((c >= '0' && c <= '9') || ((c | 32) >= 'a' && (c | 32) <= 'z'))) {
        out_.erase(begin - 1, 1);
        return;
      }
      out_ += '}';
      return;
    }
    case MathOp::optional: {
      const size_t begin = opened_.back();
      opened_.pop_back();
      if (out_.find(']', begin) != std::string::npos) out_.insert(begin, 1, '{'), out_ += '}';
      out_ += ']';
      word_ = false;
      return;
    }
    case MathOp::rows: {
      const auto behind = next(item.node);
      if (behind != kNoNode) {
        push(MathOp::rows, behind);
        push(MathOp::line_break);
      }
      const auto local = name(item.node);
      if (local == tag::mtr || local == tag::mlabeledtr) {
        auto cell = first(item.node);
        if (cell != kNoNode && (local == tag::mlabeledtr || centres(cell))) cell = next(cell);
        if (cell != kNoNode) push(MathOp::cells, cell);
      } else push(MathOp::visit, item.node);
      return;
    }
    case MathOp::cells: {
      auto behind = next(item.node);
      if (behind != kNoNode && centres(behind)) behind = next(behind);
      if (behind != kNoNode) {
        push(MathOp::cells, behind);
        literal(" & ");
      }
      push(MathOp::visit, item.node);
      return;
    }
  }
}

void MathConverter::visit(NodeId id, const char* how) {
  solo_ = *how == '1';
  if (t_[id].kind == Kind::text) {
    token(id, text_);
    return symbols(text_);
  }
  const NodeId a = first(id), b = a == kNoNode ? kNoNode : next(a);
  switch (name(id)) {
    case tag::mi: return identifier(id, *how == '*');
    case tag::mn: return number(id);
    case tag::mo: return operator_(id, *how == '*');
    case tag::mtext:
    case tag::ms: return plain_text(id);
    case tag::mspace: return space(id);
    case tag::none:
    case tag::mprescripts:
    case tag::maligngroup:
    case tag::malignmark:
    case tag::annotation:
    case tag::annotation_xml: return;
    case tag::semantics:
    case tag::maction:
      if (a != kNoNode) push(MathOp::visit, a, how);
      return;
    case tag::mfrac: return fraction(id);
    case tag::msqrt:
      put_word("sqrt");
      literal("}");
      push(MathOp::row, a);
      literal("{");
      return;
    case tag::mroot:
      put("\\sqrt[");
      group(a);
      push(MathOp::optional);
      opened_.push_back(out_.size());
      if (b != kNoNode) push(MathOp::visit, b);
      return;
    case tag::msub: return scripts(a, b, kNoNode);
    case tag::msup: return scripts(a, kNoNode, b);
    case tag::msubsup: return scripts(a, b, b == kNoNode ? b : next(b));
    case tag::munder: return limits(id, a, b, kNoNode);
    case tag::mover: return limits(id, a, kNoNode, b);
    case tag::munderover: return limits(id, a, b, b == kNoNode ? b : next(b));
    case tag::mmultiscripts: return multiscripts(id);
    case tag::mfenced: return mfenced(id);
    case tag::menclose: return enclose(id);
    case tag::mphantom:
      put_word("phantom");
      literal("}");
      push(MathOp::row, a);
      literal("{");
      return;
    case tag::mtable: return table(id, 0, 0);
    default:
      if (b == kNoNode && a != kNoNode) return push(MathOp::visit, a, how);
      return row(id);
  }
}

// ---- rows ---------------------------------------------------------------------------------------------------------------------------

// A row between a fence and its partner, the two being its first and last child and not closed in between.
bool MathConverter::parenthesized(NodeId id, NodeId& begin, NodeId& end) const {
  begin = first(id);
  if (begin == kNoNode || name(id) != tag::mrow) return false;
  const uint32_t open = operator_at(begin);
  if (open == 1 || !(open == 0 || is_opening_fence(open) || is_bar(open) || open == ']')) return false;
  int depth = 0;
  uint32_t close = 1;
  bool bar = false;
  for (NodeId c = begin; c != kNoNode; c = next(c)) {
    const uint32_t code = operator_at(c);
    if (c != begin) {
      if (depth == 0 && is_opening_fence(open)) return false;  // closed before
      if (is_bar(open) && bar) return false;                   // a bar in between: which belong together is not known
    }
    if (is_opening_fence(code)) ++depth;
    if (is_closing_fence(code)) --depth;
    bar = c != begin && code == open;
    close = code;
    end = c;
  }
  if (end == begin || close == 1 || !(close == 0 || is_closing_fence(close) || is_bar(close) || close == '[')) return false;
  return open != 0 || close != 0;
}

// The same where LaTeX writes \\left and \\right.
bool MathConverter::fenced(NodeId id, NodeId& begin, NodeId& end) const {
  if (!parenthesized(id, begin, end)) return false;
  if (attribute(core(begin), "stretchy") == "false" || attribute(core(end), "stretchy") == "false") return false;
  NodeId inner, partner;
  return !(enclosed(begin, inner, partner) && partner == end);
}

// `open` is a fence, what follows a table or a fraction without line, and behind that stands the fence's partner.
bool MathConverter::enclosed(NodeId open, NodeId& inner, NodeId& close) const {
  const uint32_t code = operator_at(open);
  if (code != '(' && code != '[' && code != '{' && !is_bar(code)) return false;
  const NodeId within = next(open);
  if (within == kNoNode) return false;
  inner = core(within);
  const auto local = name(inner);
  if (local != tag::mtable && !(local == tag::mfrac && is_zero_width(attribute(inner, "linethickness")))) return false;
  close = next(within);
  const uint32_t end = close == kNoNode ? 0 : operator_at(close);
  const char* found = matrix_between(code, end);
  if (!found || (local == tag::mfrac && (is_bar(code) || end == 0))) return false;
  if (close == kNoNode) close = within;
  return true;
}

void MathConverter::row(NodeId id) {
  NodeId begin, end;
  if (fenced(id, begin, end)) {
    push(MathOp::right, kNoNode, fence_latex(operator_at(end)));
    const auto inner = next(begin);
    if (inner != end) push(MathOp::row, inner, "", end);
    push(MathOp::left, kNoNode, fence_latex(operator_at(begin)));
  } else if (const auto child = first(id); child != kNoNode) push(MathOp::row, child);
}

void MathConverter::step_row(const MathItem& item) {
  if (item.node == kNoNode) return;
  NodeId inner, close;
  const bool whole = enclosed(item.node, inner, close);
  const NodeId behind = next(whole ? close : item.node);
  if (behind != kNoNode && behind != item.end) push(MathOp::row, behind, "", item.end);
  if (!whole) return push(MathOp::visit, item.node);
  const uint32_t left = operator_at(item.node), right = operator_at(close);
  if (name(inner) == tag::mtable) table(inner, left, right == 1 ? 0 : right);
  else fraction(inner, left, right);
}

// MathJax marks what the source has in braces.
bool MathConverter::braced(NodeId id) const {
  return attribute(id, "data-mjx-texclass") == "ORD" || attribute(id, "class").find("TeXAtom-ORD") != std::string_view::npos;
}

// An empty cell that Temml puts at both sides of \begin{align} to centre it.
bool MathConverter::centres(NodeId cell) const {
  return t_[cell].attribute_count && first(cell) == kNoNode && attribute(cell, "style").find("width:50%") != std::string_view::npos;
}

std::string mathml_to_latex(const Tree& tree, NodeId math) { return MathConverter(tree).run(math); }

}  // namespace millrace::extract
