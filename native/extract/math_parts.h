// What the files of rescue_math share. Not for others.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "native/extract/math.h"

namespace millrace::extract {

// What a page's scripts say of its formulas.
struct MathConfig {
  bool mathjax = false;       // MathJax or KaTeX's auto-render runs over the text
  bool asciimath = false;     // and reads AsciiMath between backticks
  bool inline_known = false;  // the page names its own inline delimiters
  bool display_known = false;
  std::vector<Delimiters::Pair> pairs;
  struct Rendered {
    std::string id, latex;
    bool display = false;
  };
  std::vector<Rendered> rendered;  // katex.render("…", element with that id)
};

// `source` is the script's src attribute, `text` its content.
void read_script(std::string_view source, std::string_view text, MathConfig& config);

// The page's pairs, `tex_in_text`: a backslash stood somewhere in its text.
void set_delimiters(const MathConfig& config, bool tex_in_text, Delimiters& delimiters);

// LaTeX of an image that shows a formula, empty for other images. `display`: it says that it stands alone.
std::string image_latex(const Tree& tree, NodeId image, bool& display);

// %XX decoded, and `+` as a space where `plus` says so.
std::string percent_decoded(std::string_view text, bool plus);

bool contains_nocase(std::string_view text, std::string_view lower);
bool has_token(std::string_view list, std::string_view token);
bool is_blank(std::string_view text);
std::string_view trimmed_view(std::string_view text);

// Nothing but definitions of commands (\newcommand{\R}{\mathbb{R}}), delimiters around each or not: nothing to read.
bool is_definition(std::string_view text);

// A command that only LaTeX mathematics has (\frac, \alpha, \sum) stands in the text.
bool has_math_command(std::string_view text);

}  // namespace millrace::extract
