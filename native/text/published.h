#pragma once
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "native/base/error.h"
#include "native/base/span.h"
#include "native/text/published_edits.h"

namespace millrace::text {

// Other projects' and papers' definitions of a good document. They do not share words, lines or ways of counting with each other nor with
// native/text/statistics.h, so each has a family of statistics of its own; which of them are asked, in which order and with which thresholds
// is data that callers give. A family is measured only where a rule of the profile asks it.
enum class Family : uint8_t { nemo, dolma, dclm, paper, multilingual, edit };
inline constexpr int kFamilyCount = 6;

// Names of all statistics, family after family. Numbers of statistics are positions in this list.
const std::vector<const char*>& published_statistics();
Family family_of(int statistic);

enum class Compare : uint8_t { below, above, at_most, at_least };  // the document is dropped where the value is that; NaN never is

struct PublishedStep {
  int statistic;
  Compare drops;
  double threshold;
};

// An edit (or none) and the rules that read what it left.
struct PublishedPass {
  Edit edit = Edit::none;
  std::vector<PublishedStep> steps;
  std::vector<std::string> stop_words{};  // for the family multilingual
};
using PublishedProfile = std::vector<PublishedPass>;

// profile_of[i] of a document that none of them judges.
inline constexpr uint8_t kNotJudged = 255;

enum class Read : uint8_t {
  ok = 0,
  too_large = 1,  // longer than the caller's limit in bytes
  not_utf8 = 2,
  too_many_words = 3,  // more than kMostWords
  too_much_work = 4,   // made to collide in hash tables
};

// Words, of any kind, that a document may have: bounds the memory of a thread to about 1 GB.
inline constexpr size_t kMostWords = 1 << 23;

struct PublishedJudgement {
  std::vector<uint8_t> status;  // Read; a document that is not ok has no verdict
  std::vector<int16_t> step;    // number of the step that dropped it, counted over the passes of its profile; -1: kept or not judged
  std::vector<double> value;    // of that step, else NaN
  std::vector<double> threshold;
  std::vector<std::vector<double>> statistics;  // [statistic][documents]: what the last pass that asked its family read, else NaN; empty if no profile asks it
  std::vector<uint32_t> edited;                 // rows that were kept and whose text changed, ascending
  // Texts of all rows, where any changed; else empty.
  std::vector<int32_t> offsets;
  std::vector<uint8_t> bytes;
};

struct PublishedOptions {
  uint64_t max_document_bytes = 64 << 20;
  int threads = 1;         // cannot change the result
  bool measure_all = false;  // go on measuring after the verdict, so that every statistic of the profile has a value
};

// Judges texts[i] by profiles[profile_of[i]]. Errors: kShape (lengths disagree, offsets out of bounds, edited texts above 2 GiB), kArgument (no
// such profile, statistic or edit).
Error judge_published(const TextColumn& texts, std::span<const uint8_t> profile_of, std::span<const PublishedProfile> profiles,
                      const PublishedOptions& options, PublishedJudgement& out);

}  // namespace millrace::text
