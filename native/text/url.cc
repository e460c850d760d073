#include "native/text/url.h"

#include <algorithm>
#include <unordered_set>

#include "native/text/suffixes.h"
#include "native/text/url_lists.h"

namespace millrace::text {
namespace {

bool is_alphanumeric(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'); }
char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }

std::string lowered(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = lower(c);
  return out;
}

// re.sub("[^a-zA-Z0-9]+", "", text).lower()
std::string normalized(std::string_view text) {
  std::string out;
  for (const char c : text)
    if (is_alphanumeric(c)) out.push_back(lower(c));
  return out;
}

std::string_view trimmed(std::string_view line) {
  const auto space = [](char c) { return c == ' ' || (c >= '\t' && c <= '\r'); };
  while (!line.empty() && space(line.front())) line.remove_prefix(1);
  while (!line.empty() && space(line.back())) line.remove_suffix(1);
  return line;
}

constexpr size_t kLongestHost = 253, kMostStates = 1 << 22;

bool is_host(std::string_view host) {
  if (host.empty() || host.size() > kLongestHost || host.front() == '.' || host.back() == '.') return false;
  for (size_t i = 0; i < host.size(); ++i) {
    const auto c = static_cast<unsigned char>(host[i]);
    if (!is_alphanumeric(host[i]) && c != '-' && c != '.' && c != '_' && c < 0x80) return false;
    if (c == '.' && host[i + 1] == '.') return false;
  }
  return true;
}

}  // namespace

const char* name(UrlList list) {
  switch (list) {
    case UrlList::domains: return "domains";
    case UrlList::urls: return "urls";
    case UrlList::banned_words: return "bannedWords";
    case UrlList::soft_words: return "softWords";
    case UrlList::banned_subwords: return "bannedSubwords";
  }
  return "";
}

const char* name(UrlVerdict verdict) {
  switch (verdict) {
    case UrlVerdict::keep: return "keep";
    case UrlVerdict::domain: return "domain";
    case UrlVerdict::subdomain: return "subdomain";
    case UrlVerdict::url: return "url";
    case UrlVerdict::hard_blacklisted: return "hard_blacklisted";
    case UrlVerdict::soft_blacklisted: return "soft_blacklisted";
    case UrlVerdict::blacklisted_subword: return "blacklisted_subword";
  }
  return "keep";
}

std::string host_of(std::string_view url) {
  const size_t scheme = url.find_first_of(":/?#");  // a "://" further on stands in a query
  if (scheme != std::string_view::npos && url.substr(scheme, 3) == "://") url.remove_prefix(scheme + 3);
  else if (url.starts_with("//")) url.remove_prefix(2);
  url = url.substr(0, url.find_first_of("/?#\\"));
  if (const size_t user = url.rfind('@'); user != std::string_view::npos) url.remove_prefix(user + 1);
  if (url.starts_with('[')) url = url.substr(0, url.find(']') + 1);
  else url = url.substr(0, url.find(':'));
  while (url.ends_with('.')) url.remove_suffix(1);
  return lowered(url);
}

struct UrlRules::Tables {
  UrlDefinition definition = UrlDefinition::millrace;
  int soft_threshold = 2;
  StringSet domains, urls, banned, soft;
  Automaton subwords;
  std::string cut;  // of a line whose end has not come
  size_t line = 0;

  // A trie by labels from the right, kept as the set of its paths: the host, then everything behind each of its dots.
  bool lists(std::string_view host) const {
    while (!host.empty()) {
      if (host.size() <= kLongestHost && domains.contains(host)) return true;
      const size_t dot = host.find('.');
      if (dot == std::string_view::npos) return false;
      host.remove_prefix(dot + 1);
    }
    return false;
  }

  Error broken(const char* expected, std::string_view found) const {
    return {kFormat, "line " + std::to_string(line) + ": expected " + expected + ", found \"" + std::string(found.substr(0, 80)) + "\""};
  }

