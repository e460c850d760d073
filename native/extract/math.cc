// Formulas in a page's markup: one walk in document order that stops at whatever shows a formula, takes the best source in its subtree
// (TeX annotation, then MathJax's script, alttext, converted MathML, the fallback image) and puts it in the place of the whole, so that
// twin renderings and hidden parents go with it. Names of classes are those of the software that makes them: KaTeX, MathJax 2 to 4,
// MediaWiki, Stack Exchange, Sphinx, Pandoc, WordPress, Zhihu, CKEditor, GitHub and GitLab. The order of sources is extraction.md 3.7's.
#include <array>

#include "native/extract/math_parts.h"
#include "native/extract/math_source.h"

namespace millrace::extract {
namespace {

namespace tag = html::tag;
namespace attr = html::attr;
using html::Kind;
using html::Ns;

enum class Shape : uint8_t {
  none,
  wrapper,   // holds one formula and its renderings
  rendered,  // what MathJax has drawn: its script beside it is the formula
  preview,   // what MathJax shows before it draws
  text,      // TeX, with or without delimiters
  noise
};
struct ClassName {
  std::string_view name;
  Shape shape;
  int display;  // 1 yes, 0 no, -1 not said
};
constexpr ClassName kClasses[] = {
    {"katex", Shape::wrapper, 0}, {"katex-display", Shape::wrapper, 1}, {"katex--inline", Shape::wrapper, 0},
    {"katex--display", Shape::wrapper, 1}, {"mwe-math-element", Shape::wrapper, -1}, {"mjx-container", Shape::wrapper, -1},
    {"wp-katex-eq", Shape::text, -1}, {"ztext-math", Shape::wrapper, -1}, {"MathJax", Shape::rendered, 0},
    {"MathJax_Display", Shape::rendered, 1}, {"MathJax_SVG", Shape::rendered, 0}, {"MathJax_SVG_Display", Shape::rendered, 1},
    {"MathJax_CHTML", Shape::rendered, 0}, {"MJXc-display", Shape::rendered, 1}, {"MathJax_MathML", Shape::rendered, 0},
    {"MathJax_PHTML", Shape::rendered, 0}, {"MathJax_PlainSource", Shape::rendered, 0}, {"mjx-chtml", Shape::rendered, 0},
    {"MathJax_Preview", Shape::preview, 0}, {"math-container", Shape::text, -1}, {"math-tex", Shape::text, -1}, {"math", Shape::text, -1},
    {"texerror", Shape::text, -1}, {"tex", Shape::text, -1}, {"arithmatex", Shape::text, -1}, {"math-inline", Shape::text, 0},
    {"math-display", Shape::text, 1}, {"math-block", Shape::text, 1}, {"inline-math", Shape::text, 0}, {"display-math", Shape::text, 1},
    {"js-inline-math", Shape::text, 0}, {"js-display-math", Shape::text, 1}, {"language-math", Shape::text, 1},
    {"js-render-math", Shape::text, -1}, {"mathjax-block", Shape::text, 1}, {"mathjax_block", Shape::text, 1},
};
constexpr std::string_view kSources[] = {
    "data-tex", "data-expr", "data-latex", "data-formula", "data-katex", "data-equation", "data-eq",
};

constexpr std::array<bool, 256> kMarks = [] {
  std::array<bool, 256> all{};
  all['\\'] = all['['] = true;
  return all;
}();

// The first backslash or opening bracket. Texts are short: a call of memchr for each of both costs more than it saves.
size_t find_mark(std::string_view text) {
  size_t i = 0;
  for (; i + 4 <= text.size(); i += 4) {
    const auto at = [&](size_t k) { return kMarks[static_cast<uint8_t>(text[i + k])]; };
    if (at(0) | at(1) | at(2) | at(3)) break;
  }
  for (; i < text.size(); ++i)
    if (kMarks[static_cast<uint8_t>(text[i])]) return i;
  return text.npos;
}

// A filter in front of kClasses: sets of the names' lengths by first and by last letter. Nearly every other class fails it.
constexpr auto kLengths = [] {
  std::array<std::array<uint32_t, 256>, 2> sets{};
  for (const auto& entry : kClasses) {
    sets[0][static_cast<uint8_t>(entry.name.front())] |= 1u << entry.name.size();
    sets[1][static_cast<uint8_t>(entry.name.back())] |= 1u << entry.name.size();
  }
  return sets;
}();
bool may_be_class(std::string_view token) {
  if (token.size() >= 32) return false;
  return kLengths[0][static_cast<uint8_t>(token.front())] & kLengths[1][static_cast<uint8_t>(token.back())] & 1u << token.size();
}

class Rescuer {
 public:
  explicit Rescuer(Page& page) : page_(page), t_(page.tree), source_(page.tree) {}

