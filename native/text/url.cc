#include "native/text/url.h"

#include <array>
#include <deque>
#include <unordered_set>

namespace millrace::text {
namespace {

bool is_alphanumeric(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'); }
char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }

// re.sub("[^a-zA-Z0-9]+", "", text).lower()
std::string normalized(std::string_view text) {
  std::string out;
  for (const char c : text)
    if (is_alphanumeric(c)) out.push_back(lower(c));
  return out;
}

struct Hash {
  using is_transparent = void;
  size_t operator()(std::string_view text) const { return std::hash<std::string_view>{}(text); }
};
using Set = std::unordered_set<std::string, Hash, std::equal_to<>>;

// Aho and Corasick's automaton over [a-z0-9]; it only says whether any word occurs.
class Automaton {
 public:
  Automaton() : states_(1) {}
  void add(std::string_view word) {
    uint32_t at = 0;
    for (const char c : word) {
      if (states_[at].next[symbol(c)] == 0) {
        states_[at].next[symbol(c)] = static_cast<uint32_t>(states_.size());
        states_.emplace_back();
      }
      at = states_[at].next[symbol(c)];
    }
    states_[at].final = true;
  }
  void finish() {
    std::deque<uint32_t> queue;
    std::vector<uint32_t> fallback(states_.size(), 0);
    for (const uint32_t child : states_[0].next)
      if (child) queue.push_back(child);
    while (!queue.empty()) {
      const uint32_t state = queue.front();
      queue.pop_front();
      states_[state].final |= states_[fallback[state]].final;
      for (int c = 0; c < kSymbols; ++c) {
        const uint32_t behind = states_[fallback[state]].next[c];
        if (const uint32_t child = states_[state].next[c]) {
          fallback[child] = behind;
          queue.push_back(child);
        } else {
          states_[state].next[c] = behind;
        }
      }
    }
  }
  bool finds(std::string_view text) const {
    uint32_t at = 0;
    for (const char c : text) {
      at = states_[at].next[symbol(c)];
      if (states_[at].final) return true;
    }
    return false;
  }

 private:
  static constexpr int kSymbols = 36;
  static int symbol(char c) { return c <= '9' ? c - '0' : c - 'a' + 10; }
  struct State {
    std::array<uint32_t, kSymbols> next{};
    bool final = false;
  };
  std::vector<State> states_;
};

std::string_view trimmed(std::string_view line) {
  const auto space = [](char c) { return c == ' ' || (c >= '\t' && c <= '\r'); };
  while (!line.empty() && space(line.front())) line.remove_prefix(1);
  while (!line.empty() && space(line.back())) line.remove_suffix(1);
  return line;
}

Error broken(const char* list, size_t line, const char* expected, std::string_view found) {
  return {kFormat, std::string("list ") + list + ", line " + std::to_string(line + 1) + ": expected " + expected + ", found \"" +
                       std::string(found.substr(0, 80)) + "\""};
}

template <class Take>
Error each_entry(const char* list, const TextColumn& lines, Take&& take) {
  if (!lines.valid()) return {kShape, std::string("list ") + list + ": expected offsets that rise within the bytes, found others"};
  for (size_t i = 0; i < lines.size(); ++i) {
    const std::string_view entry = trimmed(lines[i]);
    if (entry.empty() || entry.front() == '#') continue;
    MILLRACE_TRY(take(i, entry));
  }
  return Error::none();
}

Error words_of(const char* list, const TextColumn& lines, Set& out) {
  return each_entry(list, lines, [&](size_t i, std::string_view entry) {
    std::string word = normalized(entry);
    if (word.empty()) return broken(list, i, "a word with an ASCII letter or digit", entry);
    out.insert(std::move(word));
    return Error::none();
  });
}

bool is_host(std::string_view host) {
  if (host.empty() || host.size() > 253 || host.front() == '.' || host.back() == '.') return false;
  for (size_t i = 0; i < host.size(); ++i) {
    const auto c = static_cast<unsigned char>(host[i]);
    if (!is_alphanumeric(host[i]) && c != '-' && c != '.' && c != '_' && c < 0x80) return false;
    if (c == '.' && host[i + 1] == '.') return false;
  }
  return true;
}

}  // namespace

const char* name(UrlVerdict verdict) {
  switch (verdict) {
    case UrlVerdict::keep: return "keep";
    case UrlVerdict::domain: return "domain";
    case UrlVerdict::url: return "url";
    case UrlVerdict::hard_blacklisted: return "hard_blacklisted";
    case UrlVerdict::soft_blacklisted: return "soft_blacklisted";
    case UrlVerdict::blacklisted_subword: return "blacklisted_subword";
  }
  return "keep";
}

std::string host_of(std::string_view url) {
  if (const size_t scheme = url.find("://"); scheme != std::string_view::npos) url.remove_prefix(scheme + 3);
  else if (url.starts_with("//")) url.remove_prefix(2);
  url = url.substr(0, url.find_first_of("/?#\\"));
  if (const size_t user = url.rfind('@'); user != std::string_view::npos) url.remove_prefix(user + 1);
  if (url.starts_with('[')) url = url.substr(0, url.find(']') + 1);
  else url = url.substr(0, url.find(':'));
  if (url.ends_with('.')) url.remove_suffix(1);
  std::string host;
  for (const char c : url) host.push_back(lower(c));
  return host;
}

struct UrlRules::Tables {
  Set domains, urls, banned, soft;
  Automaton subwords;
  bool any_subword = false;
  int soft_threshold = 2;

