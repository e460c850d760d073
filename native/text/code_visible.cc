// What a page shows, for the rule of StarCoder and StarCoder2 on HTML. A tag scanner, not a parser: broken pages are measured roughly, and
// never read twice.
#include <cstring>

#include "native/text/code.h"

namespace millrace::text {
namespace {

constexpr bool is_space(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

bool begins(std::string_view text, size_t at, std::string_view word) {
  if (text.size() - at < word.size()) return false;
  for (size_t i = 0; i < word.size(); ++i)
    if ((text[at + i] | 32) != word[i]) return false;
  return true;
}

// Behind the next `word` (small letters) at or after `at`, or the end.
size_t behind(std::string_view text, size_t at, std::string_view word) {
  for (size_t found = text.find('<', at); found != std::string_view::npos; found = text.find('<', found + 1))
    if (begins(text, found + 1, word)) return found + 1 + word.size();
  return text.size();
}

size_t behind_tag(std::string_view text, size_t at) {
  const size_t end = text.find('>', at);
  return end == std::string_view::npos ? text.size() : end + 1;
}

}  // namespace

Visible find_visible(std::string_view html) {
  Visible visible;
  bool spaced = true;
  for (size_t i = 0; i < html.size();) {
    const char c = html[i];
    if (c == '<' && i + 1 < html.size() && (((html[i + 1] | 32) >= 'a' && (html[i + 1] | 32) <= 'z') || html[i + 1] == '/' || html[i + 1] == '!' || html[i + 1] == '?')) {
      if (html.substr(i, 4) == "<!--") {
        const size_t end = html.find("-->", i + 4);
        i = end == std::string_view::npos ? html.size() : end + 3;
      } else if (begins(html, i + 1, "script")) {
        i = behind_tag(html, behind(html, i + 7, "/script"));
      } else if (begins(html, i + 1, "style")) {
        i = behind_tag(html, behind(html, i + 6, "/style"));
      } else {
        i = behind_tag(html, i);
      }
      continue;
    }
    if (is_space(c)) {
      if (!spaced) ++visible.characters;
      spaced = true;
      ++i;
      continue;
    }
    spaced = false;
    if ((static_cast<uint8_t>(c) & 0xc0) != 0x80) ++visible.characters;
    if (c == '&') {
      size_t end = i + 1;
      while (end < html.size() && end - i < 32 && html[end] != ';' && html[end] != '&' && html[end] != '<' && !is_space(html[end])) ++end;
      if (end < html.size() && html[end] == ';') {
        i = end + 1;
        continue;
      }
    }
    ++i;
  }
  return visible;
}

}  // namespace millrace::text
