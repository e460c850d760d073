// The converter of mathml.cc and mathml_elements.cc: one stack of pending work, one output string. Not for others.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "native/extract/mathml.h"
#include "native/extract/page.h"

namespace millrace::extract {

namespace tag = html::tag;
namespace attr = html::attr;
using html::Kind;
using html::Ns;

inline constexpr int kUnwrap = 8;  // levels of rows with one child that are looked through

inline bool is_opening_fence(uint32_t c) {
  return c == '(' || c == '[' || c == '{' || c == 0x27e8 || c == 0x2329 || c == 0x3008 || c == 0x2308 || c == 0x230a || c == 0x27ee ||
         c == 0x23b0;
}
inline bool is_closing_fence(uint32_t c) {
  return c == ')' || c == ']' || c == '}' || c == 0x27e9 || c == 0x232a || c == 0x3009 || c == 0x2309 || c == 0x230b || c == 0x27ef ||
         c == 0x23b1;
}
inline bool is_integral(uint32_t c) { return c >= 0x222b && c <= 0x2233; }
inline bool is_big(uint32_t c) {
  return (c >= 0x220f && c <= 0x2211) || is_integral(c) || (c >= 0x22c0 && c <= 0x22c3) || (c >= 0x2a00 && c <= 0x2a06) || c == 0x2a09 ||
         c == 0x2a1d;
}
inline bool is_invisible_math(uint32_t c) {
  return (c >= 0x2061 && c <= 0x2064) || (c >= 0x200b && c <= 0x200f) || c == 0xfeff || (c >= 0xfe00 && c <= 0xfe0f) || c == 0xad;
}
inline bool is_math_letter(uint32_t c) { return (c | 32) - 'a' < 26 || (c >= 0xc0 && c < 0x2000 && c != 0xd7 && c != 0xf7); }
inline bool is_prime(uint32_t c) { return c == 0x2032 || c == 0x2033 || c == 0x2034 || c == 0x2057 || c == '\'' || c == 0x2019; }

inline bool is_bar(uint32_t c) { return c == '|' || c == 0x2223 || c == 0x2016 || c == 0x2225; }
inline bool is_zero_width(std::string_view s) { return !s.empty() && s[0] == '0' && s.find_first_of("123456789") == s.npos; }

struct CodeName {
  uint32_t code;
  const char* name;
};
template <size_t N>
const char* named(const CodeName (&table)[N], uint32_t code) {
  for (const auto& entry : table)
    if (entry.code == code) return entry.name;
  return nullptr;
}

// LaTeX of a fence behind \\left or \\right; "." for what is none.
const char* fence_latex(uint32_t code);
// The environment that writes a table between two fences; null if there is none.
const char* matrix_between(uint32_t open, uint32_t close);
// Letters, white space and invisible characters only.
bool all_letters(std::string_view s);
// A name without white space and invisible characters.
std::string key_of(std::string_view s);
// Operators whose scripts stand below and above: lim, max, …
bool takes_limits_by_name(std::string_view key);

enum class MathOp : uint8_t {
  visit,    // node; text "*": a named operator that takes limits; "1": alone, not to be joined with the token before
  row,      // the children from node on, before end
  rows,     // of a table
  cells,    // of a table's row
  literal,  // text
  left,     // \\left and the fence in text
  right,
  line_break,
  open,      // "{" of a script
  close,     // "}", both left out around one letter or digit
  optional,  // "]"
};
struct MathItem {
  MathOp op;
  NodeId node = kNoNode, end = kNoNode;
  const char* text = "";
};

class MathConverter {
 public:
  explicit MathConverter(const Tree& tree) : t_(tree) {}

  std::string run(NodeId math) {
    display_ = attribute(math, "display") == "block";
    stack_.push_back({MathOp::visit, math});
    while (!stack_.empty()) {
      const MathItem item = stack_.back();
      stack_.pop_back();
      step(item);
    }
    while (!out_.empty() && out_.back() == ' ' && !(out_.size() > 1 && out_[out_.size() - 2] == '\\')) out_.pop_back();
    return std::move(out_);
  }

