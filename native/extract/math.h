#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "native/extract/page.h"

namespace millrace::extract {

// Finds every formula that the page's markup holds (extraction.md 3.7), rescues it as LaTeX, skips its twin renderings, and reads the
// page's delimiters. Runs first.
//
// A pair of delimiters whose `close` is empty was not declared by the page: find_delimited knows where it ends, and takes what stands
// between only if it cannot be anything but TeX.
void rescue_math(Page& page);

// A <math> element (any prefix) as LaTeX; empty if nothing is in it. Work is linear in the subtree.
std::string mathml_to_latex(const Tree& tree, NodeId math);

struct Delimited {
  size_t begin = 0, end = 0;  // in the text, delimiters included
  std::string latex;          // white space collapsed; AsciiMath already converted
  bool display = false;
};

// TeX between the page's delimiters in one line or block of text, in its order. Prices are no formulas. Work is linear in the text.
void find_delimited(std::string_view text, const Delimiters& delimiters, std::vector<Delimited>& found);

// TeX as it stands in an attribute, script or annotation, without its delimiters ($…$, \(…\), [tex]…), comments, an outer
// {\displaystyle …} and CDATA marks; white space collapsed. `display` is set where the delimiters say so.
std::string clean_tex(std::string_view tex, bool& display);

// AsciiMath (asciimath.org, as MathJax reads it) as LaTeX.
std::string asciimath_to_latex(std::string_view source);

struct Formula {
  std::string latex;
  bool display = false;
};

// All formulas of a page on which rescue_math ran, rescued and delimited, in the order of the document.
void list_formulas(const Page& page, std::vector<Formula>& formulas);

}  // namespace millrace::extract
