#pragma once
#include <memory>
#include <string>
#include <string_view>

#include "native/base/error.h"

namespace millrace::text {

// What a user's lists say about addresses; no list comes with the program.
enum class UrlList : uint8_t {
  domains,
  urls,  // whole addresses, compared byte by byte
  banned_words,
  soft_words,
  banned_subwords,
};
inline constexpr int kUrlLists = 5;
const char* name(UrlList list);

// How `domains` are read. millrace: a listed host stands for itself and every host below it, in any case. datatrove: as its URL filter
// (0.10, pipeline/filters/url_filter.py) does: the registered domain or the whole host must be listed letter by letter, found by tldextract's
// rules and public suffixes (suffixes.h), so `HTTP://BAD.COM/` and `http://10.0.0.1/` pass whatever is listed.
enum class UrlDefinition : uint8_t { millrace, datatrove };

enum class UrlVerdict : int8_t { keep = -1, domain, subdomain, url, hard_blacklisted, soft_blacklisted, blacklisted_subword };
const char* name(UrlVerdict verdict);

// datatrove's URL filter in its order and with its reasons: listed host, listed address, any banned word among the address split at
// [^a-zA-Z0-9]+ (not lower-cased, as there), soft_threshold different soft words, any banned subword in the address without its other
// characters, lower-cased. Listed words lose their other characters and case.
class UrlRules {
 public:
  UrlRules(UrlDefinition definition, int soft_threshold);
  ~UrlRules();

  // Reads lines of a list; a chunk may be cut anywhere, `last` ends its last line, and the next chunk begins at line 1 again. Empty lines
  // and those that begin with # are no entries. A list takes its entries' bytes and about 8 more each. Errors: kFormat naming the line,
  // where an entry can match nothing or everything (a host with a slash, a space or an empty label; a word without a letter or digit; more
  // than 8,192 bytes); kMemory above 4 GiB or 2^30 entries.
  Error add(UrlList list, std::string_view chunk, bool last);
  // Ends the lists. Before it `judge` must not be called, after it `add` must not.
  void finish();

  // `value` is the number that the rule compares: soft words found, else 1. An empty address (a document without one) is kept.
  UrlVerdict judge(std::string_view url, double& value) const;
  int soft_threshold() const;

 private:
  struct Tables;
  std::unique_ptr<Tables> tables_;
};

// The host of an address, lower-cased: without scheme, user, port and a closing dot. Empty where there is none.
std::string host_of(std::string_view url);

}  // namespace millrace::text