 private:
  // ---- the tree -------------------------------------------------------------------------------------------------------------------

  // Number of an element's name without its prefix.
  uint16_t name(NodeId id) const {
    const Node& n = t_[id];
    if (n.kind != Kind::element) return 0;
    if (n.tag) return n.tag;
    const auto text = t_.text(n.range);
    const size_t colon = text.rfind(':');
    return colon == std::string_view::npos ? 0 : html::find_tag(text.data() + colon + 1, text.size() - colon - 1);
  }
  // Outside the MathML namespace `<m:none/>` does not end itself: what follows becomes its content, and counts as what follows.
  bool swallows(NodeId id) const {
    const Node& n = t_[id];
    if (n.kind != Kind::element || n.ns != Ns::html || n.tag || n.first_child == kNoNode) return false;
    const auto local = name(id);
    return local == tag::mspace || local == tag::none || local == tag::mprescripts || local == tag::malignmark || local == tag::maligngroup;
  }
  NodeId significant(NodeId id) const {
    for (; id != kNoNode; id = t_[id].next) {
      if (t_[id].kind == Kind::element) {
        const auto local = name(id);
        if (local == tag::annotation || local == tag::annotation_xml || local == tag::maligngroup || local == tag::malignmark) continue;
        return id;
      }
      if (t_[id].kind == Kind::text && !blank(t_.text(t_[id].range))) return id;
    }
    return kNoNode;
  }
  NodeId first(NodeId id) const { return id == kNoNode || t_[id].kind != Kind::element ? kNoNode : significant(t_[id].first_child); }
  NodeId next(NodeId id) const {
    if (swallows(id))
      if (const auto inner = first(id); inner != kNoNode) return inner;
    for (;;) {
      if (const auto found = significant(t_[id].next); found != kNoNode) return found;
      id = t_[id].parent;
      if (id == kNoNode || !swallows(id)) return kNoNode;
    }
  }
  static bool blank(std::string_view s) {
    for (const char c : s)
      if (!is_space(c)) return false;
    return true;
  }
  bool is_row(uint16_t local) const {
    return local == tag::mrow || local == tag::mstyle || local == tag::mpadded || local == tag::semantics;
  }
  // The node that a chain of rows with one child comes down to.
  NodeId core(NodeId id) const {
    for (int i = 0; i < kUnwrap && id != kNoNode && is_row(name(id)); ++i) {
      const auto only = first(id);
      if (only == kNoNode || next(only) != kNoNode) break;
      id = only;
    }
    return id;
  }
  std::string_view attribute(NodeId id, std::string_view wanted) const {
    bool present;
    return attribute(id, wanted, present);
  }
  std::string_view attribute(NodeId id, std::string_view wanted, bool& present) const {
    const Node& n = t_[id];
    present = true;
    for (uint32_t i = n.attributes; i < n.attributes + n.attribute_count; ++i)
      if (t_.name(t_.attributes[i]) == wanted) return t_.text(t_.attributes[i].value);
    present = false;
    return {};
  }
  // Text of a token: comments skipped, outer white space taken off, inner one a single space.
  void token(NodeId id, std::string& text) const {
    text.clear();
    const auto add = [&](std::string_view part) {
      for (const char c : part)
        if (!is_space(c)) text += c;
        else if (!text.empty() && text.back() != ' ') text += ' ';
    };
    if (t_[id].kind == Kind::text) add(t_.text(t_[id].range));
    else
      for (NodeId n = t_.following(id, id); n != kNoNode && n != id; n = t_.following(n, id)) {
        if (t_[n].kind == Kind::text) add(t_.text(t_[n].range));
        if (t_[n].kind == Kind::element && name(n) == tag::mglyph) add(t_.value(t_[n], attr::alt));
      }
    while (!text.empty() && text.back() == ' ') text.pop_back();
  }
  // The character of a token that holds one, 0 for none, 1 for several. Invisible ones do not count.
  uint32_t single(NodeId id) const {
    if (id == kNoNode) return 0;
    const auto local = name(id);
    if (local != tag::mo && local != tag::mi && local != tag::mtext && local != tag::mn) return 1;
    uint32_t found = 0;
    for (NodeId n = t_[id].first_child; n != kNoNode; n = t_[n].next) {
      if (t_[n].kind == Kind::comment) continue;
      if (t_[n].kind != Kind::text) return 1;
      const auto text = t_.text(t_[n].range);
      for (size_t i = 0; i < text.size();) {
        if (is_space(text[i])) {
          ++i;
          continue;
        }
        const uint32_t c = next_code(text, i);
        if (is_invisible_math(c)) continue;
        if (found) return 1;
        found = c;
      }
    }
    return found;
  }
  uint32_t operator_at(NodeId id) const {
    const NodeId c = core(id);
    return c != kNoNode && name(c) == tag::mo ? single(c) : 1;
  }
  bool applied(NodeId id) const {  // a function's name: U+2061 follows
    for (int i = 0; i < 2; ++i) {
      const NodeId behind = next(id);
      if (behind != kNoNode && t_[behind].kind == Kind::element && name(behind) == tag::mo && single(behind) == 0) {
        std::string text;
        token(behind, text);
        return text.find("\xe2\x81\xa1") != std::string::npos;
      }
      const NodeId above = t_[id].parent;
      const auto local = above == kNoNode ? 0 : name(above);
      if (first(above) != id ||
          (local != tag::msub && local != tag::msup && local != tag::msubsup && local != tag::munder && !is_row(local)))
        return false;
      id = above;
    }
    return false;
  }

