#include "native/text/judge.h"

#include <bitset>
#include <cstring>
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

// A workspace remembers words from one text to the next, which changes no result: threads keep theirs.
void for_each_chunk(size_t rows, int threads, const std::function<void(Workspace&, size_t)>& body) {
  parallel_for((rows + kChunk - 1) / kChunk, threads, [&](size_t chunk) {
    thread_local Workspace workspace;
    for (size_t i = chunk * kChunk; i < rows && i < (chunk + 1) * kChunk; ++i) body(workspace, i);
    workspace.release();
  });
}

// Which statistics a profile's steps compare.
struct Needs {
  std::bitset<kStatisticCount> before, after;
  uint32_t before_groups = kTextGroup, after_groups = kTextGroup;

  explicit Needs(const Profile& profile) {
    add(profile.before, before, before_groups);
    add(profile.after, after, after_groups);
  }

 private:
  static void add(std::span<const Step> steps, std::bitset<kStatisticCount>& set, uint32_t& groups) {
    for (const Step& step : steps) {
      const Statistic statistic = rules()[step.rule].statistic;
      set.set(statistic);
      groups |= group_of(statistic);
    }
  }
};

class DocumentJudge {
 public:
  DocumentJudge(Workspace& workspace, const Profile& profile, const Needs& needs, const JudgeOptions& options)
      : workspace_(workspace), profile_(profile), needs_(needs), options_(options), lazy_(options.extent == Extent::verdict) {
    statistics.fill(kNone);
  }

  Statistics statistics;
  Measured status = Measured::ok;
  std::optional<std::string> edited;  // where the text was kept and changed

  Verdict run(std::string_view text) {
    status = workspace_.open(text, options_.max_document_bytes, profile_.words, {}, asked());
    compute(profile_.edit ? needs_.before_groups : needs_.before_groups | needs_.after_groups);
    Verdict verdict = ask(profile_.before);
    if (!profile_.edit && verdict.rule < 0) verdict = ask(profile_.after);
    if (status != Measured::ok) return {};
    statistics = workspace_.values();
    if (!profile_.edit || (lazy_ && verdict.rule >= 0)) return verdict;
    const Verdict later = edit(text);
    if (verdict.rule < 0) return status == Measured::ok ? later : Verdict{};
    // What comes to light behind the step that drops a document cannot bring it back.
    status = Measured::ok;
    return verdict;
  }

 private:
  Workspace::Asked asked() const { return lazy_ ? Workspace::Asked::verdict : Workspace::Asked::all; }

  void compute(uint32_t groups) {
    if (status != Measured::ok || lazy_) return;
    status = workspace_.compute(options_.extent == Extent::all ? kAllGroups : groups);
  }

  // Finds what a step compares when it is asked.
  Verdict ask(std::span<const Step> steps) {
    if (status != Measured::ok) return {};
    const Verdict verdict = first_failure(steps, [&](const Rule& rule, double threshold) {
      if (group_of(rule.statistic) == kC4Group) return statistics[rule.statistic];
      if (!lazy_) {
        workspace_.compute(group_of(rule.statistic));
        return workspace_.values()[rule.statistic];
      }
      return workspace_.value(rule.statistic, threshold, rule.drops == Drops::below);
    });
    status = workspace_.status();
    return status == Measured::ok ? verdict : Verdict{};
  }

  // C4's edit and the steps behind it.
  Verdict edit(std::string_view text) {
    status = workspace_.find_words();
    if (status != Measured::ok) return {};
    std::string lines;
    const C4Result result = c4(workspace_, *profile_.edit, lines, lazy_, lazy_ ? &workspace_.line_ends : nullptr);
    statistics[kC4Lines] = result.lines ? static_cast<double>(result.kept_lines) / static_cast<double>(result.lines) : kNone;
    statistics[kC4Sentences] = lazy_ ? kNone : static_cast<double>(result.sentences);
    if (result.outcome != C4Outcome::keep) {
      for (int s = 0; s < kStatisticCount; ++s)
        if (needs_.after[s] && !needs_.before[s]) statistics[s] = kNone;
      const bool few = result.outcome == C4Outcome::too_few_sentences;
      return {c4_rule(result.outcome), few ? static_cast<double>(result.sentences) : 1, few ? profile_.edit->min_sentences : 0};
    }
    const bool changed = lines != text;
    if (changed) edited = std::move(lines);
    if (profile_.after.empty()) return {};
    if (changed && lazy_ && result.plain && result.kept_lines > 0) {
      workspace_.open_lines(*edited, workspace_.line_ends, result.words);
    } else if (changed) {
      status = workspace_.open(*edited, options_.max_document_bytes, profile_.words, result.words, asked());
    }
    compute(needs_.after_groups);
    const Verdict verdict = ask(profile_.after);
    if (status != Measured::ok) return {};
    for (int s = 0; s < kStatisticCount; ++s) {
      const auto statistic = static_cast<Statistic>(s);
      if (needs_.after[s] || (!needs_.before[s] && workspace_.known(group_of(statistic)))) statistics[s] = workspace_.values()[s];
    }
    return verdict;
  }

  Workspace& workspace_;
  const Profile& profile_;
  const Needs& needs_;
  const JudgeOptions& options_;
  const bool lazy_;
};

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
  const std::vector<Needs> needs(profiles.begin(), profiles.end());
  std::vector<std::optional<std::string>> edits(rows);
  for_each_chunk(rows, options.threads, [&](Workspace& workspace, size_t i) {
    DocumentJudge document(workspace, profiles[profile_of[i]], needs[profile_of[i]], options);
    const Verdict verdict = document.run(texts[i]);
    out.status[i] = static_cast<uint8_t>(document.status);
    store(document.statistics, i, out.statistics);
    if (verdict.rule < 0) {
      if (document.status == Measured::ok) edits[i] = std::move(document.edited);
      return;
    }
    out.rule[i] = static_cast<int16_t>(verdict.rule);
    out.value[i] = verdict.value;
    out.threshold[i] = verdict.threshold;
  });

  size_t bytes = 0;
  for (size_t i = 0; i < rows; ++i) {
    if (out.status[i] != 0 || out.rule[i] >= 0) continue;
    out.kept.push_back(static_cast<uint32_t>(i));
    if (edits[i]) out.edited.push_back(static_cast<uint32_t>(i));
    bytes += edits[i] ? edits[i]->size() : texts[i].size();
  }
  if (out.edited.empty()) return Error::none();
  out.bytes.resize(bytes);
  out.offsets.push_back(0);
  for (const uint32_t i : out.kept) {
    const std::string_view text = edits[i] ? std::string_view(*edits[i]) : texts[i];
    std::memcpy(out.bytes.data() + out.offsets.back(), text.data(), text.size());
    out.offsets.push_back(static_cast<int32_t>(out.offsets.back() + text.size()));
  }
  return Error::none();
}

Error measure(const TextColumn& texts, const JudgeOptions& options, Words words, std::vector<uint8_t>& status,
              std::vector<std::vector<double>>& statistics) {
  if (!texts.valid()) return {kShape, "measure: expected text offsets that rise within the bytes, found others"};
  const size_t rows = texts.size();
  status.assign(rows, 0);
  statistics = columns(rows);
  for_each_chunk(rows, options.threads, [&](Workspace& workspace, size_t i) {
    Statistics values;
    status[i] = static_cast<uint8_t>(workspace.measure(texts[i], options.max_document_bytes, values, words));
    store(values, i, statistics);
  });
  return Error::none();
}

}  // namespace millrace::text
