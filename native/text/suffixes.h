#pragma once
#include <string>
#include <string_view>

namespace millrace::text {

// Whether registries hand out names under this one label, given in small letters: "com", "museum", not "local" (suffixes.inc).
bool is_top_level(std::string_view label);

struct RegisteredHost {
  std::string registered;  // the label below the public suffix, and the suffix: "bbc.co.uk"; empty where the host has no suffix or no such label
  std::string whole;       // the whole host; empty alike
};

// What tldextract 5.4.0 says of an address (`registered_domain` and `fqdn`, without private suffixes): case kept, ideographic full stops
// as '.', user, port, brackets and dots at the end left out. Punycode counts as what it encodes. Numeric addresses have neither.
RegisteredHost registered_host(std::string_view url);

}  // namespace millrace::text
