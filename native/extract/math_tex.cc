// TeX as pages carry it: taken out of its delimiters, and found between them in running text.
//
// Which delimiters count comes from the page (math_config.cc). A dollar is taken for a formula with more care than MathJax takes it, since
// a price must never become one: Pandoc's rule (no space inside, no digit behind), and without a command nothing that reads like an amount
// or like words. Contents never overlap, and a failed search is remembered, so work is linear.
#include <algorithm>
#include <array>
#include <iterator>
#include <utility>

#include "native/extract/math_parts.h"

namespace millrace::extract {
namespace {

constexpr size_t kMaxInline = 2000, kMaxDisplay = 20000;  // bytes of one formula in running text

constexpr std::string_view kCommands[] = {
    "Delta", "Gamma", "Lambda", "Leftrightarrow", "Omega", "Phi", "Pi", "Psi", "Rightarrow", "Sigma", "Theta", "Xi", "aleph", "alpha",
    "angle", "approx", "arccos", "arcsin", "arctan", "array", "bar", "beta", "bigcap", "bigcup", "binom", "bmod", "boldsymbol", "bmatrix",
    "bullet", "cap", "cases", "cdot", "cdots", "cfrac", "chi", "cong", "cos", "cup", "ddot", "ddots", "delta", "dfrac", "displaystyle",
    "div", "dot", "dots", "ell", "emptyset", "epsilon", "equiv", "eta", "exists", "exp", "forall", "frac", "gamma", "ge", "geq", "gg",
    "hat", "hbar", "iff", "iint", "implies", "in", "infty", "int", "iota", "kappa", "lambda", "langle", "lceil", "ldots", "left",
    "leftarrow", "leftrightarrow", "leq", "lfloor", "lim", "ln", "log", "mapsto", "mathbb", "mathbf", "mathcal", "mathfrak", "mathit",
    "mathrm", "mathsf", "max", "mid", "min", "mu", "nabla", "neg", "neq", "not", "notin", "nu", "odot", "oint", "omega", "operatorname",
    "oplus", "otimes", "over", "overline", "overrightarrow", "partial", "perp", "phi", "pi", "pm", "pmatrix", "pmod", "prime", "prod",
    "propto", "psi", "qquad", "quad", "rangle", "rfloor", "rho", "right", "rightarrow", "setminus", "sigma", "sim", "sin", "sqrt", "subset",
    "subseteq", "sum", "supset", "tan", "tau", "text", "tfrac", "theta", "tilde", "times", "to", "underbrace", "underline", "uparrow",
    "varepsilon", "varphi", "vdots", "vec", "vee", "wedge", "widehat", "widetilde", "xi", "zeta",
};
constexpr auto kSortedCommands = [] {
  std::array<std::string_view, std::size(kCommands)> all{};
  std::copy(std::begin(kCommands), std::end(kCommands), all.begin());
  std::sort(all.begin(), all.end());
  return all;
}();

constexpr std::string_view kEnvironments[] = {
    "align", "alignat", "aligned", "array", "bmatrix", "cases", "displaymath", "eqnarray", "equation", "flalign", "gather", "gathered",
    "math", "matrix", "multline", "pmatrix", "smallmatrix", "split", "subequations", "vmatrix",
};

bool is_letter(char c) { return (c | 32) >= 'a' && (c | 32) <= 'z'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }

bool escaped(std::string_view text, size_t at) {
  size_t n = 0;
  while (n < at && text[at - 1 - n] == '\\') ++n;
  return n % 2 == 1;
}

int brace_depth(std::string_view text) {
  int depth = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\') ++i;
    else if (text[i] == '{') ++depth;
    else if (text[i] == '}') --depth;
  }
  return depth;
}

bool any_command(std::string_view text) {
  for (size_t i = text.find('\\'); i != text.npos; i = text.find('\\', i + 2))
    if (i + 1 < text.size() && (is_letter(text[i + 1]) || std::string_view(",;:!{}|\\ ").find(text[i + 1]) != std::string_view::npos))
      return true;
  return false;
}

// Words of at least `size` letters that are no commands and no names of functions.
size_t words_in(std::string_view text, size_t size) {
  size_t words = 0;
  for (size_t i = 0; i < text.size();) {
    if (!is_letter(text[i])) {
      ++i;
      continue;
    }
    size_t end = i;
    while (end < text.size() && is_letter(text[end])) ++end;
    const auto word = text.substr(i, end - i);
    const bool command = i > 0 && text[i - 1] == '\\';
    if (word.size() >= size && !command && !std::binary_search(kSortedCommands.begin(), kSortedCommands.end(), word) && word != "mod" &&
        word != "gcd")
      ++words;
    i = end;
  }
  return words;
}

// What stands between two dollars.
bool is_dollar_formula(std::string_view text, size_t open, std::string_view content, size_t behind, bool sure) {
  if (content.empty() || is_blank(content) || content.find("\n\n") != content.npos) return false;
  const char after = behind < text.size() ? text[behind] : ' ', before = open > 0 ? text[open - 1] : ' ';
  const bool spaced = is_space(content.front()) || is_space(content.back());
  const auto inner = trimmed_view(content);
  if (has_math_command(content)) return !(is_digit(after) && is_digit(inner.front()) && words_in(inner, 4) > 1);
  if (sure || content.size() > 300) return false;
  if (is_digit(after) || is_letter(after) || after == '_') return false;
  const bool operators = content.find_first_of("^_=<>\\{}|") != content.npos;
  if (is_letter(before) || is_digit(before) || (before == '$' && !operators)) return false;
  if (spaced && (!operators || is_digit(inner.front()) || words_in(inner, 3) > 0)) return false;
  if (is_digit(inner.front()) || inner.front() == '.') return words_in(inner, 2) == 0;
  if (any_command(content)) return words_in(inner, 4) < 3;
  const size_t words = words_in(inner, 3);
  if (operators) return words < 3;
  if (content.find_first_of("+*/()[]-") != content.npos) return words == 0;
  return words == 0 || (words == 1 && inner.size() <= 4);
}

// Between \( and \) or the like that the page did not declare.
bool is_sure_formula(std::string_view content) {
  if (is_blank(content)) return false;
  return has_math_command(content) || (content.size() <= 200 && content.find_first_of("^_=") != content.npos && words_in(content, 4) == 0);
}

bool is_ascii_formula(std::string_view content) {
  if (is_blank(content) || content.size() > 500 || content.find("\n\n") != content.npos) return false;
  return words_in(content, 12) == 0;
}

struct Finder {
  std::string_view text;
  const Delimiters& delimiters;
  std::vector<Delimited>& found;
  std::vector<std::pair<size_t, size_t>> next_close;  // per pair: from where its close was sought last, and where it is
  size_t work = 0;                 // bytes looked at for environments

