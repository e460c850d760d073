#pragma once
#include <optional>
#include <vector>

#include "native/base/error.h"
#include "native/base/span.h"
#include "native/text/c4.h"
#include "native/text/rules.h"

namespace millrace::text {

// Rules that look at the text as it came; then, if asked for, C4's edit, which makes a new version of the text; then rules that look at
// the edited version (at the first one where nothing edits).
struct Profile {
  std::vector<Step> before;
  std::optional<C4> edit;
  std::vector<Step> after;
};

// Numbers of the verdicts that C4's edit gives, behind those of rules().
inline int c4_rule(C4Outcome outcome) { return static_cast<int>(rules().size()) + static_cast<int>(outcome) - 1; }

struct Judgement {
  std::vector<uint8_t> status;    // Measured, per document; a document that is not ok gets no verdict and is not kept
  std::vector<int16_t> rule;      // -1: kept
  std::vector<double> value;      // of the rule that dropped it, else NaN
  std::vector<double> threshold;
  // [kStatisticCount][documents]: what the rules read. Of the text as it came; where an edit changed it and rules follow the edit, of the
  // edited text, but for kC4Lines and kC4Sentences, which tell of the edit itself.
  std::vector<std::vector<double>> statistics;
  std::vector<uint32_t> kept;     // rows that stay, ascending
  std::vector<uint32_t> edited;   // those of them whose text changed
  // Texts of the kept rows, in order. Empty where no text changed: take them from the input then.
  std::vector<int32_t> offsets;
  std::vector<uint8_t> bytes;
};

struct JudgeOptions {
  uint64_t max_document_bytes = 64 << 20;
  int threads = 1;  // cannot change the result
};

// Judges texts[i] by profiles[profile_of[i]]. Errors: kShape (lengths disagree, offsets out of bounds), kArgument (no such profile or rule).
Error judge(const TextColumn& texts, std::span<const uint8_t> profile_of, std::span<const Profile> profiles, const JudgeOptions& options,
            Judgement& out);

// Statistics alone, of every text: [kStatisticCount][documents], NaN where status is not ok.
Error measure(const TextColumn& texts, const JudgeOptions& options, std::vector<uint8_t>& status,
              std::vector<std::vector<double>>& statistics);

}  // namespace millrace::text
