#include "native/extract/model.h"

#include <algorithm>
#include <numeric>

#include "native/extract/forest.h"
#include "native/extract/prior.h"

namespace millrace::extract {
namespace {

#include "native/extract/weights.inc"

// Weights fit the columns that they were trained on and no others.
constexpr uint32_t kColumns = [] {
  uint32_t h = 2166136261u;
  for (std::string_view name : {
#define FEATURE(id) std::string_view(#id),
#include "native/extract/features.inc"
#undef FEATURE
       })
    for (char c : name) h = (h ^ static_cast<uint8_t>(c)) * 16777619u;
  return h;
}();
static_assert(kColumns == kWeightsColumns, "features.inc changed: train again with bench/extraction/train.py");

// Below it the first forest's word is final.
constexpr float kSure = 0.01f;

// Code blocks and blocks with formulas outside furniture are kept in doubt: readers keep four of five code blocks, while the forests, which
// have seen few pages with code and fewer with formulas, are unsure. (One half is above every threshold that the highest expected F1 can set.)
float floor_of(const float* row) {
  const bool rescued = row[feature::kind] == float(BlockKind::code) || row[feature::formulas] > 0;
  const bool furniture = row[feature::hidden] > 0 || row[feature::link_density] > 0.5f || row[feature::t_nav] < 30 || row[feature::t_footer] < 30 ||
                         row[feature::t_aside] < 30;
  return rescued && !furniture ? 0.5f : 0.f;
}

constexpr const char* kTypes[] = {"article", "collection", "documentation", "forum", "listing", "product", "service"};

}  // namespace

const char* name(PageType type) { return kTypes[static_cast<size_t>(type)]; }

void label(Features& f, std::vector<float>& scores) {
  const size_t n = f.blocks();
  scores.assign(n, 0);
  if (n == 0) return;
  std::vector<float> sums;
  add_priors(f, kPriorWeights, kPriorScale, kPriorBias, sums);
  for (size_t b = 0; b < n; ++b) f.row(b)[feature::prior] = sums[b];
  static const Scorer first(kFirst, feature::page_mass, feature::prior), second(kSecond, feature::page_mass, feature::prior);
  std::vector<uint32_t> which(n);
  std::iota(which.begin(), which.end(), 0u);
  first.sum(f.values.data(), which, feature::count, scores.data());
  for (auto& s : scores) s = logistic(s);
  add_context(f, scores.data());
  // About half of all blocks are furniture beyond doubt: the second forest is not asked about them.
  std::erase_if(which, [&](uint32_t b) { return scores[b] < kSure; });
  second.sum(f.values.data(), which, feature::count, scores.data());
  for (const auto b : which) scores[b] = logistic(scores[b]);
  for (size_t b = 0; b < n; ++b) scores[b] = std::max(scores[b], floor_of(f.row(b)));
}

PageType page_type(const Features& f) {
  if (f.blocks() == 0) return PageType::article;
  size_t best = 0;
  float top = -1e30f;
  for (size_t t = 0; t < std::size(kTypes); ++t) {
    const float sum = sum_trees(kTypeForests[t], f.row(0));
    if (sum > top) top = sum, best = t;
  }
  return static_cast<PageType>(best);
}

void confidence_row(const Features& f, const std::vector<float>& scores, const std::vector<uint8_t>& kept, float* row) {
  float chosen = 0, hits = 0, missed = 0, all = 0, doubt = 0, count = 0;
  for (size_t b = 0; b < f.blocks(); ++b) {
    const auto words = static_cast<float>(f.stats[b].words), q = scores[b];
    all += words;
    doubt += words * q * (1 - q);
    if (kept[b]) {
      chosen += words;
      hits += words * q;
      ++count;
    } else {
      missed += words * q;
    }
  }
  const float total = std::max(1.f, chosen);
  row[0] = 2 * hits / std::max(1.f, chosen + hits + missed);
  row[1] = hits / total;
  row[2] = hits / std::max(1.f, hits + missed);
  row[3] = rough_log2(chosen);
  row[4] = chosen / std::max(1.f, all);
  row[5] = doubt / total;
  row[6] = rough_log2(count);
  const float* page = f.blocks() ? f.row(0) + feature::page_mass : nullptr;
  for (size_t i = 0; i < kConfidenceColumns - 7; ++i) row[7 + i] = page ? page[i] : 0;
}

float confidence(const Features& f, const std::vector<float>& scores, const std::vector<uint8_t>& kept) {
  float row[kConfidenceColumns];
  confidence_row(f, scores, kept, row);
  return logistic(sum_trees(kConfidence, row));
}

}  // namespace millrace::extract
