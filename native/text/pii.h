#pragma once
#include <array>
#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "native/base/error.h"
#include "native/base/span.h"

namespace millrace::text {

// What can be found in a text: addresses of mail, IPv4 addresses, telephone numbers, numbers of payment cards, keys and tokens.
enum class PiiKind : uint8_t { email, ip, phone, card, secret };
inline constexpr int kPiiKinds = 5;
const char* name(PiiKind kind);

// Whose definition finds them.
// datatrove: emails and public IPv4 addresses as PIIFormatter of datatrove 0.10 does (pii_datatrove.cc): the addresses are looked for in the
//            text whose emails are replaced already.
// dolma:     emails, telephone numbers and IPv4 addresses as Dolma's tagger `pii_regex_with_counts_fast_v2` (pii_dolma.cc), by paragraph; of
//            spans that overlap its mixer replaces the first and leaves the others.
// millrace:  ours (pii_own.cc, pii_numbers.cc, pii_secrets.cc): narrower, so that versions, outlines and operators of code stay.
enum class PiiDefinition : uint8_t { millrace, datatrove, dolma };

// off: not looked for. count: measured alone. drop: a document that has one is dropped.
enum class PiiAction : uint8_t { off, count, replace, drop };

struct PiiSpan {
  uint32_t start, end;  // bytes
  PiiKind kind;
};

struct PiiRules {
  PiiDefinition definition = PiiDefinition::millrace;
  std::array<PiiAction, kPiiKinds> actions{};
  uint32_t most = std::numeric_limits<uint32_t>::max();  // a document with more than so many, of all kinds together, is dropped
  // What a kind is replaced by. Where there are several they take turns, beginning at `starts` modulo their number.
  std::array<std::vector<std::string>, kPiiKinds> replacements;
};

inline constexpr int8_t kPiiKept = -1;
inline constexpr int8_t kPiiTooMany = kPiiKinds;  // more than PiiRules::most; other verdicts are the number of the kind that drops

struct Redaction {
  std::array<std::vector<uint32_t>, kPiiKinds> counts;  // per text, of each kind; 0 where it is off
  std::vector<int8_t> verdict;                          // per text
  std::vector<uint32_t> edited;                         // texts that changed, rising; a dropped one is left as it was
  std::vector<int32_t> offsets;                         // of all texts, where any changed; else empty
  std::vector<uint8_t> bytes;
};

// Looks through text i by rules[rules_of[i]]; `starts` holds one number a text. Time is linear in the text, whatever it holds. Bytes that
// are not UTF-8 are characters that are neither letters nor white space. Errors: kShape where lengths disagree or offsets run backwards;
// kArgument for a number outside `rules`, or a kind that is replaced by nothing said; kMemory where the new texts exceed 2^31 - 1 bytes.
Error redact(const TextColumn& texts, std::span<const uint8_t> rules_of, std::span<const uint64_t> starts, std::span<const PiiRules> rules,
             int threads, Redaction& out);

// The spans of one text, rising, none overlapping another. datatrove's addresses come from the text as it is, emails not yet replaced.
std::vector<PiiSpan> find_pii(std::string_view text, const PiiRules& rules);

// Python's ipaddress.IPv4Address(a).is_global of 3.11 up to 3.11.9 (later ones count 192.0.0.0/24 as private, but for two addresses).
bool is_global(uint32_t address);

}  // namespace millrace::text
