#pragma once
#include "native/extract/page.h"

namespace millrace::extract {

// Finds every formula that the page's markup holds (extraction.md 3.7), rescues it as LaTeX, skips its twin renderings, and reads the
// page's delimiters. Runs first.
void rescue_math(Page& page);

// A <math> element (any prefix) as LaTeX; empty if nothing is in it. Work is linear in the subtree.
std::string mathml_to_latex(const Tree& tree, NodeId math);

struct Delimited {
  size_t begin = 0, end = 0;  // in the text, delimiters included
  std::string_view latex;     // within the text
  bool display = false;
};

// TeX between the page's delimiters in one line or block of text.
void find_delimited(std::string_view text, const Delimiters& delimiters, std::vector<Delimited>& found);

}  // namespace millrace::extract