  // ---- the output -----------------------------------------------------------------------------------------------------------------

  void put(std::string_view s) {
    if (s.empty()) return;
    if (word_ && (s[0] | 32) - 'a' >= 0 && (s[0] | 32) - 'a' < 26) out_ += ' ';
    if (s[0] == '[' && fresh_row_) out_ += "{}";  // else it were an argument of the line break
    out_ += s;
    word_ = false;
    fresh_row_ = false;
    if (s.size() > 1) {  // ends with a control word?
      size_t i = s.size();
      while (i > 0 && (s[i - 1] | 32) - 'a' >= 0 && (s[i - 1] | 32) - 'a' < 26) --i;
      word_ = i < s.size() && i > 0 && s[i - 1] == '\\' && (i < 2 || s[i - 2] != '\\');
    }
  }
  void put_word(const char* name) {
    out_ += '\\';
    out_ += name;
    word_ = true;
    fresh_row_ = false;
  }
  void put_code(uint32_t c) {
    char buffer[4];
    size_t n = 0;
    if (c < 0x80) buffer[n++] = static_cast<char>(c);
    else if (c < 0x800) buffer[n++] = static_cast<char>(0xc0 | c >> 6), buffer[n++] = static_cast<char>(0x80 | (c & 63));
    else if (c < 0x10000) {
      buffer[n++] = static_cast<char>(0xe0 | c >> 12);
      buffer[n++] = static_cast<char>(0x80 | (c >> 6 & 63));
      buffer[n++] = static_cast<char>(0x80 | (c & 63));
    } else {
      buffer[n++] = static_cast<char>(0xf0 | c >> 18);
      buffer[n++] = static_cast<char>(0x80 | (c >> 12 & 63));
      buffer[n++] = static_cast<char>(0x80 | (c >> 6 & 63));
      buffer[n++] = static_cast<char>(0x80 | (c & 63));
    }
    put({buffer, n});
  }
  // One character of an identifier or operator.
  void put_symbol(uint32_t c) {
    if (is_invisible_math(c)) return;
    switch (c) {
      case '{': return put("\\{");
      case '}': return put("\\}");
      case '%': return put("\\%");
      case '#': return put("\\#");
      case '$': return put("\\$");
      case '&': return put("\\&");
      case '_': return put("\\_");
      case '\\': return put_word("backslash");
      case '~': return put_word("sim");
      case '^': return put_word("wedge");
      case '\'':
      case 0x2019: return put_word("prime");
      case '"':
      case 0x2033: return put("\\prime\\prime");
      case 0x2034: return put("\\prime\\prime\\prime");
      case 0x2057: return put("\\prime\\prime\\prime\\prime");
      case ' ':
      case 0xa0: return put("\\ ");
      default: break;
    }
    if (c < 0x80) return put_code(c);
    Styled styled;
    if (styled_letter(c, styled)) return put_styled(styled);
    const auto latex = latex_symbol(c);
    if (!latex.empty()) return put(latex);
    put_code(c);
  }
  void put_styled(const Styled& s) {
    if (!*s.font) return put_symbol(s.letter);
    open_font(s.font);
    put_symbol(s.letter);
    close_font(s.font);
  }
  // \mathbf{a}\mathbf{b} is written \mathbf{ab}.
  void open_font(const char* font) {
    if (font_end_ == out_.size() && font_end_ != 0 && std::string_view(font) == font_ && !solo_ && font_[0] != 'o' &&
        std::string_view(font).find('{') == std::string_view::npos) {
      out_.pop_back();
      word_ = font_word_;
      return;
    }
    put_word(font);
    out_ += '{';
    word_ = false;
  }
  void close_font(const char* font) {
    font_word_ = word_;
    for (const char* p = font; *p; ++p)
      if (*p == '{') out_ += '}';
    out_ += '}';
    word_ = false;
    font_ = font;
    font_end_ = out_.size();
  }
  void push(MathOp op, NodeId node = kNoNode, const char* text = "", NodeId end = kNoNode) { stack_.push_back({op, node, end, text}); }
  void literal(const char* text) { push(MathOp::literal, kNoNode, text); }
  // Pushed in reverse: what is pushed last is done first.
  void group(NodeId node) {
    literal("}");
    if (node != kNoNode) push(MathOp::visit, node);
    literal("{");
  }
  void script(NodeId node, const char* mark) {
    push(MathOp::close);
    push(MathOp::visit, node);
    push(MathOp::open, kNoNode, mark);
  }