  // The pair whose open stands at `at`, the longest one; -1 if none.
  int pair_at(size_t at) const {
    int best = -1;
    size_t size = 0;
    for (size_t i = 0; i < delimiters.pairs.size(); ++i) {
      const auto& open = delimiters.pairs[i].open;
      if (open.size() > size && text.compare(at, open.size(), open) == 0) {
        best = static_cast<int>(i);
        size = open.size();
      }
    }
    return best;
  }

  static std::string_view close_of(const Delimiters::Pair& pair) {
    if (!pair.close.empty()) return pair.close;
    if (pair.open == "\\(") return "\\)";
    if (pair.open == "\\[") return "\\]";
    return pair.open;
  }

  size_t find_close(size_t pair, std::string_view close, size_t from) {
    auto& [asked, known] = next_close[pair];
    if (known >= from && asked <= from) return known;  // npos too: there is none behind `asked`
    size_t at = text.find(close, from);
    while (at != text.npos && escaped(text, at)) at = text.find(close, at + 1);
    asked = from;
    return known = at;
  }

  // \begin{name} … \end{name}; npos if it does not end.
  size_t environment_end(size_t at, bool sure) {
    const size_t begin = at + 7;  // behind "\begin{"
    const size_t brace = text.find('}', begin);
    if (brace == text.npos || brace - begin > 16) return text.npos;
    const auto name = text.substr(begin, brace - begin);
    auto plain = name;
    if (!plain.empty() && plain.back() == '*') plain.remove_suffix(1);
    if (!std::binary_search(std::begin(kEnvironments), std::end(kEnvironments), plain)) return text.npos;
    const size_t limit = std::min(text.size(), at + kMaxDisplay);
    if (work > 64 * text.size() + (1u << 16)) return text.npos;
    int depth = 1;
    size_t i = brace;
    while ((i = text.find('\\', i + 1)) < limit) {
      const bool begins = text.compare(i, 7, "\\begin{") == 0, ends = text.compare(i, 5, "\\end{") == 0;
      if (!begins && !ends) continue;
      const size_t start = i + (begins ? 7 : 5);
      if (text.compare(start, name.size(), name) != 0 || start + name.size() >= text.size() || text[start + name.size()] != '}') continue;
      depth += begins ? 1 : -1;
      if (depth == 0) {
        work += start - at;
        const size_t end = start + name.size() + 1;
        return sure && brace_depth(text.substr(at, end - at)) != 0 ? text.npos : end;
      }
    }
    work += limit - at;
    return text.npos;
  }

