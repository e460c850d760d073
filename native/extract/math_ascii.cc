// AsciiMath -> LaTeX, by the grammar of asciimath.org:  S ::= v | left E right | unary S | binary S S;  I ::= S_S | S^S | S_S^S | S;
// E ::= I E | I/I E. Fractions and scripts lose the brackets around their parts, rows of rows become matrices. Nested deeper than
// kMaxDepth the source is copied as it is.
#include <algorithm>
#include <iterator>

#include "native/extract/math_parts.h"

namespace millrace::extract {
namespace {

constexpr int kMaxDepth = 24;

struct Token {
  std::string_view source;
  const char* latex;
};
// The longest match wins, also within a word: AsciiMath reads "sinx" as sin x.
constexpr Token kConstants[] = {
    {"alpha", "\\alpha"}, {"beta", "\\beta"}, {"gamma", "\\gamma"}, {"Gamma", "\\Gamma"}, {"delta", "\\delta"}, {"Delta", "\\Delta"},
    {"epsilon", "\\epsilon"}, {"epsi", "\\epsilon"}, {"varepsilon", "\\varepsilon"}, {"zeta", "\\zeta"}, {"eta", "\\eta"},
    {"theta", "\\theta"}, {"Theta", "\\Theta"}, {"vartheta", "\\vartheta"}, {"iota", "\\iota"}, {"kappa", "\\kappa"},
    {"lambda", "\\lambda"}, {"Lambda", "\\Lambda"}, {"mu", "\\mu"}, {"nu", "\\nu"}, {"xi", "\\xi"}, {"Xi", "\\Xi"}, {"pi", "\\pi"},
    {"Pi", "\\Pi"}, {"rho", "\\rho"}, {"sigma", "\\sigma"}, {"Sigma", "\\Sigma"}, {"tau", "\\tau"}, {"upsilon", "\\upsilon"},
    {"phi", "\\phi"}, {"Phi", "\\Phi"}, {"varphi", "\\varphi"}, {"chi", "\\chi"}, {"psi", "\\psi"}, {"Psi", "\\Psi"}, {"omega", "\\omega"},
    {"Omega", "\\Omega"}, {"***", "\\star"}, {"**", "\\ast"}, {"*", "\\cdot"}, {"//", "/"}, {"\\\\", "\\backslash"},
    {"setminus", "\\setminus"}, {"xx", "\\times"}, {"times", "\\times"}, {"-:", "\\div"}, {"divide", "\\div"}, {"@", "\\circ"},
    {"circ", "\\circ"}, {"o+", "\\oplus"}, {"oplus", "\\oplus"}, {"ox", "\\otimes"}, {"otimes", "\\otimes"}, {"o.", "\\odot"},
    {"sum", "\\sum"}, {"prod", "\\prod"}, {"^^^", "\\bigwedge"}, {"^^", "\\wedge"}, {"vvv", "\\bigvee"}, {"vv", "\\vee"},
    {"nnn", "\\bigcap"}, {"nn", "\\cap"}, {"uuu", "\\bigcup"}, {"uu", "\\cup"}, {"!=", "\\ne"}, {"ne", "\\ne"}, {":=", ":="},
    {"<=", "\\le"}, {"le", "\\le"}, {">=", "\\ge"}, {"ge", "\\ge"}, {"lt", "<"}, {"gt", ">"}, {"-<", "\\prec"}, {">-", "\\succ"},
    {"-<=", "\\preceq"}, {">-=", "\\succeq"}, {"in", "\\in"}, {"!in", "\\notin"}, {"notin", "\\notin"}, {"sub", "\\subset"},
    {"sup", "\\supset"}, {"sube", "\\subseteq"}, {"supe", "\\supseteq"}, {"-=", "\\equiv"}, {"equiv", "\\equiv"}, {"~=", "\\cong"},
    {"cong", "\\cong"}, {"~~", "\\approx"}, {"approx", "\\approx"}, {"~", "\\sim"}, {"prop", "\\propto"}, {"propto", "\\propto"},
    {"and", "\\text{ and }"}, {"or", "\\text{ or }"}, {"not", "\\neg"}, {"neg", "\\neg"}, {"=>", "\\Rightarrow"},
    {"implies", "\\Rightarrow"}, {"if", "\\text{ if }"}, {"<=>", "\\Leftrightarrow"}, {"iff", "\\Leftrightarrow"}, {"AA", "\\forall"},
    {"EE", "\\exists"}, {"_|_", "\\bot"}, {"bot", "\\bot"}, {"TT", "\\top"}, {"|--", "\\vdash"}, {"|==", "\\models"}, {"int", "\\int"},
    {"oint", "\\oint"}, {"del", "\\partial"}, {"partial", "\\partial"}, {"grad", "\\nabla"}, {"+-", "\\pm"}, {"pm", "\\pm"}, {"-+", "\\mp"},
    {"O/", "\\emptyset"}, {"emptyset", "\\emptyset"}, {"oo", "\\infty"}, {"infty", "\\infty"}, {"aleph", "\\aleph"}, {":.", "\\therefore"},
    {"therefore", "\\therefore"}, {":'", "\\because"}, {"/_", "\\angle"}, {"angle", "\\angle"}, {"/_\\", "\\triangle"}, {"'", "'"},
    {"frown", "\\frown"}, {"quad", "\\quad"}, {"qquad", "\\qquad"}, {"cdots", "\\cdots"}, {"...", "\\ldots"}, {"ldots", "\\ldots"},
    {"vdots", "\\vdots"}, {"ddots", "\\ddots"}, {"diamond", "\\diamond"}, {"square", "\\square"}, {"|__", "\\lfloor"}, {"__|", "\\rfloor"},
    {"|~", "\\lceil"}, {"~|", "\\rceil"}, {"CC", "\\mathbb{C}"}, {"NN", "\\mathbb{N}"}, {"QQ", "\\mathbb{Q}"}, {"RR", "\\mathbb{R}"},
    {"ZZ", "\\mathbb{Z}"}, {"lim", "\\lim"}, {"Lim", "\\lim"}, {"uarr", "\\uparrow"}, {"darr", "\\downarrow"}, {"rarr", "\\rightarrow"},
    {"->", "\\to"}, {"->>", "\\twoheadrightarrow"}, {">->", "\\rightarrowtail"}, {"|->", "\\mapsto"}, {"larr", "\\leftarrow"},
    {"harr", "\\leftrightarrow"}, {"rArr", "\\Rightarrow"}, {"lArr", "\\Leftarrow"}, {"hArr", "\\Leftrightarrow"}, {"to", "\\to"},
    {"%", "\\%"}, {"#", "\\#"}, {"&", "\\&"}, {"$", "\\$"}, {"!", "!"}, {"sin", "\\sin"}, {"cos", "\\cos"}, {"tan", "\\tan"},
    {"sec", "\\sec"}, {"csc", "\\csc"}, {"cot", "\\cot"}, {"sinh", "\\sinh"}, {"cosh", "\\cosh"}, {"tanh", "\\tanh"},
    {"arcsin", "\\arcsin"}, {"arccos", "\\arccos"}, {"arctan", "\\arctan"}, {"log", "\\log"}, {"ln", "\\ln"}, {"exp", "\\exp"},
    {"det", "\\det"}, {"dim", "\\dim"}, {"mod", "\\bmod"}, {"gcd", "\\gcd"}, {"lcm", "\\operatorname{lcm}"}, {"lub", "\\operatorname{lub}"},
    {"glb", "\\operatorname{glb}"}, {"min", "\\min"}, {"max", "\\max"}, {"dx", "dx"}, {"dy", "dy"}, {"dz", "dz"}, {"dt", "dt"},
};
constexpr Token kUnary[] = {
    {"sqrt", "\\sqrt"}, {"hat", "\\hat"}, {"bar", "\\overline"}, {"overline", "\\overline"}, {"vec", "\\vec"}, {"dot", "\\dot"},
    {"ddot", "\\ddot"}, {"tilde", "\\tilde"}, {"ul", "\\underline"}, {"underline", "\\underline"}, {"ubrace", "\\underbrace"},
    {"obrace", "\\overbrace"}, {"cancel", "\\cancel"}, {"bb", "\\mathbf"}, {"bbb", "\\mathbb"}, {"cc", "\\mathcal"}, {"tt", "\\mathtt"},
    {"fr", "\\mathfrak"}, {"sf", "\\mathsf"}, {"mathbf", "\\mathbf"}, {"mathbb", "\\mathbb"}, {"mathcal", "\\mathcal"}, {"abs", "|"},
    {"norm", "\\|"}, {"floor", "\\lfloor"}, {"ceil", "\\lceil"}, {"text", "\\text"}, {"mbox", "\\text"},
};
constexpr Token kBinary[] = {{"frac", "\\frac"},       {"root", "\\sqrt"},         {"stackrel", "\\overset"},
                             {"overset", "\\overset"}, {"underset", "\\underset"}, {"color", ""}};

template <size_t N>
const Token* longest(const Token (&table)[N], std::string_view rest) {
  const Token* best = nullptr;
  for (const auto& token : table)
    if (rest.compare(0, token.source.size(), token.source) == 0 && (!best || token.source.size() > best->source.size())) best = &token;
  return best;
}

bool letter(char c) { return (c | 32) >= 'a' && (c | 32) <= 'z'; }
bool opens(char c) { return c == '(' || c == '[' || c == '{'; }
char partner(char c) { return c == '(' ? ')' : c == '[' ? ']' : '}'; }

struct Ascii {
  std::string_view s;
  size_t at = 0;

