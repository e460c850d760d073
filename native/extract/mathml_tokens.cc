// Tokens of MathML in LaTeX: identifiers with their fonts, numbers, operators, text and space.
#include <algorithm>
#include <iterator>
#include <utility>

#include "native/extract/mathml_converter.h"

namespace millrace::extract {
namespace {

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
  constexpr std::pair<std::string_view, double> kNames[] = {{"veryverythinmathspace", 1 / 18.},  {"verythinmathspace", 2 / 18.},
                                                            {"thinmathspace", 3 / 18.},          {"mediummathspace", 4 / 18.},
                                                            {"thickmathspace", 5 / 18.},         {"verythickmathspace", 6 / 18.},
                                                            {"veryverythickmathspace", 7 / 18.}, {"negativethinmathspace", -3 / 18.}};
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
  const double scale = unit == "em"   ? 1
                       : unit == "ex" ? .43
                       : unit == "px" ? 1 / 16.
                       : unit == "pt" ? .1
                       : unit == "mu" ? 1 / 18.
                       : unit == "cm" ? 2.37
                                      : 0;
  return (negative ? -value : value) * scale;
}

}  // namespace

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

bool takes_limits_by_name(std::string_view key) {
  static constexpr std::string_view kLimitNames[] = {
      "Pr", "det", "gcd", "inf", "lim", "liminf", "limsup", "max", "min", "sup",
  };
  return std::binary_search(std::begin(kLimitNames), std::end(kLimitNames), key);
}

void MathConverter::symbols(std::string_view text) {
  for (size_t i = 0; i < text.size();) {
    const uint32_t c = next_code(text, i);
    switch (c) {
      case 0x2002:
      case 0x2003: put_word("quad"); break;
      case 0x2004:
      case 0x2005: put("\\;"); break;
      case 0x2006:
      case 0x2009: put("\\,"); break;
      case 0x200a: break;
      default: put_symbol(c);
    }
  }
}

void MathConverter::name_of_function(NodeId id, std::string_view key, bool star) {
  if (is_function_name(key) && !(star && !takes_limits_by_name(key))) {
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
    if (only >= 0x80 && (variant == "normal" || !letter))
      font = variant.substr(0, 4) != "bold" ? "" : letter && variant == "bold" ? "mathbf" : "boldsymbol";
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
    else
      symbols({text_.data() + i -
                   (c < 0x80      ? 1
                    : c < 0x800   ? 2
                    : c < 0x10000 ? 3
                                  : 4),
               size_t(c < 0x80      ? 1
                      : c < 0x800   ? 2
                      : c < 0x10000 ? 3
                                    : 4)});
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
  put_word(own == "mathbf"                        ? "textbf"
           : own == "mathtt"                      ? "texttt"
           : own == "mathsf"                      ? "textsf"
           : styled_font && !mixed && own.empty() ? "textit"
                                                  : text_font(variant));
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

}  // namespace millrace::extract