  void add(size_t begin, size_t end, std::string_view content, bool display) {
    bool ignored = false;
    auto latex = clean_tex(content, ignored);
    if (!latex.empty() && !is_definition(latex)) found.push_back({begin, end, std::move(latex), display});
  }

  // Tries the pair at `at`; where to go on.
  size_t take(size_t at, int index) {
    const auto& pair = delimiters.pairs[static_cast<size_t>(index)];
    const bool sure = pair.close.empty();
    if (pair.open == "\\begin{") {
      const size_t end = environment_end(at, sure);
      if (end == text.npos) return at + 7;
      add(at, end, text.substr(at, end - at), true);
      return end;
    }
    const auto close = close_of(pair);
    const size_t start = at + pair.open.size();
    if (pair.open != close) {  // begun again before it ends: the first one was none
      const size_t end = find_close(static_cast<size_t>(index), close, start);
      if (end == text.npos) return start;
      const size_t again = text.substr(start, end - start).rfind(pair.open);
      if (again != text.npos && !escaped(text, start + again)) return start + again;
    }
    size_t from = start;
    for (int tries = 0; tries < 4; ++tries) {
      const size_t end = find_close(static_cast<size_t>(index), close, from);
      if (end == text.npos || end - start > (pair.display ? kMaxDisplay : kMaxInline)) return start;
      const auto content = text.substr(start, end - start);
      if (brace_depth(content) > 0) {  // within an argument; but not where the next one begins
        from = end + close.size();
        const size_t further = find_close(static_cast<size_t>(index), close, from);
        if (further == text.npos || (pair.open != close && text.substr(from, further - from).find(pair.open) != text.npos)) return start;
        continue;
      }
      const size_t behind = end + close.size();
      if (pair.open == "`") {
        if (!is_ascii_formula(content)) return start;
        found.push_back({at, behind, asciimath_to_latex(content), pair.display});
        if (found.back().latex.empty()) found.pop_back();
        return behind;
      }
      const bool good = pair.open == "$" ? is_dollar_formula(text, at, content, behind, sure)
                        : sure           ? is_sure_formula(content)
                                         : !is_blank(content);
      if (!good) return start;
      add(at, behind, content, pair.display);
      return behind;
    }
    return start;
  }
};

bool strip_pair(std::string_view& text, std::string_view open, std::string_view close) {
  if (text.size() < open.size() + close.size() || text.substr(0, open.size()) != open || text.substr(text.size() - close.size()) != close)
    return false;
  if (text.find(close, open.size()) != text.size() - close.size()) return false;
  text = trimmed_view(text.substr(open.size(), text.size() - open.size() - close.size()));
  return true;
}

// {\displaystyle …} where the braces enclose all.
bool strip_style(std::string_view& text) {
  for (const std::string_view style : {"{\\displaystyle", "{\\textstyle"}) {
    if (text.substr(0, style.size()) != style || text.back() != '}' || (text.size() > style.size() && is_letter(text[style.size()])))
      continue;
    int depth = 0;
    for (size_t i = 0; i < text.size(); ++i) {
      if (text[i] == '\\') ++i;
      else if (text[i] == '{') ++depth;
      else if (text[i] == '}' && --depth == 0 && i + 1 < text.size()) return false;
    }
    if (depth != 0) return false;
    text = trimmed_view(text.substr(style.size(), text.size() - style.size() - 1));
    return true;
  }
  return false;
}

}  // namespace

bool is_blank(std::string_view text) {
  for (const char c : text)
    if (!is_space(c)) return false;
  return true;
}

std::string_view trimmed_view(std::string_view text) {
  while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
  return text;
}

bool has_math_command(std::string_view text) {
  for (size_t i = text.find('\\'); i != text.npos; i = text.find('\\', i)) {
    size_t end = ++i;
    while (end < text.size() && is_letter(text[end])) ++end;
    if (end - i > 1 && std::binary_search(kSortedCommands.begin(), kSortedCommands.end(), text.substr(i, end - i))) return true;
    if (text.compare(i, 6, "begin{") == 0) return true;
    i = std::max(end, i + 1);
    if (i >= text.size()) break;
  }
  return false;
}