  void run() {
    for (NodeId id = 0; id != kNoNode;) {
      const Node& node = t_[id];
      if (node.kind == Kind::text) {
        look_at(id);
        id = t_.behind(id);
        continue;
      }
      id = node.kind == Kind::element && element(id) ? t_.behind(id) : t_.following(id);
    }
    set_delimiters(config_, tex_in_text_, page_.delimiters);
    if (!config_.rendered.empty()) place_rendered();
  }

 private:
  // ---- tree -----------------------------------------------------------------------------------------------------------------------

  NodeId next_element(NodeId id) const {
    for (id = t_[id].next; id != kNoNode; id = t_[id].next) {
      if (t_[id].kind == Kind::element) return id;
      if (t_[id].kind == Kind::text && !is_blank(t_.text(t_[id].range))) return kNoNode;
    }
    return kNoNode;
  }
  bool in_code(NodeId id) const {
    for (int i = 0; id != kNoNode && i < 6; id = t_[id].parent, ++i)
      switch (t_[id].kind == Kind::element && t_[id].ns == Ns::html ? t_[id].tag : 0) {
        case tag::script:
        case tag::style:
        case tag::pre:
        case tag::code:
        case tag::textarea:
        case tag::template_:
        case tag::title: return true;
        default: break;
      }
    return false;
  }

  // A backslash before a letter or bracket, or a tag of a forum's TeX.
  void look_at(NodeId id) {
    const auto text = t_.text(t_[id].range);
    const size_t mark = find_mark(text);
    if (mark == text.npos) return;
    const size_t slash = text.find('\\', mark);
    if (slash != text.npos && slash < 16 && is_definition(text) && !in_code(id)) {
      const NodeId above = t_[id].parent;
      if (t_[above].first_child == id && t_[id].next == kNoNode && t_[above].kind == Kind::element) page_.skip(above);
      return;
    }
    if (tex_in_text_) return;
    for (size_t i = slash; i != text.npos; i = text.find('\\', i + 1))
      if (i + 1 < text.size() && ((text[i + 1] | 32) - 'a' + 0u < 26u || text[i + 1] == '(' || text[i + 1] == '[')) {
        if (in_code(id)) return;
        tex_in_text_ = true;
        return;
      }
    if (const size_t i = text.find("[/", mark); i != text.npos && !in_code(id))
      for (const std::string_view name : {"[/tex]", "[/itex]", "[/math]", "[/latex]"})
        if (text.find(name, i) != text.npos) tex_in_text_ = true;
  }

  bool put(NodeId id, std::string latex, bool display) {
    if (latex.empty()) return false;
    if (is_definition(latex)) {
      page_.skip(id);
      return true;
    }
    page_.rescue(Role::formula, {id, display, std::move(latex), {}});
    return true;
  }

  // ---- elements: true where the subtree is done -------------------------------------------------------------------------------------

  bool element(NodeId id) {
    const Node& node = t_[id];
    if (node.ns == Ns::svg) return false;
    switch (node.tag) {
      case tag::math: {
        bool display = false;
        auto latex = source_.of_math(id, display);
        put(id, std::move(latex), display);
        return true;
      }
      case tag::script: return script(id);
      case tag::style:
      case tag::textarea:
      case tag::template_: return true;
      case tag::img: {
        bool display = false;
        auto latex = image_latex(t_, id, display);
        if (latex.empty()) return true;
        if (repeats(id, latex)) page_.skip(id);
        else put(id, std::move(latex), display || alone(id));
        return true;
      }
      case 0: {
        const auto name = t_.text(node.range);
        if (name == "mjx-container")
          return rendered(id, t_.value(node, attr::display) == "true" || t_.value(node, attr::display) == "block");
        if (name == "math-renderer" || name == "tex-math" || name == "formula" || name == "mathjax") return text(id, -1);
        if (source_.is_math(id)) {
          bool display = false;
          auto latex = source_.of_math(id, display);
          put(id, std::move(latex), display);
          return true;
        }
        break;
      }
      default: break;
    }
    if (node.attribute_count == 0) return false;
    const auto* by_class = t_.find(node, attr::class_);
    return by_class && classes(id, t_.text(by_class->value));
  }

