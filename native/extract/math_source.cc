// Where a formula's TeX stands, best first: annotation, alternative text, MathJax's script, what it was drawn from, the fallback image; and
// MathML that carries none of them is converted.
#include "native/extract/math_source.h"

#include <vector>

#include "native/extract/math_parts.h"

namespace millrace::extract {
namespace {

namespace tag = html::tag;
namespace attr = html::attr;
using html::Kind;

bool is_tex_encoding(std::string_view encoding) {
  return contains_nocase(encoding, "tex");  // application/x-tex, TeX, LaTeX, text/latex
}

// An alternative text that is TeX, not words.
bool is_tex(std::string_view text) {
  if (text.find_first_of("\\^_{") != text.npos) return true;
  size_t letters = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    letters = (text[i] | 32) >= 'a' && (text[i] | 32) <= 'z' ? letters + 1 : 0;
    if (letters > 2) return false;
  }
  return !is_blank(text);
}

}  // namespace

std::string_view MathSource::attribute(NodeId id, std::string_view name) const {
  const Node& n = t_[id];
  for (uint32_t i = n.attributes; i < n.attributes + n.attribute_count; ++i)
    if (t_.name(t_.attributes[i]) == name) return t_.text(t_.attributes[i].value);
  return {};
}
bool MathSource::is_math(NodeId id) const {
  const Node& n = t_[id];
  if (n.kind != Kind::element) return false;
  if (n.tag == tag::math) return true;
  if (n.tag) return false;
  const auto name = t_.text(n.range);
  return name.size() > 5 && name.substr(name.size() - 5) == ":math";
}
bool MathSource::is_annotation(NodeId id) const {
  const Node& n = t_[id];
  if (n.kind != Kind::element) return false;
  if (n.tag == tag::annotation) return true;
  if (n.tag) return false;
  const auto name = t_.text(n.range);
  return name.size() > 11 && name.substr(name.size() - 11) == ":annotation";
}
bool MathSource::is_math_script(NodeId id) const {
  return t_[id].kind == Kind::element && t_[id].tag == tag::script && t_.value(t_[id], attr::type).substr(0, 5) == "math/";
}
std::string MathSource::text_below(NodeId id, size_t most) const {
  std::string text;
  for (NodeId n = t_.following(id, id); n != kNoNode && text.size() < most; n = t_.following(n, id)) {
    if (t_[n].kind == Kind::text) text += t_.text(t_[n].range);
    if (t_[n].kind == Kind::element && t_[n].tag == tag::br) text += '\n';
  }
  return text;
}
std::string MathSource::of_math(NodeId math, bool& display) {
  const auto mode = t_.value(t_[math], attr::display);
  if (mode == "block" || t_.value(t_[math], attr::mode) == "display") display = true;
  for (NodeId n = t_.following(math, math); n != kNoNode; n = t_.following(n, math))
    if (is_annotation(n) && is_tex_encoding(t_.value(t_[n], attr::encoding))) {
      auto tex = clean_tex(text_below(n), display);
      if (!tex.empty()) return tex;
    }
  if (const auto alt = t_.value(t_[math], attr::alttext); is_tex(alt)) {
    auto tex = clean_tex(alt, display);
    if (!tex.empty()) return tex;
  }
  return mathml_to_latex(t_, math);
}

std::string MathSource::of_mathml(std::string_view source, bool& display) {
  if (source.size() > (1u << 20)) return {};
  if (!parser_) parser_.emplace();
  parser_->parse(source, inner_);
  for (NodeId n = 0; n != kNoNode; n = inner_.following(n))
    if (inner_[n].kind == Kind::element && inner_[n].tag == tag::math) {
      if (inner_.value(inner_[n], attr::display) == "block") display = true;
      return mathml_to_latex(inner_, n);
    }
  return {};
}

std::string MathSource::of_script(NodeId script, bool& display) {
  const auto type = t_.value(t_[script], attr::type);
  const auto text = text_below(script, 1u << 20);
  if (type.find("mode=display") != type.npos || type.find("mode=\"display\"") != type.npos) display = true;
  const auto kind = type.substr(5, type.find(';') == type.npos ? type.npos : type.find(';') - 5);
  if (kind == "asciimath") return asciimath_to_latex(trimmed_view(text));
  if (kind == "mml") return of_mathml(text, display);
  return clean_tex(text, display);
}

std::string MathSource::below(NodeId id, bool& display, bool& none) {
  none = false;
  NodeId math = kNoNode, script = kNoNode, image = kNoNode, drawn = kNoNode;
  int maths = 0, scripts = 0;
  for (NodeId n = t_.following(id, id); n != kNoNode;) {
    if (budget_ == 0) return {};
    --budget_;
    if (t_[n].kind == Kind::element) {
      if (is_math(n)) {
        math = n;
        if (++maths > 1) return {};
        n = t_.behind(n, id);
        continue;
      }
      if (is_math_script(n)) script = n, ++scripts;
      if (t_[n].tag == tag::img) image = n;
      if (t_[n].tag == tag::span && drawn == kNoNode && t_[n].attribute_count > 1 && !attribute(n, "data-mathml").empty()) drawn = n;
    }
    n = t_.following(n, id);
  }
  if (scripts > 1) return {};
  if (script != kNoNode) {
    auto tex = of_script(script, display);
    if (!tex.empty()) return tex;
  }
  if (math != kNoNode) {
    auto tex = of_math(math, display);
    if (!tex.empty()) return tex;
  }
  if (drawn != kNoNode) {
    auto tex = of_mathml(attribute(drawn, "data-mathml"), display);
    if (!tex.empty()) return tex;
  }
  if (image != kNoNode) return image_latex(t_, image, display);
  none = math == kNoNode && script == kNoNode;
  return {};
}

bool MathSource::is_formula(std::string_view text) {
  if (text.find_first_of("\\^_=") != text.npos || has_math_command(text)) return true;
  bool sign = text.find_first_of("<>+*/|") != text.npos;
  size_t words = 0, run = 0;
  for (size_t i = 0; i <= text.size(); ++i) {
    const char c = i < text.size() ? text[i] : ' ';
    if ((c | 32) >= 'a' && (c | 32) <= 'z') ++run;
    else {
      if (run > 3) ++words;
      run = 0;
    }
    if (static_cast<uint8_t>(c) == 0xe2 && i + 1 < text.size() &&
        (static_cast<uint8_t>(text[i + 1]) == 0x86 || static_cast<uint8_t>(text[i + 1]) == 0x88 ||
         static_cast<uint8_t>(text[i + 1]) == 0x89))
      sign = true;  // arrows and mathematical operators
  }
  return sign ? words < 3 : text.size() <= 3;
}

std::string MathSource::with_scripts(NodeId id) const {
  std::string out;
  std::vector<NodeId> open;
  NodeId n = t_.following(id, id);
  while (n != kNoNode) {
    while (!open.empty()) {
      NodeId above = n;
      while (above != id && above != open.back()) above = t_[above].parent;
      if (above == open.back()) break;
      out += '}';
      open.pop_back();
    }
    if (t_[n].kind == Kind::text) out += t_.text(t_[n].range);
    if (t_[n].kind == Kind::element && (t_[n].tag == tag::sub || t_[n].tag == tag::sup)) {
      out += t_[n].tag == tag::sub ? "_{" : "^{";
      open.push_back(n);
    }
    n = t_.following(n, id);
  }
  out.append(open.size(), '}');
  return out;
}

}  // namespace millrace::extract
