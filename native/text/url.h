#pragma once
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "native/base/error.h"
#include "native/base/span.h"

namespace millrace::text {

// What a user's lists say about addresses; no list comes with the program.
struct UrlLists {
  TextColumn domains;        // hosts; each also stands for every host below it. Case is ignored
  TextColumn urls;           // whole addresses, compared byte by byte
  TextColumn banned_words;
  TextColumn soft_words;
  TextColumn banned_subwords;
  int soft_threshold = 2;    // distinct soft words that it takes
};

enum class UrlVerdict : int8_t { keep = -1, domain, url, hard_blacklisted, soft_blacklisted, blacklisted_subword };
const char* name(UrlVerdict verdict);

// datatrove's URL filter (0.10, pipeline/filters/url_filter.py) in its order and with its reasons: listed host, listed address, any banned
// word among the address split at [^a-zA-Z0-9]+ (not lower-cased, as there), soft_threshold soft words, any banned subword in the address
// without its other characters, lower-cased. Listed words lose their other characters and case. One difference: datatrove looks up the
// registered domain (by a public-suffix list) and then the full host (`subdomain`); here a listed host covers all below it, so no
// public-suffix list decides, and the reason is always `domain`.
class UrlRules {
 public:
  // Lines that are empty or begin with # are no entries. Errors: kShape; kFormat naming list and line, where an entry can match nothing or
  // everything (a host with a slash, a space or an empty label; a word without a letter or digit).
  static Error make(const UrlLists& lists, std::unique_ptr<UrlRules>& out);
  ~UrlRules();

  // `value` is the number that the rule compares: soft words found, else 1. An empty address (a document without one) is kept.
  UrlVerdict judge(std::string_view url, double& value) const;
  int soft_threshold() const;

 private:
  UrlRules();
  struct Tables;
  std::unique_ptr<Tables> tables_;
};

// The host of an address, lower-cased: without scheme, user, port and a closing dot. Empty where there is none.
std::string host_of(std::string_view url);

}  // namespace millrace::text