  // What the class that says most of a formula says.
  static const ClassName* of_classes(std::string_view list) {
    const ClassName* best = nullptr;
    for (size_t i = 0; i < list.size();) {
      while (i < list.size() && is_space(list[i])) ++i;
      size_t end = i;
      while (end < list.size() && !is_space(list[end])) ++end;
      if (const auto token = list.substr(i, end - i); !token.empty() && may_be_class(token)) {
        for (const auto& entry : kClasses)
          if (entry.name == token && (!best || entry.display > best->display)) best = &entry;
      }
      i = end;
    }
    return best;
  }

  bool classes(NodeId id, std::string_view list) {
    if (list.size() < 3) return false;
    // Pages write the same classes over and over.
    auto& known = known_[(list.size() * 7 + static_cast<uint8_t>(list[list.size() / 2]) * 5 + static_cast<uint8_t>(list.back()) * 3 +
                          static_cast<uint8_t>(list[0])) % std::size(known_)];
    if (known.list != list) known = {list, of_classes(list)};
    const ClassName* best = known.best;
    if (!best) return false;
    int display = best->display;
    if (display < 0 && (has_token(list, "display") || has_token(list, "block") || has_token(list, "displaymath"))) display = 1;
    switch (best->shape) {
      case Shape::wrapper: return wrapper(id, display > 0);
      case Shape::rendered: return rendered(id, display > 0);
      case Shape::preview: return preview(id);
      case Shape::text: return text(id, display);
      default: return false;
    }
  }

  // TeX in an attribute of the element itself.
  std::string of_attributes(NodeId id, bool& display) const {
    for (const auto name : kSources)
      if (const auto value = source_.attribute(id, name); !is_blank(value)) return clean_tex(value, display);
    return {};
  }

  bool wrapper(NodeId id, bool display) {
    auto latex = of_attributes(id, display);
    if (latex.empty() && !empty_within(id)) {
      bool none = false;
      latex = source_.below(id, display, none);
      if (none) barren_ = id;
    }
    if (latex.empty()) return false;
    if (source_.attribute(id, "data-display") == "true") display = true;
    return put(id, std::move(latex), display);
  }

  // Within an element that was searched and holds no formula.
  bool empty_within(NodeId id) const {
    if (barren_ == kNoNode) return false;
    for (NodeId n = t_[id].parent; n != kNoNode; n = t_[n].parent)
      if (n == barren_) return true;
    return false;
  }

  bool rendered(NodeId id, bool display) {
    NodeId beside = next_element(id);
    for (int i = 0; i < 3 && beside != kNoNode; ++i, beside = next_element(beside))
      if (source_.is_math_script(beside)) {
        page_.skip(id);
        return true;
      }
    if (const auto source = source_.attribute(id, "data-mathml"); !source.empty()) {
      auto latex = source_.of_mathml(source, display);
      if (!latex.empty()) return put(id, std::move(latex), display);
    }
    return wrapper(id, display);
  }

  bool preview(NodeId id) {
    NodeId beside = next_element(id);
    for (int i = 0; i < 3 && beside != kNoNode; ++i, beside = next_element(beside))
      if (source_.is_math_script(beside) || t_.value(t_[beside], attr::class_).find("MathJax") != std::string_view::npos) {
        page_.skip(id);
        return true;
      }
    return wrapper(id, false);
  }

