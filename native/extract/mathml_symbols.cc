// What single characters and names of MathML are called in LaTeX. The table of characters is made from KaTeX (scripts/tables/math.mjs);
// the mathematical alphabets follow their blocks in Unicode: U+1D400 to U+1D7FF, with the holes that U+2102 to U+2138 fill.
#include <algorithm>
#include <iterator>

#include "native/extract/mathml.h"

namespace millrace::extract {
namespace {

struct Symbol {
  uint32_t code;
  const char* latex;
};
constexpr Symbol kSymbols[] = {
#include "native/extract/math_symbols.inc"
};

struct Hole {
  uint32_t code;
  uint32_t letter;
  const char* font;
};
constexpr Hole kHoles[] = {
    {0x2102, 'C', "mathbb"}, {0x210a, 'g', "mathcal"}, {0x210b, 'H', "mathcal"}, {0x210c, 'H', "mathfrak"}, {0x210d, 'H', "mathbb"},
    {0x210e, 'h', ""}, {0x2110, 'I', "mathcal"}, {0x2112, 'L', "mathcal"}, {0x2115, 'N', "mathbb"}, {0x2119, 'P', "mathbb"},
    {0x211a, 'Q', "mathbb"}, {0x211b, 'R', "mathcal"}, {0x211d, 'R', "mathbb"}, {0x2124, 'Z', "mathbb"}, {0x2128, 'Z', "mathfrak"},
    {0x212c, 'B', "mathcal"}, {0x212d, 'C', "mathfrak"}, {0x212f, 'e', "mathcal"}, {0x2130, 'E', "mathcal"}, {0x2131, 'F', "mathcal"},
    {0x2133, 'M', "mathcal"}, {0x2134, 'o', "mathcal"},
};

// Alphabets of 52 letters from U+1D400 on.
constexpr const char* kLatin[] = {
    "mathbf", "", "boldsymbol", "mathcal", "boldsymbol{\\mathcal", "mathfrak", "mathbb", "boldsymbol{\\mathfrak", "mathsf", "mathsf",
    "mathsf", "mathsf", "mathtt",
};
// Greek alphabets of 58 signs from U+1D6A8 on: 25 capitals, nabla, 25 small letters, seven variants.
constexpr const char* kGreek[] = {"mathbf", "", "boldsymbol", "boldsymbol", "boldsymbol"};
constexpr uint32_t kVariants[] = {0x2202, 0x3f5, 0x3d1, 0x3f0, 0x3d5, 0x3f1, 0x3d6};
constexpr const char* kDigits[] = {"mathbf", "mathbb", "mathsf", "mathsf", "mathtt"};

constexpr std::string_view kFunctions[] = {
    "Pr", "arccos", "arcsin", "arctan", "arg", "cos", "cosh", "cot", "coth", "csc", "deg", "det", "dim", "exp", "gcd", "hom", "inf", "ker",
    "lg", "lim", "liminf", "limsup", "ln", "log", "max", "min", "sec", "sin", "sinh", "sup", "tan", "tanh",
};

}  // namespace

std::string_view latex_symbol(uint32_t code) {
  const auto* found =
      std::lower_bound(std::begin(kSymbols), std::end(kSymbols), code, [](const Symbol& s, uint32_t c) { return s.code < c; });
  return found != std::end(kSymbols) && found->code == code ? std::string_view(found->latex) : std::string_view();
}

bool styled_letter(uint32_t code, Styled& out) {
  if (code < 0x1d400) {
    const auto* found = std::lower_bound(std::begin(kHoles), std::end(kHoles), code, [](const Hole& h, uint32_t c) { return h.code < c; });
    if (found == std::end(kHoles) || found->code != code) return false;
    out = {found->letter, found->font};
    return true;
  }
  if (code < 0x1d6a4) {
    const uint32_t i = code - 0x1d400;
    out = {i % 52 < 26 ? 'A' + i % 52 : 'a' + i % 52 - 26, kLatin[i / 52]};
    return true;
  }
  if (code >= 0x1d6a8 && code < 0x1d7ca) {
    const uint32_t i = (code - 0x1d6a8) % 58;
    const uint32_t letter = i < 17    ? 0x391 + i
                            : i == 17 ? 0x3f4
                            : i < 25  ? 0x391 + i
                            : i == 25 ? 0x2207
                            : i < 51  ? 0x3b1 + i - 26
                                      : kVariants[i - 51];
    out = {letter, kGreek[(code - 0x1d6a8) / 58]};
    return true;
  }
  if (code >= 0x1d7ce && code < 0x1d800) {
    out = {'0' + (code - 0x1d7ce) % 10, kDigits[(code - 0x1d7ce) / 10]};
    return true;
  }
  return false;
}

bool is_function_name(std::string_view name) { return std::binary_search(std::begin(kFunctions), std::end(kFunctions), name); }

void append_text(std::string_view text, std::string& out) {
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    // MathJax without its text macros leaves \_ and \% of the source in the token.
    if (c == '\\' && i + 1 < text.size() && std::string_view("{}$%#&_").find(text[i + 1]) != std::string_view::npos) {
      out += c;
      out += text[++i];
      continue;
    }
    switch (c) {
      case '\\': out += "\\textbackslash{}"; break;
      case '^': out += "\\textasciicircum{}"; break;
      case '~': out += "\\textasciitilde{}"; break;
      case '{':
      case '}':
      case '$':
      case '%':
      case '#':
      case '&':
      case '_': out += '\\'; [[fallthrough]];
      default: out += c;
    }
  }
}

uint32_t next_code(std::string_view s, size_t& i) {
  const auto byte = [&](size_t k) { return static_cast<uint8_t>(s[k]); };
  const uint32_t lead = byte(i);
  const size_t more = lead < 0xc2 ? 0 : lead < 0xe0 ? 1 : lead < 0xf0 ? 2 : lead < 0xf5 ? 3 : 0;
  if (lead < 0x80 || more == 0 || i + more >= s.size()) return ++i, lead < 0x80 ? lead : 0xfffd;
  uint32_t code = lead & (0x3f >> more);
  for (size_t k = 1; k <= more; ++k) {
    if ((byte(i + k) & 0xc0) != 0x80) return ++i, 0xfffd;
    code = code << 6 | (byte(i + k) & 0x3f);
  }
  i += more + 1;
  return code;
}

}  // namespace millrace::extract
