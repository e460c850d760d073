#include "native/text/published.h"

#include <algorithm>
#include <array>
#include <limits>
#include <optional>

#include "native/base/parallel.h"
#include "native/text/characters.h"
#include "native/text/dclm.h"
#include "native/text/dolma.h"
#include "native/text/multilingual.h"
#include "native/text/nemo.h"
#include "native/text/paper.h"

namespace millrace::text {
namespace {

constexpr double kNone = std::numeric_limits<double>::quiet_NaN();
constexpr size_t kChunk = 256;  // documents that one thread takes at a time, with memory of its own
constexpr std::array<int, kFamilyCount + 1> kFirst = [] {
  constexpr std::array<int, kFamilyCount> counts = {kNemoStatisticCount, kDolmaStatisticCount, kDclmStatisticCount, kPaperStatisticCount,
                                                    kMultilingualStatisticCount, kEditStatisticCount};
  std::array<int, kFamilyCount + 1> first{};
  for (int f = 0; f < kFamilyCount; ++f) first[f + 1] = first[f] + counts[f];
  return first;
}();
constexpr size_t kAll = static_cast<size_t>(kFirst[kFamilyCount]);

// A text this short cannot have too many words, whatever a word is.
constexpr size_t kSurelyFew = kMostWords;

bool fails(double value, Compare drops, double threshold) {
  switch (drops) {
    case Compare::below: return value < threshold;
    case Compare::above: return value > threshold;
    case Compare::at_most: return value <= threshold;
    case Compare::at_least: return value >= threshold;
  }
  return false;
}

// Runs of letters and digits, and every other character that is no white space, one by one: no family finds more words.
bool has_too_many_words(std::string_view text) {
  if (text.size() <= kSurelyFew) return false;
  const uint8_t* classes = class_table();
  size_t words = 0;
  bool inside = false;
  for (size_t i = 0; i < text.size() && words <= kMostWords;) {
    const auto [code, bytes] = decode(text.data() + i);
    i += bytes;
    const bool joins = code < 0x80 && (classes[code] & kAlphanumeric);
    words += joins ? !inside : !(classes[code] & kSpace);
    inside = joins;
  }
  return words > kMostWords;
}

// One per thread.
class Workspace {
 public:
  struct Result {
    Read status = Read::ok;
    int step = -1;
    double value = kNone, threshold = kNone;
    bool changed = false;  // `text` is not what came
  };

  Result judge(std::string_view text, const PublishedProfile& profile, const PublishedOptions& options, std::span<double> statistics) {
    Result result;
    if (text.size() > options.max_document_bytes) result.status = Read::too_large;
    else if (!is_utf8(text)) result.status = Read::not_utf8;
    else if (has_too_many_words(text)) result.status = Read::too_many_words;
    if (result.status != Read::ok) return result;
    int first = 0;
    for (const PublishedPass& pass : profile) {
      if (pass.edit != Edit::none) {
        std::array<double, kEditStatisticCount> told;
        apply(pass.edit, text, next_, told);
        for (int s = 0; s < kEditStatisticCount; ++s)
          if (told[s] == told[s]) statistics[kFirst[static_cast<int>(Family::edit)] + s] = told[s];
        if (next_ != text) {
          std::swap(next_, text_);
          text = text_;
          result.changed = true;
        }
      }
      std::array<bool, kFamilyCount> measured{};
      for (size_t i = 0; i < pass.steps.size(); ++i) {
        const PublishedStep& step = pass.steps[i];
        const auto family = static_cast<size_t>(family_of(step.statistic));
        if (!measured[family] && !measure(static_cast<Family>(family), text, pass, statistics)) {
          std::ranges::fill(statistics, kNone);
          return {.status = Read::too_much_work};
        }
        measured[family] = true;
        const double value = statistics[static_cast<size_t>(step.statistic)];
        if (result.step >= 0 || !fails(value, step.drops, step.threshold)) continue;
        result.step = first + static_cast<int>(i);
        result.value = value;
        result.threshold = step.threshold;
        if (!options.measure_all) return result;
      }
      first += static_cast<int>(pass.steps.size());
    }
    return result;
  }

  // The text that the last judged document ended as; meaningful where it changed.
  const std::string& text() const { return text_; }

 private:
  bool measure(Family family, std::string_view text, const PublishedPass& pass, std::span<double> statistics) {
    const auto f = static_cast<size_t>(family);
    const auto out = statistics.subspan(static_cast<size_t>(kFirst[f]), static_cast<size_t>(kFirst[f + 1] - kFirst[f]));
    switch (family) {
      case Family::nemo: return nemo_.measure(text, out);
      case Family::dolma: return dolma_.measure(text, out);
      case Family::dclm: return dclm_.measure(text, out);
      case Family::paper: return paper_.measure(text, out);
      case Family::multilingual: return multilingual_.measure(text, pass.stop_words, out);
      case Family::edit: return true;
    }
    return true;
  }