  void skip() {
    while (at < s.size() && is_space(s[at])) ++at;
  }
  static void join(std::string& out, std::string_view part) {
    if (part.empty()) return;
    if (!out.empty() && letter(part[0])) {
      size_t i = out.size();
      while (i > 0 && letter(out[i - 1])) --i;
      if (i < out.size() && i > 0 && out[i - 1] == '\\') out += ' ';
    }
    out += part;
  }

  // [[a, b], [c, d]] as the rows of a matrix; false and nothing read if it is none.
  bool matrix(std::string& out, int depth) {
    const size_t start = at;
    const char open = s[at];
    ++at;
    skip();
    const char inner = at < s.size() ? s[at] : '\0';
    std::string rows;
    size_t columns = 0, count = 0;
    bool good = (inner == '(' || inner == '[') && (open == '(' || open == '[' || open == '{');
    while (good) {
      skip();
      if (at >= s.size() || s[at] != inner) {
        good = false;
        break;
      }
      ++at;
      if (count++) rows += " \\\\ ";
      size_t cells = 0;
      for (bool row = true; row;) {
        std::string cell;
        expression(cell, depth + 1, partner(inner), true);
        if (cells++) rows += " & ";
        rows += cell;
        skip();
        if (at < s.size() && s[at] == ',') ++at;
        else row = false;
      }
      if (at >= s.size() || s[at] != partner(inner) || (columns && columns != cells)) good = false;
      else ++at;
      columns = cells;
      skip();
      if (good && at < s.size() && s[at] == ',') {
        ++at;
        continue;
      }
      break;
    }
    if (!good || count < 2 || at >= s.size() || (s[at] != partner(open) && s.compare(at, 2, ":}") != 0)) {
      at = start;
      return false;
    }
    const bool cases = s[at] == ':';
    at += cases ? 2 : 1;
    const char* name = cases ? "cases" : open == '(' ? "pmatrix" : open == '[' ? "bmatrix" : "Bmatrix";
    out += std::string("\\begin{") + name + "}" + rows + "\\end{" + name + "}";
    return true;
  }

