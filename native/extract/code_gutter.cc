// Line numbers and buttons: what pages set beside code.
#include "native/extract/code_gutter.h"

#include <algorithm>

#include "native/extract/code_class.h"

namespace millrace::extract {
namespace {

namespace tag = html::tag;
namespace attr = html::attr;

constexpr std::string_view kNbsp = "\xc2\xa0";

// An integer at the start of a line: its value, where it ends with the mark behind it (1. 1: 1) 1|), and where the text behind it begins.
struct Numbered {
  bool found = false;
  uint32_t value = 0;
  size_t end = 0, text = 0;
};

Numbered number_of(std::string_view line) {
  Numbered result;
  size_t i = 0;
  while (i < line.size() && (line[i] == ' ' || line[i] == '\t')) ++i;
  const size_t digits = i;
  for (; i < line.size() && line[i] >= '0' && line[i] <= '9' && i - digits < 7; ++i) result.value = result.value * 10 + uint32_t(line[i] - '0');
  if (i == digits) return result;
  if (i < line.size() && (line[i] == '.' || line[i] == ':' || line[i] == ')' || line[i] == '|') &&
      (i + 1 == line.size() || line[i + 1] == ' ' || line[i + 1] == '\t'))
    ++i;
  if (i < line.size() && line[i] != ' ' && line[i] != '\t') return result;
  result.found = true;
  result.end = i;
  while (i < line.size() && (line[i] == ' ' || line[i] == '\t')) ++i;
  result.text = i;
  return result;
}

bool is_buttons_token(std::string_view token) {
  const bool copies = holds(token, "copy") || holds(token, "clipboard");
  return (copies && (holds(token, "btn") || holds(token, "button") || holds(token, "code") || holds(token, "clip"))) || token == "copy" ||
         token == "copybtn" || token == "hljs-button";
}

// A few words at most, and no code: what a button and its messages hold. Their classes are also given to what holds button and code.
bool is_short(const Tree& tree, NodeId root, uint64_t& budget) {
  size_t letters = 0;
  for (NodeId id = root; id != kNoNode; id = tree.following(id, root)) {
    if (budget == 0) return false;
    --budget;
    if (is_element(tree, id, tag::pre) || is_element(tree, id, tag::code)) return false;
    if (tree[id].kind != html::Kind::text) continue;
    for (char c : tree.text(tree[id].range))
      if (!is_space(c) && ++letters > 48) return false;
  }
  return true;
}

}  // namespace

bool is_gutter_class(std::string_view classes) {
  return any_class(classes, [](std::string_view token) {
    // line-number, linenumber, line_numbers, lineno, linenos, lines-num, blob-num, hljs-ln-numbers, FileContents-lineNum, …
    char plain[64];
    size_t n = 0;
    for (char c : token)
      if (c != '-' && c != '_') plain[n++] = c;
    const std::string_view name(plain, n);
    return holds(name, "linenum") || holds(name, "lineno") || holds(name, "linesnum") || name == "blobnum" || name.ends_with("gutter") ||
           name.starts_with("hljslnn") || holds(name, "prenumbering") || name == "crayonnums" || name == "lnt" || name == "ln" ||
           name == "lnnum" || name == "numbers";
  });
}

Numbers numbers_in(const Tree& tree, NodeId root, uint64_t& budget) {
  Numbers result;
  result.sequence = true;
  uint32_t value = 0, last = 0;
  bool open = false, apart = true;  // apart: a line end or a border of elements since the last number
  const auto close = [&] {
    if (!open) return;
    if (result.count > 0 && (value != last + 1 || !apart)) result.sequence = false;
    last = value;
    ++result.count;
    open = apart = false;
  };
  for (NodeId id = root; id != kNoNode; id = tree.following(id, root)) {
    if (budget == 0) return {};
    --budget;
    if (tree[id].kind == html::Kind::element) {
      close();
      apart = true;
    }
    if (tree[id].kind != html::Kind::text) continue;
    const auto text = tree.text(tree[id].range);
    for (size_t i = 0; i < text.size(); ++i) {
      if (text[i] >= '0' && text[i] <= '9') {
        value = open ? value * 10 + uint32_t(text[i] - '0') : uint32_t(text[i] - '0');
        open = true;
        if (value > 9'999'999) return {};
      } else if (is_space(text[i]) || text.compare(i, 2, kNbsp) == 0) {
        close();
        apart = apart || text[i] == '\n';
        i += !is_space(text[i]);
      } else {
        return {};
      }
    }
  }
  close();
  if (result.count == 0) result.sequence = false;
  return result;
}

bool is_code_noise(const Tree& tree, NodeId id, uint64_t& budget) {
  const auto& node = tree[id];
  if (node.kind != html::Kind::element) return false;
  switch (node.tag) {
    case tag::script: case tag::style: case tag::template_: case tag::button: case tag::select: case tag::svg: case tag::textarea: case tag::input:
      return true;
    default:
      break;
  }
  if (node.attribute_count == 0) return false;
  const auto classes = class_of(tree, id);
  // Most elements inside code are a highlighter's, with classes of one or two letters.
  if (classes.size() > 2 || classes == "ln") {
    if (any_class(classes, is_buttons_token) && is_short(tree, id, budget)) return true;
    if (is_gutter_class(classes) && numbers_in(tree, id, budget).count > 0) return true;
  }
  const bool aside = tree.value(node, attr::aria_hidden) == "true" || has_style(tree, id, "user-select", "none");
  return aside && numbers_in(tree, id, budget).count > 0;
}

bool strip_line_numbers(std::string& text) {
  size_t filled = 0, numbered = 0, steps = 0, first_text = std::string::npos, last_end = 0, least = std::string::npos;
  bool any = false;
  uint32_t last = 0;
  each_line(text, [&](std::string_view line) {
    if (blank(line)) return;
    ++filled;
    const auto number = number_of(line);
    if (!number.found) return;
    ++numbered;
    steps += any && number.value == last + 1;
    any = true;
    last = number.value;
    last_end = std::max(last_end, number.end);
    if (number.text == line.size()) return;
    first_text = std::min(first_text, number.text);
    least = std::min(least, number.text - number.end);
  });
  if (steps < 3 || numbered * 10 < filled * 7 || (steps + 1) * 10 < numbered * 8) return false;
  if (first_text == std::string::npos) return false;  // nothing but numbers: the output of a loop
  // Numbers set flush in a column end before the first text; others are each followed by the same space.
  const bool column = last_end < first_text;
  std::string result;
  result.reserve(text.size());
  each_line(text, [&](std::string_view line) {
    const auto number = number_of(line);
    if (number.found) line.remove_prefix(std::min(line.size(), column ? first_text : number.end + least));
    result.append(line) += '\n';
  });
  result.pop_back();
  text.swap(result);
  return true;
}

}  // namespace millrace::extract
