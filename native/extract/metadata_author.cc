#include <algorithm>

#include "native/extract/metadata_parts.h"
#include "native/extract/metadata_text.h"

namespace millrace::extract {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kOuter = " \t\n,;:|/-_*";
  while (!text.empty() && kOuter.find(text.front()) != std::string_view::npos) text.remove_prefix(1);
  while (!text.empty() && kOuter.find(text.back()) != std::string_view::npos) text.remove_suffix(1);
  for (bool again = true; again;) {
    again = false;
    for (const std::string_view mark : {"•", "·", "–", "—", "›", "»", "✍"}) {
      if (text.starts_with(mark)) text.remove_prefix(mark.size()), again = true;
      if (text.ends_with(mark)) text.remove_suffix(mark.size()), again = true;
    }
    while (!text.empty() && kOuter.find(text.front()) != std::string_view::npos) text.remove_prefix(1), again = true;
    while (!text.empty() && kOuter.find(text.back()) != std::string_view::npos) text.remove_suffix(1), again = true;
  }
  return text;
}

}  // namespace

std::string clean_author(std::string_view raw) {
  const std::string collapsed = line(raw, 400);
  std::string_view text = trimmed(collapsed);
  for (bool again = true; again;) {
    again = false;
    // "by" in languages that write it in front of names
    for (const std::string_view word : {"by", "by:", "written by", "written by:", "posted by", "posted by:", "published by", "words by", "story by",
                                        "author", "author:", "authors:", "article by", "contributed by", "created by", "submitted by", "von",
                                        "par", "por", "door", "writer:", "text by", "reported by", "authored by", "this article was written by"}) {
      if (starts(text, word) && text.size() > word.size() && (text[word.size()] == ' ' || word.back() == ':')) {
        text = trimmed(text.substr(word.size()));
        again = true;
      }
    }
  }
  // What follows a name on its line: a day, a role, a share of the page.
  for (const std::string_view border : {" | ", " • ", " · ", " on ", " published", " updated", " posted", " last updated", " — ", " – ", " // "}) {
    const bool word = border[1] >= 'a' && border[1] <= 'z';
    for (size_t at = 1; at + border.size() <= text.size(); ++at) {
      if (!starts(text.substr(at), border)) continue;
      if (word && border == " on " && !(at + 4 < text.size() && (is_digit(text[at + 4]) || find_date(text.substr(at + 4), false)))) continue;
      text = text.substr(0, at);
      break;
    }
  }
  text = trimmed(text);
  if (text.empty() || text.size() > 240 || text.find('@') != std::string_view::npos) return {};
  if (contains(text, "http:") || contains(text, "https:") || starts(text, "www.")) return {};
  if (text.find_first_of("{}<>[]=\\") != std::string_view::npos) return {};
  return std::string(text);
}

std::string choose_author(const Sources& sources, const Bylines& bylines) {
  struct Choice {
    std::string name;
    int score;
  };
  std::vector<Choice> choices;
  const std::string site = squeeze(fold(sources.site));
  const std::string host = site_word(sources.url.empty() ? sources.signals.canonical : sources.url);
  const auto add = [&](std::string name, int score) {
    if (name.empty()) return;
    const std::string word = squeeze(fold(name));
    if (word.empty()) return;
    if (word == site || word == host) score -= 60;
    if (word == "admin" || word == "administrator" || word == "editor" || word == "unknown" || word == "anonymous" || word == "staff" || word == "root")
      score -= 50;
    choices.push_back({std::move(name), score});
  };
  if (!sources.linked.author.empty()) add(clean_author(decoded_line(sources.linked.author)), sources.linked.person ? 100 : 80);

  // Every author of the first name that has any: names may be repeated for each of them.
  std::string_view taken;
  std::string joined;
  for (const auto& named : sources.signals.meta_authors) {
    if (!taken.empty() && named.name != taken) continue;
    const std::string one = clean_author(decoded_line(named.value));
    if (one.empty()) continue;
    if (joined.find(one) == std::string::npos) joined += joined.empty() ? one : ", " + one;
    taken = named.name;
    if (taken != "citation_author" && taken != "dc.creator" && taken != "article:author") break;
  }
  add(line(joined), 90);
  for (const auto& author : bylines.authors) add(author.name, author.score);
  const Choice* best = nullptr;
  for (const auto& choice : choices)
    if (choice.score > 0 && (!best || choice.score > best->score)) best = &choice;
  return best ? best->name : std::string();
}

}  // namespace millrace::extract
