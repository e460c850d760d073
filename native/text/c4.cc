#include "native/text/c4.h"

#include <algorithm>
#include <cmath>

#include "native/text/characters.h"
#include "native/text/markers.h"
#include "native/text/statistics.h"

namespace millrace::text {
namespace {

// datatrove's POLICY_SUBSTRINGS in a lower-cased line. Nearly every line lacks the word that four of them need.
bool speaks_of_policy(std::string_view lower) {
  const auto has = [&](std::string_view phrase) { return lower.find(phrase) != std::string_view::npos; };
  if (has("cookie") && (has("cookie policy") || has("uses cookies") || has("use of cookies") || has("use cookies"))) return true;
  return has("privacy policy") || has("terms of use");
}

// re.sub(r"\[\d*]|\[edit]|\[citation needed]", "", line)
void remove_citations(std::string_view line, std::string& out) {
  const uint8_t* classes = class_table();
  out.clear();
  while (true) {
    const size_t open = line.find('[');
    out.append(line.substr(0, open));
    if (open == std::string_view::npos) return;
    line.remove_prefix(open);
    size_t end = 1;
    while (end < line.size()) {
      const auto [code, bytes] = decode(line.data() + end);
      if (!(classes[code] & kDecimal)) break;
      end += bytes;
    }
    size_t length = end < line.size() && line[end] == ']' ? end + 1 : 0;
    for (std::string_view mark : {std::string_view("[edit]"), std::string_view("[citation needed]")})
      if (line.starts_with(mark)) length = mark.size();
    // What was passed over as digits holds no bracket, so it can be copied whole.
    if (length == 0) out.append(line.substr(0, end));
    line.remove_prefix(length == 0 ? end : length);
  }
}

bool ends_well(std::string_view line) {
  if (line.empty() || line.ends_with("...")) return false;
  return std::string_view(".?!\"'").find(line.back()) != std::string_view::npos;
}

// Which lines of a Markdown text are structure rather than prose.
class Structure {
 public:
  bool spares(std::string_view stripped) {
    if (!fence_.empty()) {
      if (stripped.starts_with(fence_) || (fence_ == "$$" && stripped.ends_with(fence_))) fence_ = {};
      return true;
    }
    for (std::string_view mark : {std::string_view("```"), std::string_view("~~~"), std::string_view("$$")}) {
      if (!stripped.starts_with(mark)) continue;
      // A second mark on the same line closes what the first opened.
      if (stripped.find(mark, mark.size()) == std::string_view::npos) fence_ = mark;
      return true;
    }
    const size_t level = stripped.find_first_not_of('#');
    return stripped.starts_with('|') || (level != std::string_view::npos && level >= 1 && level <= 6 && stripped[level] == ' ');
  }

  bool inside() const { return !fence_.empty(); }

 private:
  std::string_view fence_;
};

}  // namespace

C4Result c4(Workspace& workspace, const C4& rules, std::string& edited, bool enough, std::vector<uint32_t>* ends) {
  edited.clear();
  if (ends) ends->clear();
  C4Result result;
  result.plain = !rules.markdown;
  const Scan& scan = workspace.scan();
  const C4Hints hints = c4_hints(scan.text());
  edited.reserve(scan.text().size());
  std::string cleaned, lower;
  Structure structure;
  bool blank = true;  // nothing was written yet, or the last written line is blank
  size_t next = 0;    // the first chunk that no line has had yet
  const auto keep = [&](std::string_view line) {
    if (result.kept_lines++ > 0) edited.push_back('\n');
    edited.append(line);
    result.plain &= !line.empty();
    if (ends) ends->push_back(static_cast<uint32_t>(edited.size()));
    blank = false;
  };
  scan.for_each_line([&](std::string_view raw) {
    if (result.outcome != C4Outcome::keep) return;
    const size_t first = next, stop = static_cast<size_t>(raw.data() - scan.text().data()) + raw.size();
    while (next < scan.chunks() && scan.start(next) < stop) ++next;
    const uint64_t chunks = next - first, words = workspace.first_word(next) - workspace.first_word(first);
    // Chunks begin and end where str.strip() would cut.
    std::string_view line = chunks == 0 ? raw.substr(0, 0) : scan.text().substr(scan.start(first), scan.end(next - 1) - scan.start(first));
    if (rules.markdown && chunks == 0 && !structure.inside()) {
      if (!blank) edited.push_back('\n');
      blank = true;
      return;
    }
    ++result.lines;
    if (rules.markdown && structure.spares(line)) {
      result.words += words;
      return keep(strip_right(raw));
    }
    if (rules.max_word_length >= 0 && static_cast<double>(line.size()) > rules.max_word_length)
      for (size_t i = first; i < next; ++i)
        if (static_cast<double>(scan.end(i) - scan.start(i)) > rules.max_word_length &&
            static_cast<double>(count_characters(scan.chunk(i))) > rules.max_word_length)
          return;
    bool cited = false;
    if (rules.citations && hints.bracket && line.find('[') != std::string_view::npos) {
      remove_citations(line, cleaned);
      cited = cleaned.size() != line.size();
      if (cited) line = cleaned;
      result.plain &= !cited;
    }
    if (rules.terminal_punctuation && !ends_well(line)) return;
    if (static_cast<double>(chunks) < rules.min_words) return;
    lower.clear();
    const auto phrases = [](const C4Hints& any) { return any.lorem_ipsum || any.javascript || any.policy; };
    const bool lower_needed = phrases(hints) && phrases(c4_hints(line));
    if (lower_needed) append_lower(line, lower);
    const auto has = [&](std::string_view phrase) { return lower.find(phrase) != std::string::npos; };
    if (rules.lorem_ipsum && has("lorem ipsum")) {
      result.outcome = C4Outcome::lorem_ipsum;
      return;
    }
    if (rules.javascript && has("javascript")) return;
    if (rules.curly_bracket && hints.brace && line.find('{') != std::string_view::npos) {
      result.outcome = C4Outcome::curly_bracket;
      return;
    }
    if (rules.policy && lower_needed && speaks_of_policy(lower)) return;
    if (cited) {
      const auto count = workspace.count_in(line);
      result.sentences += count.sentences;
      result.words += count.words;
    } else {
      const double missing = rules.min_sentences - static_cast<double>(result.sentences);
      if (!enough || missing > 0) result.sentences += workspace.sentences(first, next, enough ? static_cast<uint64_t>(std::ceil(missing)) : UINT64_MAX);
      result.words += words;
    }
    if (!rules.markdown) return keep(line);
    const auto indent = static_cast<size_t>(strip_left(raw).data() - raw.data());
    if (cited && !line.empty()) {
      cleaned.insert(0, raw.substr(0, indent));
      return keep(cleaned);
    }
    keep(strip_right(raw));
  });
  if (result.outcome != C4Outcome::keep) return result;
  if (static_cast<double>(result.sentences) < rules.min_sentences) result.outcome = C4Outcome::too_few_sentences;
  if (result.plain) return result;
  const std::string_view stripped = strip(edited);
  const size_t front = static_cast<size_t>(stripped.data() - edited.data()), size = stripped.size();
  edited.resize(front + size);
  edited.erase(0, front);
  return result;
}

C4Result c4(std::string_view text, const C4& rules, std::string& edited) {
  Workspace workspace;
  workspace.open(text, UINT64_MAX, Words::simple);
  workspace.find_words();
  return c4(workspace, rules, edited);
}

}  // namespace millrace::text