bool is_definition(std::string_view text) {
  bool any = false;
  for (size_t i = 0;;) {
    while (i < text.size() &&
           (is_space(text[i]) || text[i] == '$' || text[i] == '(' ||
            (text[i] == '\\' && i + 1 < text.size() && std::string_view("()[]").find(text[i + 1]) != std::string_view::npos)))
      i += text[i] == '\\' ? 2 : 1;
    if (text.compare(i, 2, "\xc2\xa0") == 0) {
      i += 2;
      continue;
    }
    if (i >= text.size()) return any;
    bool defines = false;
    for (const std::string_view name : {"\\newcommand", "\\renewcommand", "\\providecommand", "\\DeclareMathOperator", "\\def\\",
                                        "\\definecolor", "\\require{", "\\begingroup", "\\endgroup"})
      defines = defines || text.compare(i, name.size(), name) == 0;
    if (!defines) return false;
    any = true;
    int depth = 0;
    size_t groups = 0;
    for (; i < text.size(); ++i) {
      if (text[i] == '\\') {
        if (i + 1 >= text.size()) continue;  // Nothing stands behind it to pass over.
        if (depth == 0 && groups > 0) break;
        ++i;
      } else if (text[i] == '{') ++depth;
      else if (text[i] == '}') groups += --depth == 0;
      else if (depth == 0 && text[i] == '$') break;
    }
  }
}

void find_delimited(std::string_view text, const Delimiters& delimiters, std::vector<Delimited>& found) {
  if (!delimiters.any()) return;
  std::array<bool, 256> opens{};
  for (const auto& pair : delimiters.pairs)
    if (!pair.open.empty()) opens[static_cast<uint8_t>(pair.open[0])] = true;
  Finder finder{text, delimiters, found, std::vector<std::pair<size_t, size_t>>(delimiters.pairs.size())};
  for (size_t i = 0; i < text.size();) {
    if (text[i] == '$' && text.compare(i, 3, "$$$") == 0) {  // money, not mathematics
      while (i < text.size() && text[i] == '$') ++i;
      continue;
    }
    if (opens[static_cast<uint8_t>(text[i])]) {
      if (const int pair = finder.pair_at(i); pair >= 0) {
        i = finder.take(i, pair);
        continue;
      }
    }
    i += text[i] == '\\' && i + 1 < text.size() ? 2 : 1;
  }
}

std::string clean_tex(std::string_view tex, bool& display) {
  auto text = trimmed_view(tex);
  for (const std::string_view mark : {"% <![CDATA[", "%<![CDATA[", "<![CDATA["})
    if (text.substr(0, mark.size()) == mark) text = trimmed_view(text.substr(mark.size()));
  for (const std::string_view mark : {"%]]>", "% ]]>", "]]>"})
    if (text.size() >= mark.size() && text.substr(text.size() - mark.size()) == mark) {
      text = trimmed_view(text.substr(0, text.size() - mark.size()));
      break;
    }
  if (strip_pair(text, "\\[", "\\]") || strip_pair(text, "$$", "$$") || strip_pair(text, "[tex]", "[/tex]")) display = true;
  else if (!strip_pair(text, "\\(", "\\)") && !strip_pair(text, "$", "$"))
    strip_pair(text, "[itex]", "[/itex]") || strip_pair(text, "[math]", "[/math]");
  while (!text.empty() && strip_style(text)) {}
  std::string out;
  out.reserve(text.size());
  for (size_t i = 0; i < text.size(); ++i) {
    char c = text[i];
    if (c == '%' && !escaped(text, i)) {
      const size_t line = text.find('\n', i);
      if (line != text.npos) {  // a comment
        i = line;
        while (i + 1 < text.size() && is_space(text[i + 1])) ++i;
        continue;
      }
      out += '\\';
    }
    if (c == '\xc2' && i + 1 < text.size() && text[i + 1] == '\xa0') c = ' ', ++i;
    if (c == '\xe2' && text.substr(i, 3) == "\xe2\x80\x8b") {
      i += 2;
      continue;
    }
    if (!is_space(c)) out += c;
    else if (!out.empty() && (out.back() != ' ' || escaped(out, out.size() - 1))) out += ' ';
  }
  while (!out.empty() && out.back() == ' ' && !escaped(out, out.size() - 1)) out.pop_back();
  if (escaped(out, out.size())) out += ' ';  // a control space
  return out;
}

}  // namespace millrace::extract
