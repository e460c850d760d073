#pragma once
#include <string>
#include <string_view>

#include "native/extract/page.h"

namespace millrace::extract {

// The language that a page names for a piece of code, by the classes and attributes of the node, its first descendants or its nearest
// ancestors (language-x, lang-x, brush: x, highlight-source-x, hljs x, sourceCode x, data-lang, …); lower case, empty where there is none or
// it only says that the text is plain.
std::string code_language(const Tree& tree, NodeId node);

// True for the usual names of languages, in lower case ("python", "c++", "sh").
bool is_language_name(std::string_view name);

}  // namespace millrace::extract
