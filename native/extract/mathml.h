#pragma once
#include <cstdint>
#include <string>
#include <string_view>

namespace millrace::extract {

// The LaTeX of a character as MathML uses it ("\\alpha", "\\le"); empty for a character that stands for itself.
std::string_view latex_symbol(uint32_t code);

// A letter of Unicode's mathematical alphabets (𝐱, ℝ, 𝔤) as its plain letter and LaTeX's font command ("mathbf"). False for others.
struct Styled {
  uint32_t letter;
  const char* font;
};
bool styled_letter(uint32_t code, Styled& out);

// `name` is an operator that LaTeX has a command for (sin, lim, max), white space within left out.
bool is_function_name(std::string_view name);

// Text inside \text{…}: LaTeX's own characters escaped.
void append_text(std::string_view text, std::string& out);

// Next code point of UTF-8; a broken byte counts as one character. `i` must be within `s`.
uint32_t next_code(std::string_view s, size_t& i);

}  // namespace millrace::extract
