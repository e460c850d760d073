#include "native/extract/metadata.h"

#include "native/extract/metadata_parts.h"
#include "native/extract/metadata_text.h"

namespace millrace::extract {
namespace {

// A language tag as BCP 47 writes it, in lower case; empty for what is none ("{{ lang }}").
std::string language_tag(std::string_view raw) {
  std::string tag;
  for (char c : line(raw, 64)) {
    if (c == ',' || c == ';' || c == ' ' || c == '.' || c == '@') break;
    c = c == '_' ? '-' : lower(c);
    if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-')) return {};
    tag += c;
  }
  const size_t first = tag.find('-') == std::string::npos ? tag.size() : tag.find('-');
  if (first < 2 || first > 3 || tag.size() > 35 || tag.back() == '-' || tag == "und") return {};
  return tag;
}

bool is_address(std::string_view text) { return starts(text, "https://") || starts(text, "http://"); }

// An address made absolute with the page's own; empty where that is not possible.
std::string absolute(std::string_view raw, std::string_view page_url) {
  const std::string url = line(raw, kMaxField);
  if (url.empty() || url.find(' ') != std::string::npos) return {};
  if (is_address(url)) return url;
  if (!is_address(page_url) || url.find(':') < url.find('/')) return {};
  const size_t host = page_url.find("//") + 2;
  const size_t path = page_url.find_first_of("/?#", host);
  const std::string origin(page_url.substr(0, path));
  if (url.starts_with("//")) return std::string(page_url.substr(0, host - 2)) + url;
  if (url[0] == '/') return origin + url;
  if (path == std::string_view::npos) return origin + "/" + url;
  const std::string_view folder = page_url.substr(0, page_url.find_first_of("?#", path));
  const size_t slash = folder.rfind('/');
  return std::string(slash < host ? origin + "/" : folder.substr(0, slash + 1)) + url;
}

void add_item(std::string_view item, std::string& list) {
  if (item.empty() || list.size() + item.size() + 2 > kMaxField) return;
  for (size_t at = 0; at < list.size();) {  // once each
    const size_t end = std::min(list.find(", ", at), list.size());
    if (std::string_view(list).substr(at, end - at) == item) return;
    at = end + 2;
  }
  if (!list.empty()) list += ", ";
  list += item;
}

void add_directives(std::string_view agent, std::string_view content, std::string& list) {
  content = content.substr(0, 4 * kMaxField);
  size_t at = 0;
  while (at < content.size()) {
    const size_t end = std::min(content.find(',', at), content.size());
    std::string item = line(content.substr(at, end - at), 128);
    for (char& c : item) c = lower(c);
    if (!item.empty()) add_item(agent.empty() ? item : std::string(agent) + ": " + item, list);
    at = end + 1;
  }
}

}  // namespace

void read_metadata(const Page& page, Metadata& out, std::string_view url) {
  out = {};
  thread_local Signals signals;  // storage alone: cleared before each page
  find_signals(page.tree, signals);

  out.language = language_tag(signals.language);
  if (out.language.empty()) out.language = language_tag(signals.at(MetaField::language));
  if (out.language.empty()) out.language = language_tag(signals.at(MetaField::locale));
  const bool american = out.language.empty() || out.language == "en" || out.language == "en-us";

  Linked linked;
  read_linked(page.tree, signals.linked, !american, linked);
  if (out.language.empty()) out.language = language_tag(linked.language);

  out.url = absolute(signals.canonical, url);
  if (out.url.empty()) out.url = absolute(signals.at(MetaField::url), url);
  if (out.url.empty() && is_address(linked.url)) out.url = linked.url;
  if (out.url.empty() && is_address(url)) out.url = line(url);

  out.site = decoded_line(signals.at(MetaField::site));
  if (out.site.empty()) out.site = linked.site;

  Sources sources{page, signals, linked, url.empty() ? std::string_view(out.url) : url, out.site, !american};
  Title title = choose_title(sources);
  out.title = line(title.text);
  if (out.site.empty()) out.site = line(title.site);
  sources.site = out.site;

  Bylines bylines;
  const Bylines::Author author = declared_author(sources);
  find_bylines(sources, title.heading, author.score < kCertain, !declared_date(sources), bylines);
  out.author = line(choose_author(sources, author, bylines));
  out.date = iso(choose_date(sources, bylines));

  out.licence = absolute(signals.licence, url);
  if (out.licence.empty()) out.licence = decoded_line(signals.at(MetaField::licence));
  if (out.licence.empty()) out.licence = linked.licence;

  add_directives("", signals.at(MetaField::robots), out.robots);
  for (const auto& [agent, content] : signals.agents) add_directives(agent, content, out.robots);

  const std::string reservation = line(signals.at(MetaField::reservation), 16);
  if (reservation == "0" || reservation == "1") {
    out.tdm = reservation;
    if (const std::string policy = absolute(signals.at(MetaField::policy), url); !policy.empty()) out.tdm += " " + policy;
    out.tdm = line(out.tdm);
  }

  for (const auto& type : linked.types) add_item(type, out.schema);
  for (const auto types : signals.types) {
    size_t at = 0;
    for (std::string_view type; next_word(types.substr(0, kMaxField), at, type);) add_item(line(type_name(type), 64), out.schema);
  }
  add_item(line(signals.at(MetaField::type), 64), out.schema);
}

}  // namespace millrace::extract
