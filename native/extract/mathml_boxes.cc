// Fractions, fences, boxes and tables of MathML in LaTeX. Which environment a table becomes follows from its fences and alignment, as the
// renderers write them: pmatrix and its like, cases, aligned, gathered, substack, else array with its columns.
#include <algorithm>

#include "native/extract/mathml_converter.h"

namespace millrace::extract {
namespace {

constexpr CodeName kFences[] = {
    {'(', "("}, {')', ")"}, {'[', "["}, {']', "]"}, {'{', "\\{"}, {'}', "\\}"}, {'|', "|"}, {0x2223, "|"}, {0x2016, "\\|"}, {0x2225, "\\|"},
    {0x27e8, "\\langle"}, {0x27e9, "\\rangle"}, {0x2329, "\\langle"}, {0x232a, "\\rangle"}, {0x3008, "\\langle"}, {0x3009, "\\rangle"},
    {0x2308, "\\lceil"}, {0x2309, "\\rceil"}, {0x230a, "\\lfloor"}, {0x230b, "\\rfloor"}, {'/', "/"}, {'\\', "\\backslash"},
    {0x27ee, "\\lgroup"}, {0x27ef, "\\rgroup"}, {0x23b0, "\\lmoustache"}, {0x23b1, "\\rmoustache"}, {0x2191, "\\uparrow"},
    {0x2193, "\\downarrow"}, {'<', "\\langle"}, {'>', "\\rangle"}, {0x2195, "\\updownarrow"}, {0x21d1, "\\Uparrow"},
    {0x21d3, "\\Downarrow"}, {0x21d5, "\\Updownarrow"},
};

}  // namespace

// The environment that writes a table between two fences; null if there is none.
const char* matrix_between(uint32_t open, uint32_t close) {
  if (open == '(' && close == ')') return "pmatrix";
  if (open == '[' && close == ']') return "bmatrix";
  if (open == '{' && close == '}') return "Bmatrix";
  if ((open == '|' || open == 0x2223) && (close == '|' || close == 0x2223)) return "vmatrix";
  if ((open == 0x2016 || open == 0x2225) && open == close) return "Vmatrix";
  if (open == '{' && close == 0) return "cases";
  return nullptr;
}

const char* fence_latex(uint32_t code) {
  const char* found = named(kFences, code);
  return found ? found : ".";
}

void MathConverter::fraction(NodeId id, uint32_t open, uint32_t close) {
  const NodeId a = first(id), b = a == kNoNode ? a : next(a);
  if (open == '(' && close == ')') put_word("binom");
  else if (open) {
    put("\\genfrac{");
    put(fence_latex(open));
    out_ += "}{";
    word_ = false;
    put(fence_latex(close));
    out_ += "}{0pt}{}";
    word_ = false;
  } else if (is_zero_width(attribute(id, "linethickness"))) put("\\genfrac{}{}{0pt}{}");
  else put_word("frac");
  group(b);
  group(a);
}

void MathConverter::mfenced(NodeId id) {
  bool has_open, has_close, has_separators;
  const auto open_text = attribute(id, "open", has_open), close_text = attribute(id, "close", has_close);
  auto separators = attribute(id, "separators", has_separators);
  const auto code_of = [](bool present, std::string_view text, uint32_t fallback) -> uint32_t {
    if (!present) return fallback;
    while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
    size_t i = 0;
    return text.empty() ? 0 : next_code(text, i);
  };
  const uint32_t open = code_of(has_open, open_text, '('), close = code_of(has_close, close_text, ')');
  if (!has_separators) separators = ",";
  const NodeId only = first(id);
  if (only != kNoNode && next(only) == kNoNode && matrix_between(open, close))
    if (const auto inner = core(only); name(inner) == tag::mtable) return table(inner, open, close);
  const bool pair = open || close;
  if (pair) push(MathOp::right, kNoNode, fence_latex(close));
  const size_t top = stack_.size();
  size_t mark = 0;
  uint32_t separator = 0;
  for (NodeId c = first(id); c != kNoNode; c = next(c)) {
    if (c != only) {
      while (mark < separators.size() && is_space(separators[mark])) ++mark;
      if (mark < separators.size()) separator = next_code(separators, mark);
      if (separator == ',' || separator == 0) literal(separator ? "," : "");
      else
        literal(separator == ';'                  ? ";"
                : separator == '|'                ? "|"
                : separator == ':'                ? ":"
                : latex_symbol(separator).empty() ? ","
                                                  : latex_symbol(separator).data());
    }
    push(MathOp::visit, c);
  }
  std::reverse(stack_.begin() + static_cast<std::ptrdiff_t>(top), stack_.end());
  if (pair) push(MathOp::left, kNoNode, fence_latex(open));
}

void MathConverter::enclose(NodeId id) {
  const auto notation = attribute(id, "notation");
  const auto has = [&](std::string_view word) { return notation.find(word) != notation.npos; };
  const bool up = has("updiagonalstrike"), down = has("downdiagonalstrike");
  const char* command = has("updiagonalarrow")         ? ""
                        : up && down                   ? "xcancel"
                        : up                           ? "cancel"
                        : down                         ? "bcancel"
                        : has("horizontalstrike")      ? "sout"
                        : has("box") || has("circle")  ? "boxed"
                        : has("radical")               ? "sqrt"
                        : has("phasorangle")           ? "phase"
                        : has("actuarial")             ? "angl"
                        : has("top") && !has("bottom") ? "overline"
                        : has("bottom") && !has("top") ? "underline"
                                                       : "";
  if (!*command) return row(id);
  put_word(command);
  literal("}");
  push(MathOp::row, first(id));
  literal("{");
}

void MathConverter::table(NodeId id, uint32_t open, uint32_t close) {
  size_t columns = 0;
  std::string align;  // one letter a column, as far as the table says
  const auto letter = [](std::string_view word) { return word == "left" ? 'l' : word == "right" ? 'r' : 'c'; };
  for (NodeId r = first(id); r != kNoNode; r = next(r)) {
    size_t cells = 0;
    const auto local = name(r);
    for (NodeId c = local == tag::mtr || local == tag::mlabeledtr ? first(r) : kNoNode; c != kNoNode; c = next(c), ++cells) {
      if (centres(c)) {
        --cells;
        continue;
      }
      if (t_[c].attribute_count == 0 || cells >= 64) continue;
      auto own = attribute(c, "columnalign");
      const auto style = attribute(c, "style"), kind = attribute(c, "class");
      if (own.empty())
        own = style.find("text-align:left") != style.npos || kind.find("tml-left") != kind.npos     ? "left"
              : style.find("text-align:right") != style.npos || kind.find("tml-right") != kind.npos ? "right"
                                                                                                    : "";
      if (own.empty()) continue;
      if (align.size() <= cells) align.resize(cells + 1, 'c');
      align[cells] = letter(own);
    }
    columns = std::max(columns, cells);
  }
  if (align.empty()) {
    const auto words = attribute(id, "columnalign");
    for (size_t i = 0; i < words.size() && align.size() < 64;) {
      size_t end = words.find(' ', i);
      if (end == words.npos) end = words.size();
      if (end > i) align += letter(words.substr(i, end - i));
      i = end + 1;
    }
  }
  const size_t spec = std::min<size_t>(columns, 64);
  if (!align.empty()) align.resize(spec, align.back());
  const bool centred = align.find_first_not_of('c') == align.npos;
  const bool left = align.find_first_not_of('l') == align.npos;
  bool pairs = columns > 1 && !align.empty();
  for (size_t i = 0; i < align.size(); ++i) pairs = pairs && align[i] == (i % 2 ? 'l' : 'r');

  const char* matrix = matrix_between(open, close);
  bool script_stack = false;
  if (columns == 1 && !open && !close)
    for (NodeId at = id, above = t_[id].parent; above != kNoNode; at = above, above = t_[above].parent) {
      const auto local = name(above);
      if (local == tag::msub || local == tag::msup || local == tag::msubsup || local == tag::munder || local == tag::mover ||
          local == tag::munderover)
        script_stack = first(above) != at;
      if (!is_row(local) && local != 0) break;
    }
  if (script_stack) {
    put("\\substack{");
    literal("}");
  } else {
    const bool cases = matrix && open == '{' && close == 0;
    const char* environment = matrix && (cases ? left || centred : centred) ? matrix : nullptr;
    if (!environment && (open || close)) push(MathOp::right, kNoNode, fence_latex(close)), put("\\left"), put(fence_latex(open));
    if (!environment)
      environment = pairs                                                     ? "aligned"
                    : !centred                                                ? "array"
                    : columns == 1 && attribute(id, "displaystyle") == "true" ? "gathered"
                                                                              : "matrix";
    literal("}");
    literal(environment);
    literal("\\end{");
    put("\\begin{");
    out_ += environment;
    out_ += '}';
    if (std::string_view(environment) == "array") (out_ += '{') += align, out_ += '}';
    word_ = false;
  }
  fresh_row_ = true;
  if (const auto begin = first(id); begin != kNoNode) push(MathOp::rows, begin);
}

}  // namespace millrace::extract