  // One S; `bare`: what to write where its own brackets are to be left out.
  std::string simple(int depth, std::string* bare = nullptr) {
    skip();
    if (at >= s.size()) return {};
    const auto rest = s.substr(at);
    std::string out;
    size_t n = 1;
    while (n < rest.size() && (static_cast<uint8_t>(rest[0]) & 0xc0) == 0xc0 && (static_cast<uint8_t>(rest[n]) & 0xc0) == 0x80) ++n;
    if (depth > kMaxDepth) {
      at += n;
      return std::string(rest.substr(0, n));
    }
    if (rest[0] == '"') {
      const size_t end = rest.find('"', 1);
      const auto text = rest.substr(1, end == rest.npos ? rest.npos : end - 1);
      at = end == rest.npos ? s.size() : at + end + 1;
      out = "\\text{";
      append_text_plain(text, out);
      return out + "}";
    }
    if (rest[0] >= '0' && rest[0] <= '9') {
      while (n < rest.size() &&
             ((rest[n] >= '0' && rest[n] <= '9') || (rest[n] == '.' && n + 1 < rest.size() && rest[n + 1] >= '0' && rest[n + 1] <= '9')))
        ++n;
      at += n;
      return std::string(rest.substr(0, n));
    }
    if (rest.compare(0, 2, "{:") == 0 || opens(rest[0])) {
      const bool hidden = rest.compare(0, 2, "{:") == 0;
      if (!hidden && matrices < 64) {
        ++matrices;
        if (matrix(out, depth)) return out;
      }
      const char open = rest[0];
      at += hidden ? 2 : 1;
      std::string inner;
      expression(inner, depth + 1, partner(open), false);
      skip();
      const bool closed_hidden = s.compare(at, 2, ":}") == 0;
      const char close = closed_hidden ? '.' : at < s.size() && (s[at] == ')' || s[at] == ']' || s[at] == '}') ? s[at] : '\0';
      if (close) at += closed_hidden ? 2 : 1;
      if (bare) *bare = inner;
      const auto shown = [](char c) { return c == '{' ? std::string("\\{") : c == '}' ? std::string("\\}") : std::string(1, c); };
      if (!close) return shown(open) + inner;
      if (hidden && closed_hidden) return inner;
      const bool tall = inner.find("\\frac") != inner.npos || hidden || closed_hidden || inner.find("\\begin") != inner.npos;
      out = (tall ? "\\left" : "") + (hidden ? std::string(".") : shown(open));
      join(out, inner);
      return out + (tall ? "\\right" : "") + shown(close);
    }
    const Token* constant = longest(kConstants, rest);
    const Token* unary = longest(kUnary, rest);
    const Token* binary = longest(kBinary, rest);
    const size_t c = constant ? constant->source.size() : 0, u = unary ? unary->source.size() : 0, b = binary ? binary->source.size() : 0;
    if (u > c && u >= b) {
      at += u;
      if (unary->source == "text" || unary->source == "mbox") {
        skip();
        if (at < s.size() && opens(s[at])) {
          const size_t end = s.find(partner(s[at]), at);
          const auto text = s.substr(at + 1, end == s.npos ? s.npos : end - at - 1);
          at = end == s.npos ? s.size() : end + 1;
          out = "\\text{";
          append_text_plain(text, out);
          return out + "}";
        }
      }
      const auto argument = part(depth);
      const std::string_view name = unary->source;
      if (name == "abs" || name == "norm") {
        out = std::string("\\left") + unary->latex;
        join(out, argument);
        return out + "\\right" + unary->latex;
      }
      if (name == "floor" || name == "ceil") {
        out = unary->latex;
        join(out, argument);
        return out + (name == "floor" ? "\\rfloor" : "\\rceil");
      }
      return std::string(unary->latex) + "{" + argument + "}";
    }
    if (b > c) {
      at += b;
      const auto first = part(depth), second = part(depth);
      if (binary->source == "root") return "\\sqrt[" + first + "]{" + second + "}";
      if (binary->source == "color") return second;
      return std::string(binary->latex) + "{" + first + "}{" + second + "}";
    }
    if (c) {
      at += c;
      return constant->latex;
    }
    if (rest[0] == '\\') {
      at += 1;
      return "\\ ";
    }
    at += n;
    return std::string(rest.substr(0, n));
  }

