#include <algorithm>

#include "native/extract/metadata_parts.h"
#include "native/extract/metadata_text.h"

namespace millrace::extract {
namespace {

namespace tag = html::tag;

// A title element's parts, between the marks that separate a page's name from its section's and its site's.
struct Part {
  std::string_view text;
  std::string folded;
  std::string_view mark;  // in front of it, empty for the first
};

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  return text;
}

// Marks count with a space on both sides; bars and guillemets also without.
size_t mark_at(std::string_view text, size_t at) {
  constexpr std::string_view kSpaced[] = {"-", "–", "—", "·", "•", "::", ":", "/", "~", "⋅",
                                          "›", "»", "«", "→", "―", "‹", "<",  ">", "\\"};
  constexpr std::string_view kFree[] = {"|", "｜", "│", "¦", "»", "«"};
  for (const auto mark : kFree)
    if (text.substr(at, mark.size()) == mark) return mark.size();
  if (at == 0 || text[at - 1] != ' ') return 0;
  for (const auto mark : kSpaced)
    if (text.substr(at, mark.size()) == mark && at + mark.size() < text.size() && text[at + mark.size()] == ' ') return mark.size();
  return 0;
}

std::vector<Part> split(std::string_view title) {
  std::vector<Part> parts;
  size_t begin = 0;
  std::string_view mark;
  const auto add = [&](size_t end) {
    const std::string_view text = trimmed(title.substr(begin, end - begin));
    if (std::string folded = fold(text); !folded.empty()) parts.push_back({text, std::move(folded), mark});
  };
  for (size_t at = 0; at < title.size() && parts.size() < 16;) {
    const size_t size = mark_at(title, at);
    if (!size) {
      ++at;
      continue;
    }
    add(at);
    mark = title.substr(at, size);
    at = begin = at + size;
  }
  add(title.size());
  return parts;
}

// Words that both have, over the words of the shorter one; one or two words in a long text are weak evidence.
double overlap(const std::string& a, const std::string& b) {
  std::vector<std::string_view> words[2];
  const std::string* both[] = {&a, &b};
  for (int i = 0; i < 2; ++i) {
    size_t at = 0;
    for (std::string_view word; next_word(*both[i], at, word) && words[i].size() < 128;) words[i].push_back(word);
    std::sort(words[i].begin(), words[i].end());
  }
  if (words[0].empty() || words[1].empty()) return 0;
  std::vector<std::string_view> shared;
  std::set_intersection(words[0].begin(), words[0].end(), words[1].begin(), words[1].end(), std::back_inserter(shared));
  const size_t least = std::min(words[0].size(), words[1].size()), most = std::max(words[0].size(), words[1].size());
  return double(shared.size()) / (least >= 3 ? double(least) : double(least + most) / 2);
}

}  // namespace

std::string site_word(std::string_view url) {
  const size_t scheme = url.find("//");
  if (scheme == std::string_view::npos) return {};
  std::string_view host = url.substr(scheme + 2);
  host = host.substr(0, host.find_first_of("/:?#"));
  std::vector<std::string_view> labels;
  for (size_t at = 0; at <= host.size();) {
    const size_t dot = std::min(host.find('.', at), host.size());
    labels.push_back(host.substr(at, dot - at));
    at = dot + 1;
  }
  // co.uk, com.au, ac.jp: a short label in front of a country's is a suffix too.
  size_t suffix = labels.size() < 2 ? 0 : 1;
  if (labels.size() > 2 && labels.back().size() == 2 && labels[labels.size() - 2].size() <= 3) suffix = 2;
  if (labels.size() <= suffix) return {};
  return squeeze(fold(labels[labels.size() - 1 - suffix]));
}

Title choose_title(const Sources& sources) {
  const auto& [page, signals, linked, url, declared, day_first] = sources;
  (void)day_first;
  const Tree& tree = page.tree;
  Title out;

  const std::string element = signals.title == kNoNode ? "" : decoded_line(text_of(tree, signals.title));
  const std::string open = decoded_line(signals.at(MetaField::title));
  std::string site = squeeze(fold(declared));
  const std::string host = site_word(url.empty() ? signals.canonical : url);
  const auto is_site = [&](const std::string& folded) {
    const std::string word = squeeze(folded);
    if (word.empty()) return false;
    if (word == site || word == host) return true;
    // "mysite.com", "The My Site"
    return !host.empty() && host.size() >= 4 && (word.starts_with(host) || word.ends_with(host)) && word.size() <= host.size() + 5;
  };

  std::vector<Part> parts = split(element);
  const std::vector<Part> open_parts = split(open);
  // The name of the site goes from the end, else from the front.
  const auto strip = [&](std::vector<Part>& from) {
    while (from.size() > 1 && is_site(from.back().folded)) {
      if (out.site.empty()) out.site = std::string(from.back().text);
      from.pop_back();
    }
    while (from.size() > 1 && is_site(from.front().folded)) {
      if (out.site.empty()) out.site = std::string(from.front().text);
      from.erase(from.begin());
    }
  };
  const bool named_first = parts.size() > 1 && is_site(parts.front().folded);
  strip(parts);
  const std::string first_folded = parts.empty() ? std::string() : parts.front().folded;

  // The heading: the h1 that the title element or the metadata names, else the first with text.
  std::string heading, heading_folded;
  const std::string open_folded = fold(open), linked_folded = fold(linked.title);
  const std::string named[] = {first_folded, fold(element), open_folded, linked_folded};
  double best = -1;
  for (const NodeId id : signals.headings) {
    std::string text = text_of(tree, id);
    std::string folded = fold(text);
    if (folded.empty()) continue;
    double agreement = 0;
    for (const auto& name : named) agreement = std::max(agreement, overlap(folded, name));
    if (is_site(folded)) agreement -= 0.5;
    if (agreement > best + 0.2) {
      best = agreement;
      heading = std::move(text);
      heading_folded = std::move(folded);
      out.heading = id;
    }
  }

  // What the title element says without site and section.
  const std::string own = parts.empty() ? std::string() : std::string(parts.front().text);

  const bool root = [&url = url] {
    const size_t scheme = url.find("//");
    if (scheme == std::string_view::npos) return false;
    const size_t path = url.find('/', scheme + 2);
    return path == std::string_view::npos || path + 1 >= url.size() || url[path + 1] == '?' || url[path + 1] == '#';
  }();

  const double agreement = overlap(heading_folded, first_folded);
  const bool declared_so = !heading_folded.empty() && (heading_folded == open_folded || heading_folded == linked_folded);
  const bool usable = !heading.empty() && heading.size() <= 300 && !is_site(heading_folded) && !root;
  if (usable && (element.empty() || declared_so || (agreement > 0 && (best >= 0.5 || linked.article)))) {
    out.text = heading;
  } else if (root && named_first) {
    out.text = element;
  } else if (!own.empty()) {
    out.text = own;
  } else if (!open.empty()) {
    out.text = open_parts.empty() ? open : std::string(open_parts.front().text);
  } else if (!linked.title.empty()) {
    out.text = linked.title;
  } else {
    out.text = heading;
  }
  return out;
}

}  // namespace millrace::extract