  // An element that holds TeX as text. Its markup is plain, or the formula lies in it.
  bool text(NodeId id, int display) {
    bool shown = display > 0;
    auto latex = of_attributes(id, shown);
    if (source_.attribute(id, "data-display") == "true" || source_.attribute(id, "data-math-style") == "display") shown = true;
    if (latex.empty()) {
      bool plain = true, scripts = false;
      size_t size = 0, nodes = 0;
      for (NodeId n = t_.following(id, id); n != kNoNode && plain; n = t_.following(n, id)) {
        if (++nodes > 2000 || size > 20000) plain = false;
        if (t_[n].kind == Kind::text) size += t_[n].range.size;
        if (t_[n].kind != Kind::element || t_[n].tag == tag::br || t_[n].tag == tag::wbr) continue;
        if (t_[n].tag == tag::sub || t_[n].tag == tag::sup) scripts = true;
        else
          plain = plain && (t_[n].tag == tag::i || t_[n].tag == tag::em || t_[n].tag == tag::var || t_[n].tag == tag::nobr ||
                            t_[n].tag == tag::code);
      }
      if (!plain) return wrapper(id, shown);
      const auto source = scripts ? source_.with_scripts(id) : source_.text_below(id);
      const size_t before = source.find_first_not_of(" \t\r\n");
      const bool marked = before != source.npos &&
                          (source[before] == '$' || source.compare(before, 2, "\\(") == 0 || source.compare(before, 2, "\\[") == 0);
      latex = clean_tex(source, shown);
      if (latex.empty() || (!marked && !MathSource::is_formula(latex))) return false;
      if (has_two(latex)) return false;  // running text with formulas in it: find_delimited's
      if (display < 0 && !marked && !scripts && is_block(t_, id)) shown = true;
    }
    return put(id, std::move(latex), shown);
  }

  static bool has_two(std::string_view latex) {
    return latex.find("\\(") != latex.npos || latex.find("\\[") != latex.npos || latex.find("$$") != latex.npos;
  }

  bool script(NodeId id) {
    if (source_.is_math_script(id)) {
      bool display = false;
      auto latex = source_.of_script(id, display);
      put(id, std::move(latex), display);
      return true;
    }
    const NodeId content = t_[id].first_child;
    read_script(t_.value(t_[id], attr::src), content == kNoNode ? std::string_view() : t_.text(t_[content].range), config_);
    return true;
  }

  // ---- images -----------------------------------------------------------------------------------------------------------------------

  // Within <noscript>, beside the picture that a script loads late.
  bool repeats(NodeId id, const std::string& latex) const {
    const NodeId noscript = t_[id].parent;
    if (noscript == kNoNode || t_[noscript].tag != tag::noscript || page_.rescued.empty() || page_.rescued.back().text != latex)
      return false;
    const NodeId near = page_.rescued.back().node;
    for (NodeId n = t_[noscript].previous; n != kNoNode; n = t_[n].previous) {
      if (n == near) return true;
      if (t_[n].kind == Kind::element) return false;
    }
    return t_[near].parent != kNoNode && t_[t_[near].parent].next == noscript;
  }

  // A picture that has its line, or its block, for itself.
  bool alone(NodeId id) const {
    const auto bounds = [&](bool forward) {
      int steps = 0;
      for (NodeId at = id; at != kNoNode && steps < 64; ++steps) {
        const NodeId beside = forward ? t_[at].next : t_[at].previous;
        if (beside == kNoNode) {
          at = t_[at].parent;
          if (at == kNoNode || is_block(t_, at)) return true;
          continue;
        }
        at = beside;
        if (t_[at].kind == Kind::text && !is_blank(t_.text(t_[at].range))) return false;
        if (t_[at].kind == Kind::element) return t_[at].tag == tag::br || is_block(t_, at);
      }
      return false;
    };
    return bounds(true) && bounds(false);
  }

  // ---- katex.render ---------------------------------------------------------------------------------------------------------------

  void place_rendered() {
    for (NodeId id = 0; id < t_.nodes.size(); ++id) {
      const Node& node = t_[id];
      if (node.kind != Kind::element || page_.role[id] != Role::none) continue;
      const auto* name = t_.find(node, attr::id);
      if (!name) continue;
      for (auto& found : config_.rendered)
        if (found.id == t_.text(name->value)) {
          bool display = found.display;
          put(id, clean_tex(found.latex, display), display);
          found.id.clear();
          break;
        }
    }
  }

  Page& page_;
  const Tree& t_;
  MathConfig config_;
  bool tex_in_text_ = false;
  NodeId barren_ = kNoNode;
  struct Known {
    std::string_view list;
    const ClassName* best = nullptr;
  };
  std::array<Known, 128> known_;
  MathSource source_;
};

}  // namespace

void rescue_math(Page& page) { Rescuer(page).run(); }

}  // namespace millrace::extract
