#include "native/text/judge.h"

#include <limits>
#include <string>

#include "native/base/parallel.h"

namespace millrace::text {
namespace {

constexpr double kNone = std::numeric_limits<double>::quiet_NaN();
constexpr size_t kChunk = 64;  // documents that one thread takes at a time

std::vector<std::vector<double>> columns(size_t rows) {
  return std::vector<std::vector<double>>(kStatisticCount, std::vector<double>(rows, kNone));
}

void store(const Statistics& from, size_t row, std::vector<std::vector<double>>& to) {
  for (int s = 0; s < kStatisticCount; ++s) to[s][row] = from[s];
}

void for_each_chunk(size_t rows, int threads, const std::function<void(Workspace&, size_t)>& body) {
  parallel_for((rows + kChunk - 1) / kChunk, threads, [&](size_t chunk) {
    Workspace workspace;
    for (size_t i = chunk * kChunk; i < rows && i < (chunk + 1) * kChunk; ++i) body(workspace, i);
  });
}

double c4_value(const C4Result& result) {
  return result.outcome == C4Outcome::too_few_sentences ? static_cast<double>(result.sentences) : 1;
}

// One document. `edited` holds a text only where it was kept and changed.
Verdict judge_one(Workspace& workspace, std::string_view text, const Profile& profile, uint64_t max_bytes, Measured& status,
                  Statistics& statistics, std::optional<std::string>& edited) {
  status = workspace.measure(text, max_bytes, statistics);
  if (status != Measured::ok) return {};
  if (const Verdict verdict = first_failure(statistics, profile.before); verdict.rule >= 0) return verdict;
  if (profile.edit) {
    std::string lines;
    const C4Result result = c4(text, *profile.edit, lines);
    const double share = result.lines ? static_cast<double>(result.kept_lines) / static_cast<double>(result.lines) : kNone;
    statistics[kC4Lines] = share;
    statistics[kC4Sentences] = static_cast<double>(result.sentences);
    if (result.outcome != C4Outcome::keep)
      return {c4_rule(result.outcome), c4_value(result), result.outcome == C4Outcome::too_few_sentences ? profile.edit->min_sentences : 0};
    if (lines != text) {
      if (!profile.after.empty()) {
        status = workspace.measure(lines, max_bytes, statistics);
        statistics[kC4Lines] = share;
        statistics[kC4Sentences] = static_cast<double>(result.sentences);
      }
      edited = std::move(lines);
    }
  }
  return first_failure(statistics, profile.after);
}

Error check(const TextColumn& texts, std::span<const uint8_t> profile_of, std::span<const Profile> profiles) {
  if (!texts.valid()) return {kShape, "judge: expected text offsets that rise within the bytes, found others"};
  if (profile_of.size() != texts.size())
    return {kShape, "judge: expected a profile for each of " + std::to_string(texts.size()) + " texts, found " + std::to_string(profile_of.size())};
  for (const uint8_t profile : profile_of)
    if (profile >= profiles.size())
      return {kArgument, "judge: expected profile numbers below " + std::to_string(profiles.size()) + ", found " + std::to_string(profile)};
  for (const Profile& profile : profiles)
    for (const auto* steps : {&profile.before, &profile.after})
      for (const Step& step : *steps)
        if (step.rule < 0 || static_cast<size_t>(step.rule) >= rules().size())
          return {kArgument, "judge: expected rule numbers below " + std::to_string(rules().size()) + ", found " + std::to_string(step.rule)};
  return Error::none();
}

}  // namespace

Error judge(const TextColumn& texts, std::span<const uint8_t> profile_of, std::span<const Profile> profiles, const JudgeOptions& options,
            Judgement& out) {
  MILLRACE_TRY(check(texts, profile_of, profiles));
  const size_t rows = texts.size();
  out.status.assign(rows, 0);
  out.rule.assign(rows, -1);
  out.value.assign(rows, kNone);
  out.threshold.assign(rows, kNone);
  out.statistics = columns(rows);
  std::vector<std::optional<std::string>> edits(rows);
  for_each_chunk(rows, options.threads, [&](Workspace& workspace, size_t i) {
    Measured status;
    Statistics statistics;
    const Verdict verdict = judge_one(workspace, texts[i], profiles[profile_of[i]], options.max_document_bytes, status, statistics, edits[i]);
    out.status[i] = static_cast<uint8_t>(status);
    store(statistics, i, out.statistics);
    if (verdict.rule < 0) return;
    out.rule[i] = static_cast<int16_t>(verdict.rule);
    out.value[i] = verdict.value;
    out.threshold[i] = verdict.threshold;
    edits[i].reset();
  });

  size_t bytes = 0;
  for (size_t i = 0; i < rows; ++i) {
    if (out.status[i] != 0 || out.rule[i] >= 0) continue;
    out.kept.push_back(static_cast<uint32_t>(i));
    if (edits[i]) out.edited.push_back(static_cast<uint32_t>(i));
    bytes += edits[i] ? edits[i]->size() : texts[i].size();
  }
  if (out.edited.empty()) return Error::none();
  out.bytes.reserve(bytes);
  out.offsets.push_back(0);
  for (const uint32_t i : out.kept) {
    const std::string_view text = edits[i] ? std::string_view(*edits[i]) : texts[i];
    out.bytes.insert(out.bytes.end(), text.begin(), text.end());
    out.offsets.push_back(static_cast<int32_t>(out.bytes.size()));
  }
  return Error::none();
}

Error measure(const TextColumn& texts, const JudgeOptions& options, std::vector<uint8_t>& status,
              std::vector<std::vector<double>>& statistics) {
  if (!texts.valid()) return {kShape, "measure: expected text offsets that rise within the bytes, found others"};
  const size_t rows = texts.size();
  status.assign(rows, 0);
  statistics = columns(rows);
  for_each_chunk(rows, options.threads, [&](Workspace& workspace, size_t i) {
    Statistics values;
    status[i] = static_cast<uint8_t>(workspace.measure(texts[i], options.max_document_bytes, values));
    store(values, i, statistics);
  });
  return Error::none();
}

}  // namespace millrace::text