  Nemo nemo_;
  Dolma dolma_;
  Dclm dclm_;
  Paper paper_;
  Multilingual multilingual_;
  std::string text_, next_;
};

bool is_asked(Family family, std::span<const PublishedProfile> profiles) {
  for (const PublishedProfile& profile : profiles)
    for (const PublishedPass& pass : profile) {
      if (family == Family::edit && pass.edit != Edit::none) return true;
      for (const PublishedStep& step : pass.steps)
        if (family_of(step.statistic) == family) return true;
    }
  return false;
}

Error check(const TextColumn& texts, std::span<const uint8_t> profile_of, std::span<const PublishedProfile> profiles) {
  if (!texts.valid()) return {kShape, "judgePublished: expected text offsets that rise within the bytes, found others"};
  if (profile_of.size() != texts.size())
    return {kShape, "judgePublished: expected a profile for each of " + std::to_string(texts.size()) + " texts, found " + std::to_string(profile_of.size())};
  for (const uint8_t profile : profile_of)
    if (profile != kNotJudged && profile >= profiles.size())
      return {kArgument, "judgePublished: expected profile numbers below " + std::to_string(profiles.size()) + ", found " + std::to_string(profile)};
  for (const PublishedProfile& profile : profiles)
    for (const PublishedPass& pass : profile) {
      if (static_cast<int>(pass.edit) >= kEditCount)
        return {kArgument, "judgePublished: expected an edit below " + std::to_string(kEditCount) + ", found " + std::to_string(static_cast<int>(pass.edit))};
      for (const PublishedStep& step : pass.steps)
        if (step.statistic < 0 || static_cast<size_t>(step.statistic) >= kAll || static_cast<int>(step.drops) > static_cast<int>(Compare::at_least))
          return {kArgument, "judgePublished: expected statistics below " + std::to_string(kAll) + ", found " + std::to_string(step.statistic)};
    }
  return Error::none();
}

}  // namespace

const std::vector<const char*>& published_statistics() {
  static const std::vector<const char*> names = [] {
    std::vector<const char*> all;
    all.insert(all.end(), kNemoNames.begin(), kNemoNames.end());
    all.insert(all.end(), kDolmaNames.begin(), kDolmaNames.end());
    all.insert(all.end(), kDclmNames.begin(), kDclmNames.end());
    all.insert(all.end(), kPaperNames.begin(), kPaperNames.end());
    all.insert(all.end(), kMultilingualNames.begin(), kMultilingualNames.end());
    all.insert(all.end(), kEditNames.begin(), kEditNames.end());
    return all;
  }();
  return names;
}

Family family_of(int statistic) {
  int family = 0;
  while (family + 1 < kFamilyCount && statistic >= kFirst[static_cast<size_t>(family) + 1]) ++family;
  return static_cast<Family>(family);
}

Error judge_published(const TextColumn& texts, std::span<const uint8_t> profile_of, std::span<const PublishedProfile> profiles,
                      const PublishedOptions& options, PublishedJudgement& out) {
  MILLRACE_TRY(check(texts, profile_of, profiles));
  const size_t rows = texts.size();
  out.status.assign(rows, 0);
  out.step.assign(rows, -1);
  out.value.assign(rows, kNone);
  out.threshold.assign(rows, kNone);
  out.statistics.assign(kAll, {});
  std::vector<size_t> asked;  // statistics of the families that any profile asks
  for (size_t s = 0; s < kAll; ++s)
    if (is_asked(family_of(static_cast<int>(s)), profiles)) {
      out.statistics[s].resize(rows);
      asked.push_back(s);
    }
  std::vector<std::optional<std::string>> texts_now(rows);
  parallel_for((rows + kChunk - 1) / kChunk, options.threads, [&](size_t chunk) {
    Workspace workspace;
    const size_t first = chunk * kChunk, last = std::min(rows, first + kChunk);
    std::vector<double> values(kAll * (last - first), kNone);
    for (size_t i = first; i < last; ++i) {
      if (profile_of[i] == kNotJudged) continue;
      const auto result = workspace.judge(texts[i], profiles[profile_of[i]], options, std::span(values).subspan(kAll * (i - first), kAll));
      out.status[i] = static_cast<uint8_t>(result.status);
      out.step[i] = static_cast<int16_t>(result.step);
      out.value[i] = result.value;
      out.threshold[i] = result.threshold;
      if (result.status == Read::ok && result.step < 0 && result.changed) texts_now[i] = workspace.text();
    }
    for (const size_t s : asked)
      for (size_t i = first; i < last; ++i) out.statistics[s][i] = values[kAll * (i - first) + s];
  });
  for (size_t i = 0; i < rows; ++i)
    if (texts_now[i]) out.edited.push_back(static_cast<uint32_t>(i));
  if (out.edited.empty()) return Error::none();
  uint64_t bytes = 0;
  for (size_t i = 0; i < rows; ++i) bytes += texts_now[i] ? texts_now[i]->size() : texts[i].size();
  if (bytes > static_cast<uint64_t>(std::numeric_limits<int32_t>::max()))
    return {kShape, "judgePublished: expected edited texts of at most 2147483647 bytes, found " + std::to_string(bytes)};
  out.bytes.reserve(bytes);
  out.offsets.reserve(rows + 1);
  out.offsets.push_back(0);
  for (size_t i = 0; i < rows; ++i) {
    const std::string_view text = texts_now[i] ? std::string_view(*texts_now[i]) : texts[i];
    out.bytes.insert(out.bytes.end(), text.begin(), text.end());
    out.offsets.push_back(static_cast<int32_t>(out.bytes.size()));
  }
  return Error::none();
}

}  // namespace millrace::text
