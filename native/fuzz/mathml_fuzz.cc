// Formulas: MathML and AsciiMath as LaTeX, the rescue of formulas on a page, and TeX between delimiters in text.
#include <string>
#include <vector>

#include "native/extract/math.h"
#include "native/fuzz/check.h"
#include "native/html/charset.h"

using namespace millrace;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static html::Parser parser;
  static extract::Page page;
  fuzz::Input input(data, size);
  const uint8_t choice = input.byte();
  std::string html;
  html::decode(html::Encoding::utf_8, input.rest(), html);
  if (choice & 1) html.insert(0, "<math>");
  html::Limits limits;
  if (choice & 2) limits.max_depth = 16;
  parser.parse(html, page.tree, limits);
  page.reset();
  size_t work = 0;
  for (html::NodeId id = 0; id < page.tree.nodes.size() && work <= 4 * html.size(); ++id) {
    if (page.tree[id].kind != html::Kind::element || page.tree[id].tag != html::tag::math) continue;
    const std::string latex = extract::mathml_to_latex(page.tree, id);
    CHECK(html::is_utf8(latex) && latex.size() <= 64 * html.size() + 64);
    work += 1 + latex.size();
  }
  extract::rescue_math(page);
  CHECK(page.role.size() == page.tree.nodes.size());
  for (const auto& found : page.rescued) {
    CHECK(found.node < page.tree.nodes.size() && page.role[found.node] == extract::Role::formula);
    CHECK(&page.at(found.node) == &found && html::is_utf8(found.text));
  }
  std::vector<extract::Delimited> found;
  const auto check = [&](const extract::Delimiters& delimiters) {
    found.clear();
    extract::find_delimited(html, delimiters, found);
    size_t end = 0;
    for (const auto& one : found) {
      CHECK(one.begin >= end && one.end > one.begin && one.end <= html.size());
      CHECK(html::is_utf8(one.latex) && one.latex.size() <= 64 * (one.end - one.begin) + 64);
      end = one.end;
    }
  };
  check(page.delimiters);
  check({{{"$$", "$$", true}, {"$", "$", false}, {"\\(", "\\)", false}, {"\\[", "\\]", true}}});
  bool display = false;
  CHECK(html::is_utf8(extract::clean_tex(html, display)));
  std::string_view source(html);
  if (source.size() > 600) source = source.substr(0, 600);  // formulas are short, pages are not
  while (!html::is_utf8(source)) source.remove_suffix(1);
  const std::string ascii = extract::asciimath_to_latex(source);
  CHECK(html::is_utf8(ascii) && ascii.size() <= 64 * source.size() + 64);
  std::vector<extract::Formula> formulas;
  extract::list_formulas(page, formulas);
  for (const auto& one : formulas) CHECK(html::is_utf8(one.latex));
  return 0;
}
