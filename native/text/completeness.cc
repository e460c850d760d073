#include "native/text/completeness.h"

#include <algorithm>
#include <cstring>
#include <iterator>
#include <limits>
#include <string>

#include "native/base/parallel.h"
#include "native/text/characters.h"
#include "native/text/markers.h"

namespace millrace::text {
namespace {

constexpr size_t kFewWords = 5, kSomeWords = 8;
constexpr size_t kLongestBoilerplate = 300;  // bytes; a longer line that says one of the phrases is about something else
constexpr size_t kLongestAddress = 2048;

// In a line of menus, banners and footers, in small letters.
constexpr std::string_view kPhrases[] = {
    "we use cookies", "uses cookies", "use of cookies", "accept cookies", "all cookies", "cookie policy", "cookie settings", "privacy policy", "terms of use",
    "terms of service", "terms and conditions", "terms & conditions", "all rights reserved", "subscribe to our", "subscribe now", "sign up for our", "our newsletter",
    "log in to", "login to", "sign in to", "create an account", "already have an account", "forgot password", "forgot your password", "skip to content",
    "skip to main content", "follow us on", "share on facebook", "share on twitter", "share this", "enable javascript", "leave a comment", "leave a reply",
    "your email address will not be published", "add to cart", "back to top"};
// The whole line, marks and links around it aside.
constexpr std::string_view kLabels[] = {"log in", "login",  "sign in", "sign up", "register", "subscribe", "menu",          "search",         "home",      "contact", "contact us", "about us",
                                        "share",  "tweet",  "print",   "next",    "previous", "cookies",   "advertisement", "advertisements", "sponsored", "privacy", "terms",      "imprint"};
constexpr std::string_view kMore[] = {"read more", "continue reading", "read the rest", "read the full", "read full", "keep reading", "show more", "see more", "view more", "learn more", "(more)", "subscribe to read", "sign in to read", "log in to read"};
constexpr std::string_view kEllipses[] = {"...", "…"};

bool blank(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }
bool alphanumeric(char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || static_cast<uint8_t>(c) >= 0x80; }

size_t count_words(std::string_view line) {
  size_t words = 0;
  bool inside = false;
  for (const char c : line) {
    words += !inside && !blank(c);
    inside = !blank(c);
  }
  return words;
}

// What a list item says; empty where the line is none.
std::string_view item(std::string_view line) {
  size_t at = 0;
  while (at < line.size() && at < 9 && line[at] >= '0' && line[at] <= '9') ++at;
  if (at > 0 && at + 1 < line.size() && (line[at] == '.' || line[at] == ')') && blank(line[at + 1])) return line.substr(at + 2);
  for (std::string_view mark : {std::string_view("-"), std::string_view("*"), std::string_view("+"), std::string_view("•"), std::string_view("·")})
    if (line.size() > mark.size() && line.starts_with(mark) && blank(line[mark.size()])) return line.substr(mark.size() + 1);
  return {};
}

bool structured(std::string_view line) {
  if (line[0] == '|' || line.starts_with("![") || !item(line).empty()) return true;
  const size_t level = std::min(line.find_first_not_of('#'), line.size());
  if (level >= 1 && level <= 6 && (level == line.size() || line[level] == ' ')) return true;
  return std::none_of(line.begin(), line.end(), alphanumeric);
}

// A line without the marks around what it says: emphasis, quotes, arrows, brackets of a link and its address.
std::string_view bare(std::string_view line) {
  while (!line.empty() && !alphanumeric(line.front())) line.remove_prefix(1);
  if (const size_t address = line.rfind("]("); address != std::string_view::npos && line.ends_with(')')) line = line.substr(0, address);
  // Arrows and guillemets that stand behind labels: → » ›.
  for (bool cut = true; cut && !line.empty();) {
    cut = !alphanumeric(line.back());
    if (cut) line.remove_suffix(1);
    for (std::string_view mark : {std::string_view("→"), std::string_view("»"), std::string_view("›"), std::string_view("…")})
      if (line.ends_with(mark)) {
        line.remove_suffix(mark.size());
        cut = true;
      }
  }
  return line;
}

bool is_boilerplate(std::string_view line, std::string& lower) {
  if (line.size() > kLongestBoilerplate) return false;
  lower.clear();
  append_lower(line, lower);
  for (const auto phrase : kPhrases)
    if (lower.find(phrase) != std::string::npos) return true;
  const std::string_view said = bare(lower);
  return std::find(std::begin(kLabels), std::end(kLabels), said) != std::end(kLabels);
}

// Links of one line, and letters and digits beside them.
struct Links {
  size_t bytes = 0, beside = 0;
};
Links links_of(std::string_view line) {
  struct Open {
    size_t at, bytes, beside;
  };
  constexpr size_t kDeep = 8;
  Open open[kDeep];
  size_t depth = 0, close = 0;
  Links links;
  for (size_t i = 0; i < line.size(); ++i) {
    const char c = line[i];
    if (c == '[') {
      // Of brackets nested deeper, the outermost are given up.
      if (depth == kDeep) std::copy(open + 1, open + kDeep, open), --depth;
      open[depth++] = {i, links.bytes, links.beside};
    } else if (c == ']' && depth > 0) {
      const Open from = open[--depth];
      if (i + 1 >= line.size() || line[i + 1] != '(') continue;
      if (close <= i) close = std::min(line.find(')', i), line.size());
      if (close == line.size() || close - i > kLongestAddress) continue;
      // What is nested inside was counted: this link covers it.
      links = {from.bytes + close + 1 - from.at, from.beside};
      i = close;
    } else if (c == 'h' && (line.substr(i, 7) == "http://" || line.substr(i, 8) == "https://")) {
      size_t end = i;
      while (end < line.size() && !blank(line[end]) && line[end] != '>' && line[end] != ')' && line[end] != ']') ++end;
      links.bytes += end - i;
      i = end - 1;
    } else {
      links.beside += alphanumeric(c);
    }
  }
  return links;
}

// Brackets that stay open, by kind; a bracket that closes nothing is a list's mark or a smiley's mouth.
class Brackets {
 public:
  void read(std::string_view line) {
    const bool formulas = std::count(line.begin(), line.end(), '$') % 2 == 0;
    const bool codes = std::count(line.begin(), line.end(), '`') % 2 == 0;
    bool code = false, formula = false;
    char before = ' ';
    for (const char c : line) {
      if (c == '`' && codes && !formula) code = !code;
      if (c == '$' && formulas && !code) formula = !formula;
      if (!code && !formula && before != '\\')
        for (int k = 0; k < 3; ++k) {
          if (c == "([{"[k] && !(k == 0 && (before == ':' || before == ';'))) ++open_[k];
          if (c == ")]}"[k] && open_[k] > 0) --open_[k];
        }
      before = c;
    }
  }
  uint64_t open() const { return open_[0] + open_[1] + open_[2]; }

