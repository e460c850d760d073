#pragma once
#include "native/extract/features.h"

namespace millrace::extract {

// What a page says of itself, as columns of its rows (`page` holds feature::count of them): schema.org types of JSON-LD and microdata and
// og:type (s_*, og_*), and words and shape of its address (url_*).
void read_schema(const Tree& tree, float* page);
void read_url(std::string_view url, float* page);

// The text of <title>, as it stands; empty where there is none.
std::string_view title_of(const Tree& tree);

}  // namespace millrace::extract
