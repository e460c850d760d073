// tldextract's reading of an address (tldextract.py, remote.py of 5.4.0), step by step: lenient_netloc, then suffix_index over the labels
// from the right. A path of labels is looked up as one string in the sorted table, which stands for the trie.
#include "native/text/suffixes.h"

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <vector>

#include "native/text/characters.h"

namespace millrace::text {
namespace {

struct SuffixNode {
  std::string_view path;
  uint8_t flags;  // 1: a suffix ends here; 2: every label below is one
};
struct EncodedLabel {
  std::string_view encoded, label;
};
struct LowerCase {
  uint32_t upper, lower;
};
#include "native/text/suffixes.inc"

constexpr uint8_t kEnd = 1, kWildcard = 2;
constexpr size_t kLongest = 255;  // no path of the table is longer: a longer label or path matches nothing

const SuffixNode* find(std::string_view path) {
  const auto* at = std::lower_bound(std::begin(kSuffixNodes), std::end(kSuffixNodes), path,
                                    [](const SuffixNode& node, std::string_view wanted) { return node.path < wanted; });
  return at != std::end(kSuffixNodes) && at->path == path ? at : nullptr;
}

void append(std::string& out, uint32_t code) {
  if (code < 0x80) {
    out.push_back(static_cast<char>(code));
  } else if (code < 0x800) {
    out.push_back(static_cast<char>(0xc0 | code >> 6));
    out.push_back(static_cast<char>(0x80 | (code & 0x3f)));
  } else {
    out.push_back(static_cast<char>(0xe0 | code >> 12));
    out.push_back(static_cast<char>(0x80 | (code >> 6 & 0x3f)));
    out.push_back(static_cast<char>(0x80 | (code & 0x3f)));
  }
}

// str.lower(), as far as the letters of suffixes go; `label` is UTF-8.
std::string lowered(std::string_view label) {
  std::string out;
  for (size_t i = 0; i < label.size();) {
    const auto [code, bytes] = decode(label.data() + i);
    const auto* at = std::lower_bound(std::begin(kLowerCase), std::end(kLowerCase), code, [](const LowerCase& each, uint32_t c) { return each.upper < c; });
    if (code >= 'A' && code <= 'Z') out.push_back(static_cast<char>(code + 32));
    else if (code >= 0x80 && at != std::end(kLowerCase) && at->upper == code) append(out, at->lower);
    else out.append(label.substr(i, bytes));
    i += bytes;
  }
  return out;
}

std::string decoded(std::string_view label) {
  std::string low = lowered(label);
  if (!low.starts_with("xn--")) return low;
  const auto* at = std::lower_bound(std::begin(kEncodedLabels), std::end(kEncodedLabels), std::string_view(low),
                                    [](const EncodedLabel& each, std::string_view wanted) { return each.encoded < wanted; });
  return at != std::end(kEncodedLabels) && at->encoded == low ? std::string(at->label) : low;
}

constexpr std::string_view kOtherStops[] = {"\u3002", "\uff0e", "\uff61"};

std::string_view without_scheme(std::string_view url) {
  const size_t slashes = url.find("//");
  if (slashes == 0) return url.substr(2);
  if (slashes == std::string_view::npos || slashes < 2 || url[slashes - 1] != ':') return url;
  for (const char c : url.substr(0, slashes - 1)) {
    const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    if (!letter && !(c >= '0' && c <= '9') && c != '+' && c != '-' && c != '.') return url;
  }
  return url.substr(slashes + 2);
}

std::string host_in(std::string_view url) {
  std::string_view host = without_scheme(url);
  host = host.substr(0, host.find_first_of("/?#"));
  if (const size_t user = host.rfind('@'); user != std::string_view::npos) host.remove_prefix(user + 1);
  if (host.starts_with('[') && host.find(']') != std::string_view::npos) return {};
  host = host.substr(0, host.find(':'));
  if (!is_utf8(host)) return {};
  host = strip(host);
  for (bool again = true; again;) {
    again = host.ends_with('.');
    if (again) host.remove_suffix(1);
    for (const auto stop : kOtherStops)
      while (host.ends_with(stop)) {
        host.remove_suffix(stop.size());
        again = true;
      }
  }
  std::string out;
  for (size_t i = 0; i < host.size();) {
    const std::string_view character = host.substr(i, decode(host.data() + i).bytes);
    const bool stop = std::find(std::begin(kOtherStops), std::end(kOtherStops), character) != std::end(kOtherStops);
    out.append(stop ? "." : character);
    i += character.size();
  }
  return out;
}

}  // namespace

bool is_top_level(std::string_view label) { return label.find('.') == std::string_view::npos && find(label) != nullptr; }

RegisteredHost registered_host(std::string_view url) {
  const std::string host = host_in(url);
  std::vector<std::string_view> labels;  // only the last ones are ever decoded
  for (size_t start = 0; start <= host.size();) {
    const size_t dot = std::min(host.find('.', start), host.size());
    labels.push_back(std::string_view(host).substr(start, dot - start));
    start = dot + 1;
  }
  size_t suffix = labels.size(), at = labels.size();
  std::string path;
  uint8_t flags = 0;  // the root has no wildcard
  while (at > 0) {
    const std::string label = labels[at - 1].size() > kLongest ? std::string() : decoded(labels[at - 1]);
    const std::string below = path.empty() ? label : label + "." + path;
    const SuffixNode* node = label.empty() ? nullptr : find(below);
    if (node) {
      --at;
      path = below;
      flags = node->flags;
      if (flags & kEnd) suffix = at;
      continue;
    }
    if (flags & kWildcard) suffix = find("!" + label + "." + path) ? at : at - 1;
    break;
  }
  RegisteredHost out;
  if (suffix == labels.size() || suffix == 0 || labels[suffix - 1].empty()) return out;
  out.registered = labels[suffix - 1];
  for (size_t i = suffix; i < labels.size(); ++i) out.registered.append(".").append(labels[i]);
  // Without its empty first labels tldextract would join otherwise: it leaves out only an empty `subdomain`.
  out.whole = suffix == 1 || (suffix == 2 && labels[0].empty()) ? out.registered : host;
  return out;
}

}  // namespace millrace::text
