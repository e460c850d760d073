// Scripts, limits and accents of MathML in LaTeX. What is one construction there is many here: a mover is an accent, a brace, a labelled
// arrow, the limit of an operator or something set above, as its parts decide.
#include <algorithm>
#include <iterator>

#include "native/extract/mathml_converter.h"

namespace millrace::extract {
namespace {

struct Accent {
  uint32_t code;
  const char *narrow, *wide;
};
constexpr Accent kOver[] = {
    {'^', "hat", "widehat"}, {0x2c6, "hat", "widehat"}, {0x302, "hat", "widehat"}, {'~', "tilde", "widetilde"},
    {0x2dc, "tilde", "widetilde"}, {0x303, "tilde", "widetilde"}, {0x223c, "tilde", "widetilde"}, {0xaf, "bar", "overline"},
    {0x203e, "bar", "overline"}, {0x304, "bar", "bar"}, {0x305, "overline", "overline"}, {0x2c9, "bar", "bar"},
    {0x2015, "overline", "overline"}, {'_', "overline", "overline"}, {0x2192, "vec", "overrightarrow"}, {0x20d7, "vec", "vec"},
    {0x2d9, "dot", "dot"}, {0x307, "dot", "dot"}, {'.', "dot", "dot"}, {0xa8, "ddot", "ddot"}, {0x308, "ddot", "ddot"},
    {0x20db, "dddot", "dddot"}, {0x20dc, "ddddot", "ddddot"}, {0xb4, "acute", "acute"}, {0x2ca, "acute", "acute"},
    {0x301, "acute", "acute"}, {'`', "grave", "grave"}, {0x2cb, "grave", "grave"}, {0x300, "grave", "grave"}, {0x2d8, "breve", "breve"},
    {0x306, "breve", "breve"}, {0x2c7, "check", "widecheck"}, {0x30c, "check", "widecheck"}, {0x2da, "mathring", "mathring"},
    {0x30a, "mathring", "mathring"}, {0x23de, "overbrace", "overbrace"}, {0x23b4, "overbracket", "overbracket"},
    {0x23dc, "overgroup", "overgroup"}, {0x23e0, "overgroup", "overgroup"}, {0x2190, "overleftarrow", "overleftarrow"},
    {0x2194, "overleftrightarrow", "overleftrightarrow"}, {0x21c0, "overrightharpoon", "overrightharpoon"},
    {0x21bc, "overleftharpoon", "overleftharpoon"},
};
constexpr Accent kUnder[] = {
    {0x23df, "", "underbrace"}, {0x332, "", "underline"}, {'_', "", "underline"}, {0xaf, "", "underline"}, {0x203e, "", "underline"},
    {0x2015, "", "underline"}, {0x331, "", "underline"}, {0x2192, "", "underrightarrow"}, {0x2190, "", "underleftarrow"},
    {0x2194, "", "underleftrightarrow"}, {'~', "", "utilde"}, {0x2dc, "", "utilde"}, {0x23b5, "", "underbracket"},
    {0x23dd, "", "undergroup"}, {0x23e1, "", "undergroup"}, {0x2c9, "", "underline"},
};
constexpr CodeName kArrows[] = {
    {0x2192, "xrightarrow"}, {0x2190, "xleftarrow"}, {0x2194, "xleftrightarrow"}, {0x21d2, "xRightarrow"}, {0x21d0, "xLeftarrow"},
    {0x21d4, "xLeftrightarrow"}, {0x21a6, "xmapsto"}, {0x21aa, "xhookrightarrow"}, {0x21a9, "xhookleftarrow"}, {0x21c0, "xrightharpoonup"},
    {0x21c1, "xrightharpoondown"}, {0x21bc, "xleftharpoonup"}, {0x21bd, "xleftharpoondown"}, {0x21cc, "xrightleftharpoons"},
    {0x21cb, "xleftrightharpoons"}, {0x21a0, "xtwoheadrightarrow"}, {0x219e, "xtwoheadleftarrow"},
};

}  // namespace

bool MathConverter::stands_alone(NodeId id) const {
  const NodeId c = core(id);
  if (c == kNoNode || t_[c].kind == Kind::text) return false;
  switch (name(c)) {
    case tag::mi:
    case tag::mo: {
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
    case tag::mtext:
    case tag::ms:
    case tag::msqrt:
    case tag::mroot: return first(c) != kNoNode;
    case tag::mover:
    case tag::munder: {
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
  else if (const NodeId c = core(id); parenthesized(c, begin, end) && !braced(c))
    push(MathOp::row, begin);  // (a)^2: LaTeX sets it at the fence
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
  const auto blank_mark = [&](NodeId n) {
    return n != kNoNode && (name(core(n)) == tag::mspace || (is_row(name(n)) && first(n) == kNoNode));
  };
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

}  // namespace millrace::extract
