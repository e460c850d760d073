#include "native/extract/metadata_text.h"

#include <algorithm>

#include "native/html/references.h"

namespace millrace::extract {
namespace {

namespace tag = html::tag;

unsigned char byte(std::string_view text, size_t at) { return at < text.size() ? static_cast<unsigned char>(text[at]) : 0; }

// Bytes of a space or invisible character at `at`, 0 for others: ASCII controls, U+00A0, U+00AD, U+2000..U+200F, U+2028..U+202F, U+2060,
// U+3000, U+FEFF. `joins` is set for those without width.
size_t blank_at(std::string_view text, size_t at, bool& joins) {
  const unsigned char c = byte(text, at);
  joins = false;
  if (c <= 0x20 || c == 0x7F) return 1;
  if (c < 0x80) return 0;
  const unsigned char d = byte(text, at + 1), e = byte(text, at + 2);
  if (c == 0xC2) {
    joins = d == 0xAD;
    return d == 0xA0 || d == 0xAD || (d >= 0x80 && d < 0xA0) ? 2 : 0;
  }
  if (c == 0xE2 && d == 0x80 && (e <= 0x8F || (e >= 0xA8 && e <= 0xAF))) {
    joins = e >= 0x8B && e <= 0x8F;
    return 3;
  }
  if (c == 0xE2 && d == 0x81 && e == 0xA0) return joins = true, 3;
  if (c == 0xE3 && d == 0x80 && e == 0x80) return 3;
  if (c == 0xEF && d == 0xBB && e == 0xBF) return joins = true, 3;
  return 0;
}

// Bytes of a mark that is no part of a word.
size_t mark_at(std::string_view text, size_t at) {
  bool joins;
  if (const size_t blank = blank_at(text, at, joins)) return blank;
  const unsigned char c = byte(text, at), d = byte(text, at + 1);
  if (c < 0x80) return (c >= '0' && c <= '9') || ((c | 32) >= 'a' && (c | 32) <= 'z') ? 0 : 1;
  if (c == 0xC2) return d != 0xAA && d != 0xB5 && d != 0xBA ? 2 : 0;
  if (c == 0xE2 && d >= 0x80 && d <= 0xAF) return 3;  // punctuation, arrows, symbols
  if (c == 0xE3 && d == 0x80) return 3;               // CJK punctuation
  if (c == 0xEF && (d == 0xBC || d == 0xBD)) {         // full-width ASCII marks
    const unsigned char e = byte(text, at + 2);
    return d == 0xBC && e >= 0x81 && e <= 0x8F ? 3 : 0;
  }
  if (c == 0xF0 && d == 0x9F) return 4;  // pictographs
  return 0;
}

}  // namespace

bool equals(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return false;
  for (size_t i = 0; i < a.size(); ++i)
    if (lower(a[i]) != lower(b[i])) return false;
  return true;
}

bool contains(std::string_view text, std::string_view word) {
  for (size_t at = 0; at + word.size() <= text.size(); ++at) {
    if (lower(text[at]) != word[0]) continue;
    size_t i = 1;
    while (i < word.size() && lower(text[at + i]) == word[i]) ++i;
    if (i == word.size()) return true;
  }
  return false;
}

bool starts(std::string_view text, std::string_view word) {
  if (text.size() < word.size()) return false;
  for (size_t i = 0; i < word.size(); ++i)
    if (lower(text[i]) != word[i]) return false;
  return true;
}

std::string_view cut_utf8(std::string_view text, size_t cap) {
  if (text.size() <= cap) return text;
  while (cap > 0 && (byte(text, cap) & 0xC0) == 0x80) --cap;
  return text.substr(0, cap);
}

std::string line(std::string_view text, size_t cap) {
  std::string out;
  bool gap = false, joins = false;
  for (size_t at = 0; at < text.size() && out.size() <= cap;) {
    if (const size_t blank = blank_at(text, at, joins)) {
      gap |= !joins;
      at += blank;
      continue;
    }
    if (gap && !out.empty()) out += ' ';
    gap = false;
    out += text[at++];
    while (at < text.size() && (byte(text, at) & 0xC0) == 0x80) out += text[at++];
  }
  if (out.size() > cap) {
    out.resize(cut_utf8(out, cap).size());
    while (!out.empty() && out.back() == ' ') out.pop_back();
  }
  return out;
}

std::string decoded_line(std::string_view text, size_t cap) {
  text = text.substr(0, cap * 8);
  if (text.find('&') == std::string_view::npos) return line(text, cap);
  std::string decoded;
  for (size_t at = 0; at < text.size();) {
    const size_t taken = text[at] == '&' ? html::decode_reference(text.substr(at), false, decoded) : 0;
    if (taken) {
      at += taken;
    } else {
      decoded += text[at++];
    }
  }
  return line(decoded, cap);
}

std::string fold(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  bool gap = false;
  for (size_t at = 0; at < text.size();) {
    if (const size_t mark = mark_at(text, at)) {
      gap = true;
      at += mark;
      continue;
    }
    if (gap && !out.empty()) out += ' ';
    gap = false;
    out += lower(text[at++]);
  }
  return out;
}

std::string squeeze(std::string_view folded) {
  std::string out;
  for (char c : folded)
    if (c != ' ') out += c;
  return out;
}

namespace {

void gather(const Tree& tree, NodeId root, size_t cap, char border, std::string& out) {
  size_t steps = 0;
  for (NodeId id = root; id != kNoNode && out.size() < cap * 2 && steps < 4096; ++steps) {
    const Node& node = tree[id];
    if (node.kind == html::Kind::text) {
      const std::string_view text = cut_utf8(tree.text(node.range), cap * 2);
      if (border == ' ') {
        out.append(text);
      } else {
        for (const char c : text) out += c == '\n' ? ' ' : c;
      }
    } else if (node.kind == html::Kind::element) {
      switch (node.tag) {
        case tag::script: case tag::style: case tag::svg: case tag::button: case tag::template_: case tag::select: case tag::noscript:
          if (id == root) return;
          id = tree.behind(id, root);
          continue;
        case tag::img: out += ' '; break;
        case tag::br: out += border; break;
        default:
          if (is_block(tree, id)) out += border;
      }
    }
    const NodeId next = tree.following(id, root);
    // A block that ends is a border too.
    if (next != kNoNode && node.first_child == kNoNode && tree[next].parent != node.parent)
      for (NodeId up = node.parent; up != kNoNode && up != root && up != tree[next].parent; up = tree[up].parent)
        if (is_block(tree, up)) {
          out += border;
          break;
        }
    id = next;
  }
}

}  // namespace

std::string text_of(const Tree& tree, NodeId root, size_t cap) {
  std::string out;
  gather(tree, root, cap, ' ', out);
  return line(out, cap);
}

std::string lines_of(const Tree& tree, NodeId root, size_t cap) {
  std::string gathered, out;
  gather(tree, root, cap, '\n', gathered);
  for (size_t at = 0; at < gathered.size() && out.size() < cap;) {
    const size_t end = std::min(gathered.find('\n', at), gathered.size());
    const std::string one = line(std::string_view(gathered).substr(at, end - at), cap);
    if (!one.empty()) out += out.empty() ? one : "\n" + one;
    at = end + 1;
  }
  return out;
}

bool next_word(std::string_view text, size_t& at, std::string_view& word) {
  while (at < text.size() && is_space(text[at])) ++at;
  const size_t begin = at;
  while (at < text.size() && !is_space(text[at])) ++at;
  word = text.substr(begin, at - begin);
  return !word.empty();
}

size_t count_words(std::string_view text) {
  size_t at = 0, count = 0;
  for (std::string_view word; next_word(text, at, word);) ++count;
  return count;
}

}  // namespace millrace::extract
