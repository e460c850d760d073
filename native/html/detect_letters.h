#pragma once
#include <string_view>

#include "native/html/charset.h"

namespace millrace::html {

// An encoding and the price in bits of a sample's bytes beyond ASCII under it: the lower, the likelier.
struct Likelihood {
  Encoding encoding = Encoding::none;
  double bits = 0;
};

// The cheapest single-byte encoding of a sample, over the languages that are written in each (charset_models.inc). Price a byte: how rarely
// its letter stands behind the one before in texts of the language, or what a mark, a symbol or no character at all costs in any text.
Likelihood likeliest_letters(std::string_view sample);

}  // namespace millrace::html
