#pragma once
#include <cstdint>
#include <string>
#include <string_view>

namespace millrace::html {

// A character reference at `text[0] == '&'` (WHATWG HTML 13.2.5.72 to 13.2.5.80): appends what it stands for and returns the bytes that
// it takes, or 0 where it is none. In attributes a name without semicolon in front of '=' or an ASCII letter or digit is none.
size_t decode_reference(std::string_view text, bool in_attribute, std::string& out);

void append_utf8(uint32_t code, std::string& out);

}  // namespace millrace::html
