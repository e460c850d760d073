// Our emails and addresses: datatrove's, narrowed to what names a person or a machine.
//
// Email: the name begins behind the last character that hardly occurs in one (=, /, |, quotes …) and has at most 64 characters; the last
// label is a top-level domain (suffixes.h), so that `react@18.2.0`, `A@B.transpose()` and `pkg@1.0.0-beta` stay; what RFC 2606 reserves for
// examples stays; so does git@host:path, an address of a repository. Behind a hyphen the last label ends: x@y.com-based.
// Address: public and of one machine, no part of a longer number or name, its parts not all below 32 (outlines and versions such as 24.2.4.21,
// which one address in four thousand looks like; also the resolvers 1.1.1.1 and 8.8.8.8), not behind a word such as "version". Resolvers
// whose addresses everybody knows stay.
#include "native/text/pii_spans.h"
#include "native/text/suffixes.h"

namespace millrace::text::pii {
namespace {

constexpr size_t kLongestName = 64;  // RFC 5321

std::string lowered(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = lower(c);
  return out;
}

bool is_reserved(const std::string& domain) {
  for (const std::string_view name : {"example.com", "example.org", "example.net"})
    if (domain == name || (domain.ends_with(name) && domain[domain.size() - name.size() - 1] == '.')) return true;
  return domain.ends_with(".example") || domain.ends_with(".test") || domain.ends_with(".invalid");
}

bool narrow_email(std::string_view text, PiiSpan& span) {
  const size_t at = text.find('@', span.start);
  size_t start = at;
  while (start > span.start) {
    const char c = text[start - 1];
    if (!is_alphanumeric(c) && c != '.' && c != '_' && c != '%' && c != '+' && c != '-') break;
    if (at - start == kLongestName) return false;
    --start;
  }
  while (start < at && !is_alphanumeric(text[start]) && text[start] != '_') ++start;
  if (start == at) return false;
  if (text[at + 1] != '[') {
    const size_t dot = text.substr(0, span.end).rfind('.');
    size_t end = dot + 1;
    while (end < span.end && text[end] != '-') ++end;
    if (text.substr(dot + 1, 4) == "xn--" || text.substr(dot + 1, 4) == "XN--") end = span.end;
    if (end - dot > kLongestName || !is_top_level(lowered(text.substr(dot + 1, end - dot - 1)))) return false;
    if (end - at > 254 || is_reserved(lowered(text.substr(at + 1, end - at - 1)))) return false;
    span.end = static_cast<uint32_t>(end);
    const bool repository = span.end < text.size() && text[span.end] == ':' && text.substr(start, at - start) == "git";
    if (repository) return false;
  }
  span.start = static_cast<uint32_t>(start);
  return true;
}

bool behind_version(std::string_view text, size_t at) {
  size_t end = at;
  for (int i = 0; i < 4 && end > 0 && std::string_view(" \t\"'=:(").find(text[end - 1]) != std::string_view::npos; ++i) --end;
  size_t start = end;
  while (start > 0 && end - start < 10 && is_letter(text[start - 1])) --start;
  const std::string word = lowered(text.substr(start, end - start));
  for (const std::string_view name : {"version", "versions", "ver", "release", "firmware", "build", "revision", "rev"})
    if (word == name) return true;
  return false;
}

bool is_address(std::string_view text, const PiiSpan& span, uint32_t address) {
  if (!is_global(address) || address >> 28 == 0xe) return false;  // groups of multicast
  for (const uint32_t known : {0x08080404u, 0xd043dedeu, 0xd043dcdcu, 0x95707070u})  // Google, OpenDNS, Quad9
    if (address == known) return false;
  const auto small = [&](int shift) { return (address >> shift & 0xff) < 32; };
  if (small(24) && small(16) && small(8) && small(0)) return false;
  const auto joins = [&](size_t i) { return text[i] == '.' || text[i] == '-'; };
  if (word_before(text, span.start) || (span.start > 1 && joins(span.start - 1) && is_alphanumeric(text[span.start - 2]))) return false;
  if (word_at(text, span.end) || (span.end + 1 < text.size() && joins(span.end) && is_alphanumeric(text[span.end + 1]))) return false;
  return !behind_version(text, span.start);
}

}  // namespace

void find_own(std::string_view text, const PiiRules& rules, std::vector<PiiSpan>& out) {
  const auto wanted = [&](PiiKind kind) { return rules.actions[static_cast<size_t>(kind)] != PiiAction::off; };
  const bool want_emails = wanted(PiiKind::email), want_addresses = wanted(PiiKind::ip);
  if (want_emails || want_addresses) {
    Emails emails(text);
    Addresses addresses(text);
    PiiSpan span;
    uint32_t address;
    bool valid;
    for_each_mark(
        text,
        [&](size_t at) {
          if (want_emails && emails.match(at, span) && narrow_email(text, span)) out.push_back(span);
        },
        [&](size_t dot) {
          if (want_addresses && addresses.match(dot, span, address, valid) && valid && is_address(text, span, address)) out.push_back(span);
        });
  }
  if (wanted(PiiKind::phone) || wanted(PiiKind::card)) find_numbers(text, wanted(PiiKind::phone), wanted(PiiKind::card), out);
  if (wanted(PiiKind::secret)) find_secrets(text, out);
}

}  // namespace millrace::text::pii