 private:
  uint64_t open_[3] = {};
};

bool small_letter(uint32_t code) {
  return (code >= 'a' && code <= 'z') || (code >= 0xdf && code <= 0xff && code != 0xf7) || (code >= 0x3ac && code <= 0x3ce) || (code >= 0x430 && code <= 0x45f);
}

bool begins_inside(std::string_view line) {
  for (const auto mark : kEllipses)
    if (line.starts_with(mark)) return true;
  if (line.size() > 1 && (line[0] == ',' || line[0] == ';' || line[0] == ')') && blank(line[1])) return true;
  const size_t end = static_cast<size_t>(std::find_if(line.begin(), line.end(), blank) - line.begin());
  if (end == line.size() || !small_letter(decode(line.data()).code)) return false;
  std::string_view word = line.substr(0, end);
  while (!word.empty() && std::string_view(",;:.!?'\"").find(word.back()) != std::string_view::npos) word.remove_suffix(1);
  return std::all_of(word.begin(), word.end(), [](char c) { return (c >= 'a' && c <= 'z') || static_cast<uint8_t>(c) >= 0x80 || c == '\'' || c == '-'; });
}

bool ends_cut(std::string_view line) {
  const char last = line.back();
  return count_words(line) >= kSomeWords && !ends_sentence(line) && last != '`' && last != '$' && !(last == ')' && line.find("](") != std::string_view::npos);
}

// The ellipsis that a line ends with is cut off; true if there was one, in brackets or not.
bool cut_ellipsis(std::string_view& line, bool& bracketed) {
  std::string_view rest = line;
  bracketed = !rest.empty() && (rest.back() == ']' || rest.back() == ')');
  if (bracketed) rest = strip_right(rest.substr(0, rest.size() - 1));
  for (const auto mark : kEllipses) {
    if (!rest.ends_with(mark)) continue;
    rest.remove_suffix(mark.size());
    rest = strip_right(rest);
    if (bracketed) {
      if (rest.empty() || (rest.back() != '[' && rest.back() != '(')) return false;
      rest.remove_suffix(1);
    }
    line = strip_right(rest);
    return true;
  }
  return false;
}

// Place of "read more" or the like where nothing but marks, an address and at most six words more follow; npos where there is none.
size_t more_at(std::string_view lower) {
  size_t at = std::string_view::npos;
  for (const auto phrase : kMore)
    if (const size_t found = lower.rfind(phrase); found != std::string_view::npos && (at == std::string_view::npos || found < at)) at = found;
  if (at == std::string_view::npos || (at > 0 && alphanumeric(lower[at - 1]))) return std::string_view::npos;
  std::string_view rest = lower.substr(at);
  if (const size_t address = rest.find("]("); address != std::string_view::npos) {
    const size_t close = rest.find(')', address);
    const auto behind = close == std::string_view::npos ? std::string_view() : rest.substr(close + 1);
    if (std::any_of(behind.begin(), behind.end(), alphanumeric)) return std::string_view::npos;
    rest = rest.substr(0, address);
  }
  return count_words(rest) <= 2 + 6 && !ends_sentence(rest) ? at : std::string_view::npos;
}

double truncated(std::string_view last, std::string_view before, std::string& lower) {
  bool bracketed = false;
  std::string_view rest = last;
  // A teaser's last line: a long one ends with a mark if anything.
  lower.clear();
  append_lower(rest.size() > 400 ? rest.substr(rest.size() - 400) : rest, lower);
  if (const size_t at = more_at(lower); at != std::string_view::npos) {
    std::string_view front = strip_right(std::string_view(lower).substr(0, at));
    while (!front.empty() && std::string_view("[*_(<>").find(front.back()) != std::string_view::npos) front = strip_right(front.substr(0, front.size() - 1));
    if (front.empty()) {
      bool ignored = false;
      return !before.empty() && (cut_ellipsis(before, ignored) || ends_cut(before)) ? 2 : 1;
    }
    if (cut_ellipsis(front, bracketed)) return 2;
    if (std::none_of(front.begin(), front.end(), alphanumeric)) return 1;
  }
  if (cut_ellipsis(rest, bracketed)) return bracketed ? 2 : 1;
  return 0;
}

}  // namespace

const char* name(Completeness statistic) {
  static constexpr const char* names[] = {"cut_end",        "cut_start",  "truncated_mark", "link_bytes",    "link_lines",
                                          "boilerplate_lines", "fragment_lines", "open_fence", "open_brackets", "content_lines"};
  static_assert(std::size(names) == kCompletenessCount);
  return names[statistic];
}

void measure_completeness(std::string_view text, CompletenessValues& out) {
  out.fill(std::numeric_limits<double>::quiet_NaN());
  if (!is_utf8(text)) return;
  std::string lower;
  Brackets brackets;
  std::string_view fence, first, last, before;
  bool fenced_last = false;
  uint64_t lines = 0, fragments = 0, boilerplate = 0, link_lines = 0, link_bytes = 0, bytes = 0, any = 0;
  for (size_t start = 0; start <= text.size();) {
    const size_t end = std::min(text.find('\n', start), text.size());
    const std::string_view line = strip(text.substr(start, end - start));
    start = end + 1;
    if (line.empty()) continue;
    ++any;
    if (!fence.empty()) {
      if (line.starts_with(fence) || (fence == "$$" && line.ends_with(fence))) fence = {};
      fenced_last = true;
      continue;
    }
    const bool opens = line.starts_with("```") || line.starts_with("~~~") || line.starts_with("$$");
    if (opens) {
      const auto mark = line.substr(0, line[0] == '$' ? 2 : 3);
      if (line.find(mark, mark.size()) == std::string_view::npos) fence = mark;
      fenced_last = true;
      if (any == 1) first = line;
      continue;
    }
    if (any == 1) first = line;
    fenced_last = false;
    before = last;
    last = line;
    ++lines;
    fragments += !structured(line) && count_words(line) < kFewWords && !ends_sentence(line);
    boilerplate += is_boilerplate(line, lower);
    const std::string_view said = item(line);
    const Links links = links_of(said.empty() ? line : said);
    link_bytes += links.bytes;
    link_lines += links.bytes > 0 && links.beside == 0;
    bytes += static_cast<uint64_t>(std::count_if(line.begin(), line.end(), [](char c) { return !blank(c); }));
    brackets.read(line);
  }
  if (any == 0) return;
  const auto share = [](uint64_t part, uint64_t whole) { return whole == 0 ? 0 : static_cast<double>(part) / static_cast<double>(whole); };
  const bool whole_end = last.empty() || fenced_last;
  out[kTruncatedMark] = whole_end ? 0 : truncated(last, before, lower);
  out[kCutEnd] = !whole_end && !structured(last) && ends_cut(last);
  out[kCutStart] = !first.empty() && !structured(first) && begins_inside(first);
  out[kLinkBytes] = std::min(1.0, share(link_bytes, bytes));
  out[kLinkLines] = share(link_lines, lines);
  out[kBoilerplateLines] = share(boilerplate, lines);
  out[kFragmentLines] = share(fragments, lines);
  out[kOpenFence] = !fence.empty();
  out[kOpenBrackets] = static_cast<double>(brackets.open());
  out[kContentLines] = static_cast<double>(lines);
}

Error measure_completeness(const TextColumn& texts, int threads, std::vector<std::vector<double>>& out) {
  if (!texts.valid()) return {kShape, "measureCompleteness: expected offsets that rise within the bytes, found others"};
  out.assign(kCompletenessCount, std::vector<double>(texts.size()));
  parallel_for(texts.size(), threads, [&](size_t i) {
    CompletenessValues values;
    measure_completeness(texts[i], values);
    for (int s = 0; s < kCompletenessCount; ++s) out[s][i] = values[s];
  });
  return Error::none();
}

}  // namespace millrace::text
