// MathML -> LaTeX, written as the tree is read: one stack of pending work, one output string, no recursion and no copies of parts, so that
// work is linear in the subtree. What must be known before a part is written (is this base an accent, is this row fenced) is looked up at
// nearby nodes only. Presentation MathML 3 as MathJax, Temml, KaTeX, LaTeXML, MediaWiki and editors write it; extraction.md 3.7 lists the
// traps: prefixed names, comments inside tokens, lone and empty fences, unescaped specials.
//
// Sizes, colours and line breaks are dropped; \left and \right are written only as a pair around one row, so they always balance.
#include <algorithm>
#include <iterator>
#include <utility>

#include "native/extract/math.h"
#include "native/extract/mathml_converter.h"

namespace millrace::extract {
namespace {

struct Accent {
  uint32_t code;
  const char *narrow, *wide;
};
constexpr Accent kOver[] = {
    {'^', "hat", "widehat"},          {0x2c6, "hat", "widehat"},       {0x302, "hat", "widehat"},      {'~', "tilde", "widetilde"},
    {0x2dc, "tilde", "widetilde"},    {0x303, "tilde", "widetilde"},   {0x223c, "tilde", "widetilde"}, {0xaf, "bar", "overline"},
    {0x203e, "bar", "overline"}, {0x304, "bar", "bar"},           {0x305, "overline", "overline"}, {0x2c9, "bar", "bar"},
    {0x2015, "overline", "overline"}, {'_', "overline", "overline"},   {0x2192, "vec", "overrightarrow"}, {0x20d7, "vec", "vec"},
    {0x2d9, "dot", "dot"},            {0x307, "dot", "dot"},           {'.', "dot", "dot"},            {0xa8, "ddot", "ddot"},
    {0x308, "ddot", "ddot"},          {0x20db, "dddot", "dddot"},      {0x20dc, "ddddot", "ddddot"},   {0xb4, "acute", "acute"},
    {0x2ca, "acute", "acute"},        {0x301, "acute", "acute"},       {'`', "grave", "grave"},        {0x2cb, "grave", "grave"},
    {0x300, "grave", "grave"},        {0x2d8, "breve", "breve"},       {0x306, "breve", "breve"},      {0x2c7, "check", "widecheck"},
    {0x30c, "check", "widecheck"},    {0x2da, "mathring", "mathring"}, {0x30a, "mathring", "mathring"}, {0x23de, "overbrace", "overbrace"},
    {0x23b4, "overbracket", "overbracket"}, {0x23dc, "overgroup", "overgroup"}, {0x23e0, "overgroup", "overgroup"},
    {0x2190, "overleftarrow", "overleftarrow"}, {0x2194, "overleftrightarrow", "overleftrightarrow"},
    {0x21c0, "overrightharpoon", "overrightharpoon"}, {0x21bc, "overleftharpoon", "overleftharpoon"},
};
constexpr Accent kUnder[] = {
    {0x23df, "", "underbrace"},     {0x332, "", "underline"},        {'_', "", "underline"},         {0xaf, "", "underline"},
    {0x203e, "", "underline"},      {0x2015, "", "underline"},       {0x331, "", "underline"},       {0x2192, "", "underrightarrow"},
    {0x2190, "", "underleftarrow"}, {0x2194, "", "underleftrightarrow"}, {'~', "", "utilde"},        {0x2dc, "", "utilde"},
    {0x23b5, "", "underbracket"},   {0x23dd, "", "undergroup"},      {0x23e1, "", "undergroup"},     {0x2c9, "", "underline"},
};
struct Named {
  uint32_t code;
  const char* name;
};
constexpr Named kArrows[] = {
    {0x2192, "xrightarrow"},        {0x2190, "xleftarrow"},      {0x2194, "xleftrightarrow"},   {0x21d2, "xRightarrow"},
    {0x21d0, "xLeftarrow"},         {0x21d4, "xLeftrightarrow"}, {0x21a6, "xmapsto"},           {0x21aa, "xhookrightarrow"},
    {0x21a9, "xhookleftarrow"},     {0x21c0, "xrightharpoonup"}, {0x21c1, "xrightharpoondown"}, {0x21bc, "xleftharpoonup"},
    {0x21bd, "xleftharpoondown"},   {0x21cc, "xrightleftharpoons"}, {0x21cb, "xleftrightharpoons"}, {0x21a0, "xtwoheadrightarrow"},
    {0x219e, "xtwoheadleftarrow"},
};
constexpr Named kFences[] = {
    {'(', "("},           {')', ")"},           {'[', "["},           {']', "]"},           {'{', "\\{"},          {'}', "\\}"},
    {'|', "|"},           {0x2223, "|"},        {0x2016, "\\|"},      {0x2225, "\\|"},      {0x27e8, "\\langle"},  {0x27e9, "\\rangle"},
    {0x2329, "\\langle"}, {0x232a, "\\rangle"}, {0x3008, "\\langle"}, {0x3009, "\\rangle"}, {0x2308, "\\lceil"},   {0x2309, "\\rceil"},
    {0x230a, "\\lfloor"}, {0x230b, "\\rfloor"}, {'/', "/"},           {'\\', "\\backslash"}, {0x27ee, "\\lgroup"}, {0x27ef, "\\rgroup"},
    {0x23b0, "\\lmoustache"}, {0x23b1, "\\rmoustache"}, {0x2191, "\\uparrow"}, {0x2193, "\\downarrow"}, {'<', "\\langle"}, {'>', "\\rangle"},
    {0x2195, "\\updownarrow"}, {0x21d1, "\\Uparrow"}, {0x21d3, "\\Downarrow"}, {0x21d5, "\\Updownarrow"},
};
constexpr std::string_view kLimitNames[] = {"Pr", "det", "gcd", "inf", "lim", "liminf", "limsup", "max", "min", "sup"};

template <size_t N>
const char* named(const Named (&table)[N], uint32_t code) {
  for (const auto& entry : table)
    if (entry.code == code) return entry.name;
  return nullptr;
}


// What stands at a mark of these names is a font of \text.
const char* text_font(std::string_view variant) {
  if (variant.find("bold") != variant.npos) return "textbf";
  if (variant == "italic") return "textit";
  if (variant == "monospace") return "texttt";
  if (variant.find("sans") != variant.npos) return "textsf";
  return "text";
}

const char* math_font(std::string_view variant) {
  if (variant.empty() || variant == "italic") return "";
  if (variant == "normal") return "mathrm";
  if (variant == "bold") return "mathbf";
  if (variant == "bold-italic") return "boldsymbol";
  if (variant == "double-struck") return "mathbb";
  if (variant == "script" || variant == "-tex-calligraphic") return "mathcal";
  if (variant == "bold-script" || variant == "-tex-bold-calligraphic") return "boldsymbol{\\mathcal";
  if (variant == "fraktur") return "mathfrak";
  if (variant == "bold-fraktur") return "boldsymbol{\\mathfrak";
  if (variant == "monospace") return "mathtt";
  if (variant == "-tex-mathit") return "mathit";
  if (variant.find("sans") != variant.npos) return "mathsf";
  return "";
}

// Width in em; 0 where it is not known.
double em_width(std::string_view s) {
  constexpr std::pair<std::string_view, double> kNames[] = {
      {"veryverythinmathspace", 1 / 18.}, {"verythinmathspace", 2 / 18.}, {"thinmathspace", 3 / 18.},      {"mediummathspace", 4 / 18.},
      {"thickmathspace", 5 / 18.},        {"verythickmathspace", 6 / 18.}, {"veryverythickmathspace", 7 / 18.}, {"negativethinmathspace", -3 / 18.}};
  for (const auto& [name, width] : kNames)
    if (s == name) return width;
  size_t i = 0;
  const bool negative = i < s.size() && s[i] == '-';
  if (negative || (i < s.size() && s[i] == '+')) ++i;
  double value = 0, place = 0;
  for (; i < s.size() && i < 24 && (s[i] == '.' || (s[i] >= '0' && s[i] <= '9')); ++i) {
    if (s[i] == '.') place = 1;
    else if (place == 0) value = value * 10 + (s[i] - '0');
    else value += (s[i] - '0') * (place /= 10);
  }
  const auto unit = s.substr(i);
  const double scale = unit == "em" ? 1 : unit == "ex" ? .43 : unit == "px" ? 1 / 16. : unit == "pt" ? .1 : unit == "mu" ? 1 / 18. : unit == "cm" ? 2.37 : 0;
  return (negative ? -value : value) * scale;
}

bool all_letters(std::string_view s) {
  for (size_t i = 0; i < s.size();) {
    const uint32_t c = next_code(s, i);
    if (!is_math_letter(c) && !is_invisible_math(c) && c != ' ' && c != 0xa0 && !(c >= 0x2002 && c <= 0x200a)) return false;
  }
  return true;
}

// Letters of a name, white space and invisible characters left out.
std::string key_of(std::string_view s) {
  std::string key;
  for (size_t i = 0; i < s.size();) {
    const size_t begin = i;
    const uint32_t c = next_code(s, i);
    if (c != ' ' && c != 0xa0 && !(c >= 0x2002 && c <= 0x200a) && !is_invisible_math(c)) key.append(s, begin, i - begin);
  }
  return key;
}

bool is_bar(uint32_t c) { return c == '|' || c == 0x2223 || c == 0x2016 || c == 0x2225; }
bool is_zero(std::string_view s) { return !s.empty() && s[0] == '0' && s.find_first_of("123456789") == s.npos; }

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

const char* fence(uint32_t code) {
  const char* found = named(kFences, code);
  return found ? found : ".";
}

}  // namespace

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
    case tag::mtext: case tag::ms: return plain_text(id);
    case tag::mspace: return space(id);
    case tag::none: case tag::mprescripts: case tag::maligngroup: case tag::malignmark: case tag::annotation: case tag::annotation_xml: return;
    case tag::semantics: case tag::maction:
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
  if (local != tag::mtable && !(local == tag::mfrac && is_zero(attribute(inner, "linethickness")))) return false;
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
    push(MathOp::right, kNoNode, fence(operator_at(end)));
    const auto inner = next(begin);
    if (inner != end) push(MathOp::row, inner, "", end);
    push(MathOp::left, kNoNode, fence(operator_at(begin)));
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
bool MathConverter::centres(NodeId cell) const { return t_[cell].attribute_count && first(cell) == kNoNode && attribute(cell, "style").find("width:50%") != std::string_view::npos; }

// ---- tokens -------------------------------------------------------------------------------------------------------------------------

void MathConverter::symbols(std::string_view text) {
  for (size_t i = 0; i < text.size();) {
    const uint32_t c = next_code(text, i);
    switch (c) {
      case 0x2002: case 0x2003: put_word("quad"); break;
      case 0x2004: case 0x2005: put("\\;"); break;
      case 0x2006: case 0x2009: put("\\,"); break;
      case 0x200a: break;
      default: put_symbol(c);
    }
  }
}

void MathConverter::name_of_function(NodeId id, std::string_view key, bool star) {
  if (is_function_name(key) && !(star && !std::binary_search(std::begin(kLimitNames), std::end(kLimitNames), key))) {
    put("\\");
    out_ += key;
    word_ = true;
    return;
  }
  put(star ? "\\operatorname*{" : applied(id) || name(id) == tag::mo ? "\\operatorname{" : "\\mathrm{");
  symbols(text_);
  out_ += '}';
  word_ = false;
}

void MathConverter::identifier(NodeId id, bool star) {
  token(id, text_);
  if (text_.empty()) return;
  auto variant = attribute(id, "mathvariant");
  if (const auto own = attribute(id, "data-mjx-variant"); !own.empty()) variant = own;
  const char* font = math_font(variant);
  const uint32_t only = single(id);
  if (only != 1) {
    const bool letter = is_math_letter(only) || (only >= '0' && only <= '9');
    if (only >= 0x80 && (variant == "normal" || !letter)) font = variant.substr(0, 4) != "bold" ? "" : letter && variant == "bold" ? "mathbf" : "boldsymbol";
    if (only < 0x80 && !letter) font = "";
    if (!*font) return symbols(text_);
    open_font(font);
    symbols(text_);
    return close_font(font);
  }
  const bool upright = variant.empty() || variant == "normal";
  if (all_letters(text_)) {
    if (upright && (star || applied(id) || is_function_name(key_of(text_)))) return name_of_function(id, key_of(text_), star);
    if (upright) font = "mathrm";
    if (variant == "italic") font = "mathit";
  } else if (upright) font = "";
  if (*font) open_font(font);
  symbols(text_);
  if (*font) close_font(font);
}

void MathConverter::number(NodeId id) {
  token(id, text_);
  if (text_.empty()) return;
  const auto variant = attribute(id, "mathvariant");
  const char* font = variant == "normal" ? "" : math_font(variant);
  if (*font) open_font(font);
  for (size_t i = 0; i < text_.size();) {
    const uint32_t c = next_code(text_, i);
    if (c == ' ' || c == 0xa0 || c == 0x202f) put("\\,");
    else symbols({text_.data() + i - (c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4), size_t(c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4)});
  }
  if (*font) close_font(font);
}

void MathConverter::operator_(NodeId id, bool star) {
  token(id, text_);
  if (text_.empty()) return;
  const auto key = key_of(text_);
  if (key == "mod") return put_word("bmod");
  if (key.size() > 1 && (key[0] | 32) >= 'a' && (key[0] | 32) <= 'z' && all_letters(key)) return name_of_function(id, key, star);
  if (key == "...") return put_word("ldots");
  if (key == "||") return put("\\|");
  const size_t slash = key.find("\xcc\xb8");  // U+0338 stands behind what it strikes through
  if (slash != key.npos && slash > 0) {
    put_word("not");
    return symbols(key.substr(0, slash));
  }
  const bool bold = attribute(id, "mathvariant").substr(0, 4) == "bold";
  if (bold) put("\\boldsymbol{");
  symbols(key.empty() ? text_ : key);
  if (bold) put("}");
}

void MathConverter::plain_text(NodeId id) {
  token(id, text_);
  std::string plain;
  bool visible = false, mixed = false;
  const char* styled_font = nullptr;
  for (size_t i = 0; i < text_.size();) {
    const size_t begin = i;
    const uint32_t c = next_code(text_, i);
    Styled styled;
    if (is_invisible_math(c)) continue;
    if (c == ' ' || c == 0xa0 || (c >= 0x2002 && c <= 0x200a) || c == 0x202f) {
      if (plain.empty() || plain.back() != ' ') plain += ' ';
      continue;
    }
    visible = true;
    if (c >= 0x1d400 && styled_letter(c, styled) && styled.letter < 0x80) {
      plain += static_cast<char>(styled.letter);
      mixed = mixed || (styled_font && styled_font != styled.font);
      styled_font = styled.font;
    } else {
      plain.append(text_, begin, i - begin);
      mixed = mixed || is_math_letter(c);
    }
  }
  if (!visible) {
    if (!plain.empty()) put("\\ ");
    return;
  }
  const auto variant = attribute(id, "mathvariant");
  const std::string_view own = styled_font && !mixed ? styled_font : "";
  put_word(own == "mathbf" ? "textbf" : own == "mathtt" ? "texttt" : own == "mathsf" ? "textsf" : styled_font && !mixed && own.empty() ? "textit" : text_font(variant));
  out_ += '{';
  if (name(id) == tag::ms) out_ += '"';
  append_text(plain, out_);
  if (name(id) == tag::ms) out_ += '"';
  out_ += '}';
  word_ = false;
}

void MathConverter::space(NodeId id) {
  for (NodeId before = t_[id].previous; before != kNoNode; before = t_[before].previous) {
    if (t_[before].kind == Kind::element && name(before) == tag::mo && single(before) == 0) return;  // behind a function's name
    if (t_[before].kind == Kind::element) break;
  }
  const double width = em_width(attribute(id, "width"));
  if (width >= 1.9) put_word("qquad");
  else if (width >= .9) put_word("quad");
  else if (width >= .45) put_word("enspace");
  else if (width >= .25) put("\\;");
  else if (width >= .2) put("\\:");
  else if (width >= .1) put("\\,");
  else if (width <= -.1) put("\\!");
}

// ---- scripts ------------------------------------------------------------------------------------------------------------------------

bool MathConverter::stands_alone(NodeId id) const {
  const NodeId c = core(id);
  if (c == kNoNode || t_[c].kind == Kind::text) return false;
  switch (name(c)) {
    case tag::mi: case tag::mo: {
      const uint32_t only = single(c);
      if (only != 1) return only != 0;
      std::string text;
      token(c, text);
      return all_letters(text);
    }
    case tag::mn: {
      std::string text;
      token(c, text);
      return !text.empty() && text.find_first_not_of("0123456789") == text.npos;
    }
    case tag::mtext: case tag::ms: case tag::msqrt: case tag::mroot: return first(c) != kNoNode;
    case tag::mover: case tag::munder: {
      const auto inner = first(c);
      const auto mark = inner == kNoNode ? kNoNode : next(inner);
      if (mark == kNoNode) return false;
      const uint32_t code = operator_at(mark);
      const bool over = name(c) == tag::mover;
      return std::any_of(over ? std::begin(kOver) : std::begin(kUnder), over ? std::end(kOver) : std::end(kUnder),
                         [code](const Accent& a) { return a.code == code; });
    }
    case tag::mrow: {
      NodeId begin, end;
      return fenced(c, begin, end);
    }
    default: return false;
  }
}

void MathConverter::base(NodeId id, const char* how) {
  if (id == kNoNode) return literal("{}");
  NodeId begin, end;
  if (stands_alone(id)) push(MathOp::visit, id, how);
  else if (const NodeId c = core(id); parenthesized(c, begin, end) && !braced(c)) push(MathOp::row, begin);  // (a)^2: LaTeX sets it at the fence
  else group(id);
}

void MathConverter::scripts(NodeId body, NodeId sub, NodeId sup) {
  int primes = 0;
  if (const NodeId mark = core(sup); mark != kNoNode && (name(mark) == tag::mo || name(mark) == tag::mrow)) {
    std::string text;
    if (name(mark) == tag::mo) token(mark, text);
    else
      for (NodeId c = first(mark); c != kNoNode && text.size() < 16; c = next(c)) {
        const uint32_t code = name(c) == tag::mo ? single(c) : 1;
        text += is_prime(code) ? "'" : "x";
      }
    for (size_t i = 0; i < text.size();) {
      const uint32_t c = next_code(text, i);
      if (!is_prime(c)) {
        primes = 0;
        break;
      }
      primes += c == 0x2033 ? 2 : c == 0x2034 ? 3 : c == 0x2057 ? 4 : 1;
    }
  }
  const auto empty = [&](NodeId id) { return id == kNoNode || name(id) == tag::none || (is_row(name(id)) && first(id) == kNoNode); };
  constexpr const char* kPrimes[] = {"", "'", "''", "'''", "''''"};
  if (!empty(sup) && (primes == 0 || primes > 4)) script(sup, "^");
  if (!empty(sub)) script(sub, "_");
  if (primes > 0 && primes <= 4) literal(kPrimes[primes]);
  base(body, "1");
}

bool MathConverter::takes_limits(NodeId id, bool& big) const {
  const NodeId c = core(id);
  big = false;
  if (c == kNoNode || (name(c) != tag::mo && name(c) != tag::mi)) return false;
  const uint32_t only = single(c);
  if (only != 1) return big = is_big(only);
  std::string text;
  token(c, text);
  return all_letters(text);
}

bool MathConverter::accent(NodeId id, NodeId body, NodeId mark, bool over) {
  const NodeId m = core(mark);
  const uint32_t code = m == kNoNode ? 0 : name(m) == tag::mo || name(m) == tag::mi || name(m) == tag::mtext ? single(m) : 1;
  const auto* begin = over ? std::begin(kOver) : std::begin(kUnder);
  const auto* end = over ? std::end(kOver) : std::end(kUnder);
  const auto* found = std::find_if(begin, end, [code](const Accent& a) { return a.code == code; });
  if (found == end) return false;
  const auto stretchy = attribute(m, "stretchy");
  const NodeId b = core(body);
  const bool one = b != kNoNode && single(b) != 1;
  bool wide = stretchy == "true" || (stretchy != "false" && !one);
  if (stretchy.empty() && one && (code == 0xaf || code == 0x203e)) wide = code == 0x203e || attribute(m, "accent") == "false";
  if (stretchy.empty() && one && code == 0x2192) wide = attribute(id, "accent") != "true";
  put_word(wide || !over ? found->wide : found->narrow);
  group(body);
  return true;
}

void MathConverter::limits(NodeId id, NodeId body, NodeId under, NodeId over) {
  if (body == kNoNode) return;
  const auto blank_mark = [&](NodeId n) { return n != kNoNode && (name(core(n)) == tag::mspace || (is_row(name(n)) && first(n) == kNoNode)); };
  if (blank_mark(under)) under = kNoNode;
  if (blank_mark(over)) over = kNoNode;
  if (under == kNoNode && over == kNoNode) return push(MathOp::visit, body);
  if (under != kNoNode && over == kNoNode && accent(id, body, under, false)) return;
  if (over != kNoNode && under == kNoNode && accent(id, body, over, true)) return;
  const NodeId c = core(body);
  bool big = false;
  const bool named_operator = takes_limits(body, big);
  bool brace = false;
  if (const auto local = name(c); local == tag::mover || local == tag::munder) {
    const auto inner = first(c);
    const auto mark = inner == kNoNode ? kNoNode : next(inner);
    const uint32_t code = mark == kNoNode ? 1 : operator_at(mark);
    brace = code == 0x23de || code == 0x23df || code == 0x23b4 || code == 0x23b5;
  }
  if (named_operator || brace) {
    if (over != kNoNode) script(over, "^");
    if (under != kNoNode) script(under, "_");
    if (big && (is_integral(single(c)) || (!display_ && attribute(c, "movablelimits") == "false"))) literal("\\limits");
    push(MathOp::visit, body, named_operator && !big ? "*" : "1");
    return;
  }
  if (const char* arrow = named(kArrows, operator_at(body))) {
    put_word(arrow);
    group(over);
    if (under != kNoNode) {
      put("[");
      push(MathOp::optional);
      opened_.push_back(out_.size());
      push(MathOp::visit, under);
    }
    return;
  }
  if (under != kNoNode && over != kNoNode) {
    script(over, "^");
    script(under, "_");
    literal("\\limits");
    group(body);
    put_word("mathop");
    return;
  }
  put_word(over != kNoNode ? "overset" : "underset");
  group(body);
  group(over != kNoNode ? over : under);
}

void MathConverter::multiscripts(NodeId id) {
  const NodeId body = first(id);
  if (body == kNoNode) return;
  std::vector<NodeId> behind, before;
  bool pre = false;
  for (NodeId c = next(body); c != kNoNode; c = next(c)) {
    if (name(c) == tag::mprescripts) pre = true;
    else (pre ? before : behind).push_back(c);
  }
  const auto empty = [&](NodeId c) { return name(c) == tag::none || (is_row(name(c)) && first(c) == kNoNode); };
  const auto pairs = [&](std::vector<NodeId>& list, bool own_base) {
    if (list.size() % 2) list.push_back(kNoNode);
    for (size_t i = list.size(); i >= 2; i -= 2) {
      const NodeId sub = list[i - 2], sup = list[i - 1];
      if (sup != kNoNode && !empty(sup)) script(sup, "^");
      if (!empty(sub)) script(sub, "_");
      if (i > 2 || !own_base) literal("{}");
    }
  };
  pairs(behind, true);
  base(body, "1");
  pairs(before, false);
}

// ---- fractions, fences, boxes, tables -----------------------------------------------------------------------------------------------

void MathConverter::fraction(NodeId id, uint32_t open, uint32_t close) {
  const NodeId a = first(id), b = a == kNoNode ? a : next(a);
  if (open == '(' && close == ')') put_word("binom");
  else if (open) {
    put("\\genfrac{");
    put(fence(open));
    out_ += "}{";
    word_ = false;
    put(fence(close));
    out_ += "}{0pt}{}";
    word_ = false;
  } else if (is_zero(attribute(id, "linethickness"))) put("\\genfrac{}{}{0pt}{}");
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
  if (pair) push(MathOp::right, kNoNode, fence(close));
  const size_t top = stack_.size();
  size_t mark = 0;
  uint32_t separator = 0;
  for (NodeId c = first(id); c != kNoNode; c = next(c)) {
    if (c != only) {
      while (mark < separators.size() && is_space(separators[mark])) ++mark;
      if (mark < separators.size()) separator = next_code(separators, mark);
      if (separator == ',' || separator == 0) literal(separator ? "," : "");
      else literal(separator == ';' ? ";" : separator == '|' ? "|" : separator == ':' ? ":" : latex_symbol(separator).empty() ? "," : latex_symbol(separator).data());
    }
    push(MathOp::visit, c);
  }
  std::reverse(stack_.begin() + static_cast<std::ptrdiff_t>(top), stack_.end());
  if (pair) push(MathOp::left, kNoNode, fence(open));
}

void MathConverter::enclose(NodeId id) {
  const auto notation = attribute(id, "notation");
  const auto has = [&](std::string_view word) { return notation.find(word) != notation.npos; };
  const bool up = has("updiagonalstrike"), down = has("downdiagonalstrike");
  const char* command = has("updiagonalarrow") ? "" : up && down ? "xcancel" : up ? "cancel" : down ? "bcancel" : has("horizontalstrike") ? "sout"
                        : has("box") || has("circle") ? "boxed" : has("radical") ? "sqrt" : has("phasorangle") ? "phase" : has("actuarial") ? "angl"
                        : has("top") && !has("bottom") ? "overline" : has("bottom") && !has("top") ? "underline" : "";
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
      if (own.empty()) own = style.find("text-align:left") != style.npos || kind.find("tml-left") != kind.npos    ? "left"
                             : style.find("text-align:right") != style.npos || kind.find("tml-right") != kind.npos ? "right" : "";
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
      if (local == tag::msub || local == tag::msup || local == tag::msubsup || local == tag::munder || local == tag::mover || local == tag::munderover)
        script_stack = first(above) != at;
      if (!is_row(local) && local != 0) break;
    }
  if (script_stack) {
    put("\\substack{");
    literal("}");
  } else {
    const bool cases = matrix && open == '{' && close == 0;
    const char* environment = matrix && (cases ? left || centred : centred) ? matrix : nullptr;
    if (!environment && (open || close)) push(MathOp::right, kNoNode, fence(close)), put("\\left"), put(fence(open));
    if (!environment) environment = pairs ? "aligned" : !centred ? "array" : columns == 1 && attribute(id, "displaystyle") == "true" ? "gathered" : "matrix";
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

std::string mathml_to_latex(const Tree& tree, NodeId math) { return MathConverter(tree).run(math); }

}  // namespace millrace::extract