  bool lists(std::string_view host) const {
    while (!host.empty()) {
      if (domains.contains(host)) return true;
      const size_t dot = host.find('.');
      if (dot == std::string_view::npos) return false;
      host.remove_prefix(dot + 1);
    }
    return false;
  }
};

UrlRules::UrlRules() : tables_(std::make_unique<Tables>()) {}
UrlRules::~UrlRules() = default;
int UrlRules::soft_threshold() const { return tables_->soft_threshold; }

Error UrlRules::make(const UrlLists& lists, std::unique_ptr<UrlRules>& out) {
  std::unique_ptr<UrlRules> rules(new UrlRules);
  Tables& tables = *rules->tables_;
  tables.soft_threshold = lists.soft_threshold;
  MILLRACE_TRY(each_entry("domains", lists.domains, [&](size_t i, std::string_view entry) {
    std::string host;
    for (const char c : entry) host.push_back(lower(c));
    if (!is_host(host)) return broken("domains", i, "a host name such as example.com", entry);
    tables.domains.insert(std::move(host));
    return Error::none();
  }));
  MILLRACE_TRY(each_entry("urls", lists.urls, [&](size_t, std::string_view entry) {
    tables.urls.emplace(entry);
    return Error::none();
  }));
  MILLRACE_TRY(words_of("bannedWords", lists.banned_words, tables.banned));
  MILLRACE_TRY(words_of("softWords", lists.soft_words, tables.soft));
  Set subwords;
  MILLRACE_TRY(words_of("bannedSubwords", lists.banned_subwords, subwords));
  for (const auto& word : subwords) tables.subwords.add(word);
  tables.any_subword = !subwords.empty();
  tables.subwords.finish();
  out = std::move(rules);
  return Error::none();
}

UrlVerdict UrlRules::judge(std::string_view url, double& value) const {
  value = 1;
  if (url.empty()) return UrlVerdict::keep;
  if (!tables_->domains.empty() && tables_->lists(host_of(url))) return UrlVerdict::domain;
  if (tables_->urls.contains(url)) return UrlVerdict::url;
  if (!tables_->banned.empty() || !tables_->soft.empty()) {
    bool banned = false;
    std::unordered_set<std::string_view> soft;
    for (size_t i = 0; i < url.size();) {
      size_t end = i;
      while (end < url.size() && is_alphanumeric(url[end])) ++end;
      const std::string_view word = url.substr(i, end - i);
      if (tables_->banned.contains(word)) banned = true;
      if (tables_->soft.contains(word)) soft.insert(word);
      i = end + 1;
    }
    if (banned) return UrlVerdict::hard_blacklisted;
    if (!soft.empty() && static_cast<int>(soft.size()) >= tables_->soft_threshold) {
      value = static_cast<double>(soft.size());
      return UrlVerdict::soft_blacklisted;
    }
  }
  if (tables_->any_subword && tables_->subwords.finds(normalized(url))) return UrlVerdict::blacklisted_subword;
  return UrlVerdict::keep;
}

}  // namespace millrace::text