  static void append_text_plain(std::string_view text, std::string& out) {
    for (const char c : text) {
      if (c == '{' || c == '}' || c == '$' || c == '%' || c == '#' || c == '&' || c == '_') out += '\\';
      if (c != '\\') out += c;
    }
  }

  std::string part(int depth) {
    std::string bare;
    const size_t before = at;
    auto whole = simple(depth + 1, &bare);
    skip_to(before);
    return bare.empty() ? whole : bare;
  }
  void skip_to(size_t before) {
    if (at == before && at < s.size()) ++at;  // always forward
  }

  // I: with its scripts.
  std::string scripted(int depth, std::string* bare) {
    auto out = simple(depth, bare);
    skip();
    bool any = false;
    if (at < s.size() && s[at] == '_' && s.compare(at, 3, "_|_") != 0) {
      ++at;
      out += "_{" + part(depth) + "}";
      any = true;
      skip();
    }
    if (at < s.size() && s[at] == '^' && s.compare(at, 2, "^^") != 0) {
      ++at;
      out += "^{" + part(depth) + "}";
      any = true;
    }
    if (any && bare) bare->clear();
    return out;
  }

  // E, up to a closing bracket that is not its own (or a comma, in a matrix).
  void expression(std::string& out, int depth, char close, bool cells) {
    while (at < s.size()) {
      skip();
      if (at >= s.size()) return;
      const char c = s[at];
      if (close && (c == ')' || c == ']' || c == '}' || (c == ':' && s.compare(at, 2, ":}") == 0))) return;
      if (cells && c == ',') return;
      const size_t before = at;
      std::string bare;
      auto left = scripted(depth, &bare);
      skip_to(before);
      skip();
      if (at < s.size() && s[at] == '/' && s.compare(at, 2, "//") != 0 && s.compare(at, 2, "/_") != 0) {
        ++at;
        std::string below;
        auto right = scripted(depth, &below);
        join(out, "\\frac{" + (bare.empty() ? left : bare) + "}{" + (below.empty() ? right : below) + "}");
      } else join(out, left);
    }
  }

  int matrices = 0;
};

}  // namespace

std::string asciimath_to_latex(std::string_view source) {
  Ascii reader{source};
  std::string out;
  if (source.size() > 10000) return std::string(source);
  reader.expression(out, 0, '\0', false);
  return out;
}

}  // namespace millrace::extract
