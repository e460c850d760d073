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
  Words words = Words::simple;
};

// How much is measured.
enum class Extent : uint8_t {
  all = 0,      // every statistic
  rules = 1,    // those that a step of the document's profile compares, also of documents that an earlier step drops
  verdict = 2,  // up to the step that drops; the others are NaN, and a document that could not be measured further on is judged all the same
};

// Numbers of the verdicts that C4's edit gives, behind those of rules().
inline int c4_rule(C4Outcome outcome) { return static_cast<int>(rules().size()) + static_cast<int>(outcome) - 1; }

struct Judgement {
  std::vector<uint8_t> status;    // Measured, per document; a document that is not ok gets no verdict and is not kept
  std::vector<int16_t> rule;      // -1: kept
  std::vector<double> value;      // of the rule that dropped it, else NaN
  std::vector<double> threshold;
  // [kStatisticCount][documents]: what the rules read. What only steps before the edit compare is of the text as it came; where steps follow
  // an edit, what they compare, and what no step does, is of the edited text; what only they compare is NaN where the edit itself dropped
  // the document.
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
  Extent extent = Extent::all;
};

// Judges texts[i] by profiles[profile_of[i]]. Errors: kShape (lengths disagree, offsets out of bounds), kArgument (no such profile or rule).
Error judge(const TextColumn& texts, std::span<const uint8_t> profile_of, std::span<const Profile> profiles, const JudgeOptions& options,
            Judgement& out);

// Statistics alone, of every text: [kStatisticCount][documents], NaN where status is not ok.
Error measure(const TextColumn& texts, const JudgeOptions& options, Words words, std::vector<uint8_t>& status,
              std::vector<std::vector<double>>& statistics);

}  // namespace millrace::text
