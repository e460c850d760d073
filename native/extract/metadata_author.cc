#include <algorithm>

#include "native/extract/metadata_parts.h"
#include "native/extract/metadata_text.h"

namespace millrace::extract {
namespace {

constexpr int kLeast = 30;  // score below which no one is named

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// Without marks and spaces around it.
std::string_view trimmed(std::string_view text) {
  for (size_t before = text.size() + 1; text.size() < before;) {
    before = text.size();
    for (const std::string_view mark :
         {" ", "\t", "\n", ",", ";", ":", "|", "/", "-", "_", "*", "•", "·", "–", "—", "›", "»", "✍"}) {
      if (text.starts_with(mark)) text.remove_prefix(mark.size());
      if (text.ends_with(mark)) text.remove_suffix(mark.size());
    }
  }
  return text;
}

// Where a day begins in a line, its size if none does: a month with a number beside it, or a number of four digits or more.
size_t day_at(std::string_view text) {
  for (size_t at = 0; at < text.size(); ++at) {
    if (at && text[at - 1] != ' ' && text[at - 1] != ',' && text[at - 1] != '(') continue;
    const std::string_view rest = text.substr(at, 24);
    if (is_digit(rest[0])) {
      size_t digits = 0;
      while (digits < rest.size() && is_digit(rest[digits])) ++digits;
      if (digits == 4 || find_date(rest, false)) return at;
    } else if (rest[0] >= 'A' && rest[0] <= 'Z') {
      if (const size_t gap = rest.find(' '); gap != std::string_view::npos && gap + 1 < rest.size() && is_digit(rest[gap + 1])) {
        std::string day(rest.substr(0, gap + 1));
        size_t k = gap + 1;
        while (k < rest.size() && is_digit(rest[k])) day += rest[k++];
        if (find_date(day + ", 2000", false)) return at;
      }
    }
  }
  return text.size();
}

// What stands where a name is expected and is none.
bool is_label(std::string_view text) {
  for (const std::string_view word :
       {"by", "written by", "posted by", "published by", "authored by", "author", "authors", "name", "first name", "last", "updated", "published",
        "posted", "article by", "words by", "story by", "contributors", "contributor", "the", "date", "share", "follow", "read more",
        "about the author", "about", "reviewed by", "medically reviewed by", "edited by", "fact checked by", "last name", "email", "guest", "in",
        "on", "login", "sign in", "subscribe", "contact", "view profile", "none", "null", "undefined", "all posts", "comments", "comment",
        "reply", "op", "username", "password", "user", "member", "search", "more", "home", "menu", "advertisement", "sponsored"})
    if (equals(text, word)) return true;
  return false;
}

// Length of "by " or "By" in front of a capital, 0 for neither.
size_t by_at(std::string_view text) {
  if (starts(text, "by ") || starts(text, "by:")) return 3;
  return text.size() > 2 && text.starts_with("By") && text[2] >= 'A' && text[2] <= 'Z' ? 2 : 0;
}

}  // namespace

std::string clean_author(std::string_view raw) {
  const std::string collapsed = line(raw, 400);
  std::string_view text = trimmed(collapsed);
  // "By" and its like in front, with up to three words or a day before it: "Guide by", "May 28 Written By".
  for (int again = 0; again < 3; ++again) {
    size_t words = 0;
    for (size_t at = 0; at < text.size() && words <= 4; ++at) {
      if (at && text[at - 1] != ' ') continue;
      ++words;
      const size_t size = by_at(text.substr(at));
      const std::string_view rest = trimmed(text.substr(at + size));
      if (!size || rest.empty()) continue;
      text = rest;
      break;
    }
    for (const std::string_view word :
         {"author:", "authors:", "author ", "von ", "par ", "por ", "door ", "writer:", "contributor:", "contributors:"})
      if (starts(text, word) && text.size() > word.size()) text = trimmed(text.substr(word.size()));
  }
  // What follows a name on its line: a day, a role, a share of the page.
  for (const std::string_view border :
       {" | ", " • ", " · ", " last updated", " published", " updated", " posted", " — ", " – ", " // ", " - ", " on behalf of "}) {
    for (size_t at = 1; at + border.size() <= text.size(); ++at) {
      if (!starts(text.substr(at), border)) continue;
      text = text.substr(0, at);
      break;
    }
  }
  text = trimmed(text.substr(0, day_at(text)));
  for (const std::string_view tail : {" on", " at", " in", " updated", " published", " posted", " last", " date"})
    if (text.size() > tail.size() && equals(text.substr(text.size() - tail.size()), tail))
      text = trimmed(text.substr(0, text.size() - tail.size()));
  if (text.empty() || text.size() > 240 || text.find('@') != std::string_view::npos || is_label(text)) return {};
  if (contains(text, "http:") || contains(text, "https:") || starts(text, "www.")) return {};
  if (text.find_first_of("{}<>[]=\\") != std::string_view::npos) return {};
  bool letters = false;
  for (const char c : text) letters |= !is_digit(c) && c != ' ' && c != '.' && c != ',' && c != '-' && c != '/' && c != ':';
  return letters ? std::string(text) : std::string();
}

namespace {

// What a name loses: the site's own name is an author only where no one else is, a role for want of a name likewise.
int discount(const Sources& sources, std::string_view name) {
  const std::string word = squeeze(fold(name));
  int loss = word.empty() ? 200 : 0;
  if (word == squeeze(fold(sources.site)) || word == site_word(sources.url)) loss += 25;
  for (const std::string_view role : {"admin", "administrator", "editor", "unknown", "anonymous", "staff", "root", "webmaster", "guest"})
    if (word == role) loss += 80;
  return loss;
}

// "Name SITE" and "Name, SITE".
std::string without_site(const Sources& sources, std::string name) {
  const size_t site = sources.site.size();
  if (site && name.size() > site + 3 && equals(std::string_view(name).substr(name.size() - site), sources.site))
    name = std::string(trimmed(std::string_view(name).substr(0, name.size() - site)));
  return name;
}

}  // namespace

Bylines::Author declared_author(const Sources& sources) {
  Bylines::Author best;
  const auto add = [&](std::string name, int score) {
    if (name.empty()) return;
    score -= discount(sources, name);
    if (score > best.score) best = {std::move(name), score};
  };
  if (!sources.linked.author.empty()) add(clean_author(sources.linked.author), sources.linked.person ? 100 : 60);

  // Every author of the first name that has any: names may be repeated for each of them.
  std::string_view taken;
  std::string joined;
  for (const auto& named : sources.signals.meta_authors) {
    if (!taken.empty() && named.name != taken) continue;
    std::string one = clean_author(decoded_line(named.value));
    if (one.empty()) continue;
    const bool cited = named.name == "citation_author" || named.name == "dc.creator";
    if (const size_t comma = one.find(", "); cited && comma != std::string::npos && one.find(',', comma + 1) == std::string::npos)
      one = one.substr(comma + 2) + " " + one.substr(0, comma);  // "Family, Given"
    if (joined.find(one) == std::string::npos) joined += joined.empty() ? one : ", " + one;
    taken = named.name;
    if (!cited && taken != "article:author") break;
  }
  add(line(joined), 90);
  for (const size_t card : {0, 2})
    if (equals(sources.signals.cards[card], "written by")) add(clean_author(decoded_line(sources.signals.cards[card + 1])), 84);
  return best;
}

std::string choose_author(const Sources& sources, const Bylines::Author& declared, const Bylines& bylines) {
  const Bylines::Author* best = &declared;
  int score = declared.score;
  for (const auto& author : bylines.authors) {
    if (author.score <= score) continue;
    const int rest = author.score - discount(sources, author.name);
    if (rest <= score) continue;
    best = &author;
    score = rest;
  }
  return score > kLeast ? without_site(sources, best->name) : std::string();
}

}  // namespace millrace::extract