  // ---- the elements (mathml_elements.cc) --------------------------------------------------------------------------------------------

  void step(const MathItem& item);
  void visit(NodeId id, const char* how);
  void row(NodeId id);
  void step_row(const MathItem& item);
  bool parenthesized(NodeId id, NodeId& begin, NodeId& end) const;
  bool fenced(NodeId id, NodeId& begin, NodeId& end) const;
  bool enclosed(NodeId open, NodeId& inner, NodeId& close) const;
  void identifier(NodeId id, bool star);
  void name_of_function(NodeId id, std::string_view key, bool star);
  void symbols(std::string_view text);
  void number(NodeId id);
  void operator_(NodeId id, bool star);
  void plain_text(NodeId id);
  void space(NodeId id);
  bool centres(NodeId cell) const;
  bool braced(NodeId id) const;
  void base(NodeId id, const char* how);
  bool stands_alone(NodeId id) const;
  bool takes_limits(NodeId id, bool& big) const;
  void scripts(NodeId base, NodeId sub, NodeId sup);
  void limits(NodeId id, NodeId base, NodeId under, NodeId over);
  bool accent(NodeId id, NodeId base, NodeId mark, bool over);
  void multiscripts(NodeId id);
  void fraction(NodeId id, uint32_t open = 0, uint32_t close = 0);
  void mfenced(NodeId id);
  void enclose(NodeId id);
  void table(NodeId id, uint32_t open, uint32_t close);

  const Tree& t_;
  std::string out_, text_;
  std::vector<MathItem> stack_;
  std::vector<size_t> opened_;
  bool word_ = false;       // the output ends with a control word
  bool fresh_row_ = false;  // the output ends with a line break of a table
  bool solo_ = false;
  bool display_ = false;
  const char* font_ = "";
  size_t font_end_ = 0;
  bool font_word_ = false;
};

}  // namespace millrace::extract