  Error take(UrlList list, std::string_view text) {
    ++line;
    const std::string_view entry = trimmed(text);
    if (entry.empty() || entry.front() == '#') return Error::none();
    if (entry.size() > StringSet::kLongest) return broken("at most 8192 bytes", entry);
    if (list == UrlList::urls) return urls.add(entry);
    if (list == UrlList::domains) {
      if (!is_host(entry)) return broken("a host name such as example.com", entry);
      return domains.add(definition == UrlDefinition::millrace ? lowered(entry) : std::string(entry));
    }
    const std::string word = normalized(entry);
    if (word.empty()) return broken("a word with an ASCII letter or digit", entry);
    if (list != UrlList::banned_subwords) return (list == UrlList::banned_words ? banned : soft).add(word);
    if (subwords.states() + word.size() > kMostStates) return {kMemory, "expected subwords of at most 4194304 characters together, found more"};
    subwords.add(word);
    return Error::none();
  }
};

UrlRules::UrlRules(UrlDefinition definition, int soft_threshold) : tables_(std::make_unique<Tables>()) {
  tables_->definition = definition;
  tables_->soft_threshold = soft_threshold;
}
UrlRules::~UrlRules() = default;
int UrlRules::soft_threshold() const { return tables_->soft_threshold; }

Error UrlRules::add(UrlList list, std::string_view chunk, bool last) {
  Tables& tables = *tables_;
  while (!chunk.empty()) {
    const size_t end = chunk.find('\n');
    if (end == std::string_view::npos) {
      // A line that is far too long is named as soon as that is sure.
      if (tables.cut.size() <= StringSet::kLongest) tables.cut.append(chunk.substr(0, 2 * StringSet::kLongest));
      break;
    }
    if (tables.cut.empty()) {
      MILLRACE_TRY(tables.take(list, chunk.substr(0, end)));
    } else {
      if (tables.cut.size() <= StringSet::kLongest) tables.cut.append(chunk.substr(0, std::min(end, 2 * StringSet::kLongest)));
      MILLRACE_TRY(tables.take(list, tables.cut));
      tables.cut.clear();
    }
    chunk.remove_prefix(end + 1);
  }
  if (!last) return Error::none();
  const std::string rest = std::move(tables.cut);
  tables.cut.clear();
  const Error error = rest.empty() ? Error::none() : tables.take(list, rest);
  tables.line = 0;
  return error;
}

void UrlRules::finish() {
  for (StringSet* set : {&tables_->domains, &tables_->urls, &tables_->banned, &tables_->soft}) set->finish();
  tables_->subwords.finish();
}

UrlVerdict UrlRules::judge(std::string_view url, double& value) const {
  value = 1;
  if (url.empty()) return UrlVerdict::keep;
  const Tables& tables = *tables_;
  if (!tables.domains.empty()) {
    if (tables.definition == UrlDefinition::millrace) {
      if (tables.lists(host_of(url))) return UrlVerdict::domain;
    } else {
      const RegisteredHost host = registered_host(url);
      if (tables.domains.contains(host.registered)) return UrlVerdict::domain;
      if (tables.domains.contains(host.whole)) return UrlVerdict::subdomain;
    }
  }
  if (tables.urls.contains(url)) return UrlVerdict::url;
  if (!tables.banned.empty() || !tables.soft.empty()) {
    bool banned = false;
    std::unordered_set<std::string_view> soft;
    for (size_t i = 0; i < url.size();) {
      size_t end = i;
      while (end < url.size() && is_alphanumeric(url[end])) ++end;
      const std::string_view word = url.substr(i, end - i);
      if (tables.banned.contains(word)) banned = true;
      if (tables.soft.contains(word)) soft.insert(word);
      i = end + 1;
    }
    if (banned) return UrlVerdict::hard_blacklisted;
    if (!soft.empty() && static_cast<int>(soft.size()) >= tables.soft_threshold) {
      value = static_cast<double>(soft.size());
      return UrlVerdict::soft_blacklisted;
    }
  }
  if (!tables.subwords.empty() && tables.subwords.finds(normalized(url))) return UrlVerdict::blacklisted_subword;
  return UrlVerdict::keep;
}

}  // namespace millrace::text
