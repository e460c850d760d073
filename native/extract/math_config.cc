// What a page's scripts say of its formulas: which software renders them and between which delimiters. Read are the forms that the
// documentation of MathJax 2 (tex2jax: {inlineMath: [["$", "$"]]}), MathJax 3 and 4 (tex: {inlineMath: {"[+]": [["$", "$"]]}}) and KaTeX's
// auto-render ({delimiters: [{left: "$$", right: "$$", display: true}]}) show. Scripts are not run; what is computed is not seen.
#include <emmintrin.h>

#include <algorithm>
#include <bit>

#include "native/extract/math_parts.h"

namespace millrace::extract {
namespace {

bool is_word(char c) { return (c | 32) - 'a' + 0u < 26u || c == '_' || c == '$' || (c >= '0' && c <= '9'); }

// Reads JavaScript as far as literals go.
struct Reader {
  std::string_view text;
  size_t at = 0;

  void skip_space() {
    for (;;) {
      while (at < text.size() && is_space(text[at])) ++at;
      if (text.compare(at, 2, "//") == 0) at = std::min(text.find('\n', at), text.size());
      else if (text.compare(at, 2, "/*") == 0) at = std::min(text.find("*/", at + 2), text.size() - 2) + 2;
      else return;
    }
  }
  bool eat(char c) {
    skip_space();
    if (at >= text.size() || text[at] != c) return false;
    ++at;
    return true;
  }
  char peek() {
    skip_space();
    return at < text.size() ? text[at] : '\0';
  }
  // A string literal; at most `most` bytes are kept.
  bool string(std::string& out, size_t most) {
    out.clear();
    skip_space();
    bool raw = false;
    if (text.compare(at, 10, "String.raw") == 0) {
      at += 10;
      raw = true;
    }
    if (at >= text.size() || (text[at] != '"' && text[at] != '\'' && text[at] != '`')) return false;
    const char quote = text[at++];
    for (; at < text.size() && text[at] != quote; ++at) {
      if (out.size() >= most) return false;
      if (text[at] != '\\' || raw || at + 1 >= text.size()) {
        out += text[at];
        continue;
      }
      const char c = text[++at];
      if (c == 'n') out += '\n';
      else if (c == 't') out += '\t';
      else if (c == 'u' || c == 'x') {
        uint32_t code = 0;
        const size_t digits = c == 'u' ? 4 : 2;
        size_t n = 0;
        for (; n < digits && at + 1 + n < text.size(); ++n) {
          const char h = text[at + 1 + n];
          const int value = h >= '0' && h <= '9' ? h - '0' : (h | 32) >= 'a' && (h | 32) <= 'f' ? (h | 32) - 'a' + 10 : -1;
          if (value < 0) break;
          code = code * 16 + static_cast<uint32_t>(value);
        }
        at += n;
        if (n == digits && code < 0x80) out += static_cast<char>(code);
        else out += '?';
      } else if (c != '\n') out += c;
    }
    if (at >= text.size()) return false;
    ++at;
    return true;
  }
};

constexpr size_t kMaxPairs = 16, kMaxDelimiter = 32;

void add(MathConfig& config, std::string open, std::string close, bool display) {
  if (open.empty() || close.empty() || config.pairs.size() >= kMaxPairs) return;
  for (const auto& pair : config.pairs)
    if (pair.open == open) return;
  config.pairs.push_back({std::move(open), std::move(close), display});
}

// [["$", "$"], ["\\(", "\\)"]], or the same within {"[+]": …}.
bool read_arrays(Reader& in, bool display, MathConfig& config) {
  std::string open, close;
  if (in.eat('{')) {
    if (!in.string(open, kMaxDelimiter) || !in.eat(':')) return false;
    add(config, display ? "\\[" : "\\(", display ? "\\]" : "\\)", display);
  }
  if (!in.eat('[')) return false;
  while (in.eat('[')) {
    if (!in.string(open, kMaxDelimiter) || !in.eat(',') || !in.string(close, kMaxDelimiter)) return false;
    in.eat(',');
    if (!in.eat(']')) return false;
    add(config, open, close, display);
    if (!in.eat(',')) break;
  }
  return true;
}

// [{left: "$$", right: "$$", display: true}, …]
bool read_objects(Reader& in, MathConfig& config) {
  if (!in.eat('[')) return false;
  bool any = false;
  while (in.eat('{')) {
    std::string left, right, key;
    bool display = false;
    while (in.peek() != '}' && in.at < in.text.size()) {
      if (in.peek() == '"' || in.peek() == '\'') {
        if (!in.string(key, kMaxDelimiter)) return any;
      } else {
        key.clear();
        while (in.at < in.text.size() && is_word(in.text[in.at]) && key.size() < kMaxDelimiter) key += in.text[in.at++];
      }
      if (!in.eat(':')) return any;
      if (key == "left" || key == "right") {
        if (!in.string(key == "left" ? left : right, kMaxDelimiter)) return any;
      } else {
        in.skip_space();
        const size_t begin = in.at;
        while (in.at < in.text.size() && (is_word(in.text[in.at]) || in.text[in.at] == '!')) ++in.at;
        if (key == "display") display = in.text.substr(begin, in.at - begin) == "true" || in.text.substr(begin, in.at - begin) == "!0";
      }
      if (!in.eat(',')) break;
    }
    if (!in.eat('}')) return any;
    if (left.substr(0, 7) != "\\begin{") add(config, left, right, display);
    any = true;
    if (!in.eat(',')) break;
  }
  return any;
}

// True where the key at `at` stands in a comment that runs to the end of its line.
bool commented(std::string_view text, size_t at) {
  for (size_t i = at, n = 0; i > 1 && text[i - 1] != '\n' && n < 200; --i, ++n)
    if (text[i - 1] == '/' && text[i - 2] == '/' && (i < 3 || text[i - 3] != ':')) return true;
  return false;
}

template <typename Read>
bool read_key(std::string_view text, std::string_view key, Read read) {
  bool any = false;
  int tries = 0;
  for (size_t at = text.find(key); at != text.npos && tries < 8; at = text.find(key, at + key.size()), ++tries) {
    Reader in{text, at + key.size()};
    if (in.at < text.size() && (text[in.at] == '"' || text[in.at] == '\'')) ++in.at;
    if ((!in.eat(':') && !in.eat('=')) || commented(text, at)) continue;
    any = read(in) || any;
  }
  return any;
}

// katex.render("\\frac12", document.getElementById("f1"), {displayMode: true})
void read_rendered(std::string_view text, MathConfig& config) {
  constexpr std::string_view kCall = "katex.render(";
  for (size_t at = text.find(kCall); at != text.npos && config.rendered.size() < 1000; at = text.find(kCall, at + kCall.size())) {
    Reader in{text, at + kCall.size()};
    MathConfig::Rendered found;
    if (!in.string(found.latex, 10000) || !in.eat(',')) continue;
    in.skip_space();
    const auto rest = text.substr(in.at, 300);
    const auto argument = [&](std::string_view call, char mark) {
      if (rest.substr(0, call.size()) != call) return false;
      Reader inner{rest, call.size()};
      if (!inner.string(found.id, 200)) return false;
      if (mark && (found.id.empty() || found.id[0] != mark)) return false;
      if (mark) found.id.erase(0, 1);
      return true;
    };
    if (!argument("document.getElementById(", '\0') && !argument("document.querySelector(", '#')) {
      size_t end = 0;
      while (end < rest.size() && is_word(rest[end])) ++end;
      if (end == 0 || end >= rest.size() || (rest[end] != ',' && rest[end] != ')' && !is_space(rest[end]))) continue;
      found.id = rest.substr(0, end);
    }
    const auto call = rest.substr(0, std::min(rest.find(';'), rest.find("katex.render")));
    const size_t mode = call.find("displayMode");
    found.display = mode != call.npos && call.substr(mode, 24).find("true") != call.npos;
    config.rendered.push_back(std::move(found));
  }
}

}  // namespace

bool contains_nocase(std::string_view text, std::string_view lower) {
  if (text.size() < lower.size()) return false;
  for (size_t i = 0; i + lower.size() <= text.size(); ++i) {
    size_t n = 0;
    while (n < lower.size() && (text[i + n] >= 'A' && text[i + n] <= 'Z' ? text[i + n] | 32 : text[i + n]) == lower[n]) ++n;
    if (n == lower.size()) return true;
  }
  return false;
}

namespace {

struct Software {
  bool named = false, katex = false;  // MathJax or MathInElement; katex
};

// One pass for three names by their first and fifth letters: scripts are half of all bytes, and nearly none has one.
Software find_software(std::string_view text) {
  Software found;
  const auto look = [&](size_t i) {
    found.named = found.named || text.compare(i, 7, "MathJax") == 0 || text.compare(i, 13, "MathInElement") == 0;
    found.katex = found.katex || text.compare(i, 5, "katex") == 0;
  };
  size_t i = 0;
  const auto is = [](__m128i bytes, char c) { return _mm_cmpeq_epi8(bytes, _mm_set1_epi8(c)); };
  for (; i + 20 <= text.size(); i += 16) {
    const __m128i first = _mm_loadu_si128(reinterpret_cast<const __m128i*>(text.data() + i));
    const __m128i fifth = _mm_loadu_si128(reinterpret_cast<const __m128i*>(text.data() + i + 4));
    const __m128i either = _mm_or_si128(_mm_and_si128(is(first, 'M'), _mm_or_si128(is(fifth, 'J'), is(fifth, 'I'))),
                                        _mm_and_si128(is(first, 'k'), is(fifth, 'x')));
    for (auto mask = static_cast<uint32_t>(_mm_movemask_epi8(either)); mask; mask &= mask - 1) look(i + static_cast<size_t>(std::countr_zero(mask)));
  }
  for (; i < text.size(); ++i) look(i);
  return found;
}

}  // namespace

void read_script(std::string_view source, std::string_view text, MathConfig& config) {
  if (!source.empty() && source.size() < 2048) {
    const bool mathjax = contains_nocase(source, "mathjax");
    if (mathjax || contains_nocase(source, "auto-render")) config.mathjax = true;
    if (contains_nocase(source, "asciimath")) config.asciimath = true;
    if (mathjax && (source.find("-AM_") != source.npos || source.find("=AM_") != source.npos)) config.asciimath = true;
  }
  const auto [named, katex] = find_software(text);
  if (!named && !katex) return;
  if (katex) read_rendered(text, config);
  // Not every script that names MathJax loads it: a configuration or a call does.
  if (named && (text.find("MathJax.") != text.npos || text.find("MathJax =") != text.npos || text.find("MathJax=") != text.npos ||
                text.find("tex2jax") != text.npos || text.find("renderMathInElement(") != text.npos))
    config.mathjax = true;
  if (read_key(text, "inlineMath", [&](Reader& in) { return read_arrays(in, false, config); })) config.inline_known = config.mathjax = true;
  if (read_key(text, "displayMath", [&](Reader& in) { return read_arrays(in, true, config); })) config.display_known = true;
  if (read_key(text, "delimiters", [&](Reader& in) { return read_objects(in, config); }))
    config.inline_known = config.display_known = config.mathjax = true;
  if (named &&
      (text.find("asciimath2jax") != text.npos || text.find("input/asciimath") != text.npos || text.find("input/AsciiMath") != text.npos))
    config.asciimath = true;
}

void set_delimiters(const MathConfig& config, bool tex_in_text, Delimiters& delimiters) {
  auto& pairs = delimiters.pairs;
  const auto put = [&](std::string_view open, std::string_view close, bool display) {
    for (const auto& pair : pairs)
      if (pair.open == open) return;
    pairs.push_back({std::string(open), std::string(close), display});
  };
  if (config.mathjax) {
    pairs = config.pairs;
    if (!config.inline_known) {
      put("\\(", "\\)", false);
      put("$", "$", false);
    }
    if (!config.display_known) {
      put("$$", "$$", true);
      put("\\[", "\\]", true);
    }
    put("\\begin{", "\\end{", true);
  }
  if (config.asciimath) put("`", "`", false);
  if (!config.mathjax && !tex_in_text) return;
  // What no page declares but no text holds by accident.
  put("\\(", "", false);
  put("\\[", "", true);
  put("$$", "", true);
  put("$", "", false);
  put("\\begin{", "", true);
  for (const char* name : {"tex", "itex", "math", "latex"}) {
    const std::string open = std::string("[") + name + "]", close = std::string("[/") + name + "]";
    put(open, close, name == std::string_view("tex"));
  }
}

}  // namespace millrace::extract
