#pragma once
#include <string>
#include <string_view>

#include "native/extract/page.h"

namespace millrace::extract {

// What class attributes say. Tokens are compared in lower case; one of more than 63 bytes counts as none. Of an attribute only so much is read
// as pages have reason to write: elements are asked for those around them, and the same long one must not be read for each of its children.
inline constexpr size_t kReadClasses = 1024;

inline std::string_view class_of(const Tree& tree, NodeId id) { return tree.value(tree[id], html::attr::class_); }

// Calls `use(token)` for each token, in lower case and only valid during the call; ends where it returns true, and says whether it did.
template <class Use>
bool any_class(std::string_view classes, Use use) {
  char lower[64];
  classes = classes.substr(0, kReadClasses);
  for (size_t i = 0; i < classes.size();) {
    while (i < classes.size() && is_space(classes[i])) ++i;
    size_t n = 0;
    for (; i < classes.size() && !is_space(classes[i]); ++i, ++n) {
      const char c = classes[i];
      if (n < sizeof lower) lower[n] = c >= 'A' && c <= 'Z' ? static_cast<char>(c | 32) : c;
    }
    if (n > 0 && n < sizeof lower && use(std::string_view(lower, n))) return true;
  }
  return false;
}

inline bool holds(std::string_view text, std::string_view part) { return text.find(part) != text.npos; }

inline bool is_element(const Tree& tree, NodeId id, uint16_t tag) {
  return tree[id].kind == html::Kind::element && tree[id].ns == html::Ns::html && tree[id].tag == tag;
}

// True where the attribute `style` sets property to value, white space and case aside ("display", "none").
inline bool has_style(const Tree& tree, NodeId id, std::string_view property, std::string_view value) {
  const auto style = tree.value(tree[id], html::attr::style).substr(0, kReadClasses);
  const auto is = [&](size_t at, std::string_view word) {
    for (size_t i = 0; i < word.size(); ++i)
      if (at + i >= style.size() || (style[at + i] | 32) != (word[i] | 32)) return false;
    return true;
  };
  for (size_t i = 0; i + property.size() + value.size() < style.size(); ++i) {
    if ((i > 0 && !is_space(style[i - 1]) && style[i - 1] != ';' && style[i - 1] != '-') || !is(i, property)) continue;
    size_t at = i + property.size();
    while (at < style.size() && is_space(style[at])) ++at;
    if (at >= style.size() || style[at] != ':') continue;
    for (++at; at < style.size() && is_space(style[at]);) ++at;
    if (is(at, value)) return true;
  }
  return false;
}

}  // namespace millrace::extract
