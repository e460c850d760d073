#include "native/extract/choose.h"

#include <algorithm>
#include <numeric>
#include <unordered_set>

namespace millrace::extract {
namespace {

// Square of F-beta's weight of recall, by mode.
float recall_weight(Mode mode) {
  switch (mode) {
    case Mode::precision:
      return 0.2f;
    case Mode::balanced:
      return 1;
    case Mode::recall:
      return 6;
    case Mode::union_:
      return 10;
  }
  return 1;
}

}  // namespace

void choose(const Features& f, const std::vector<float>& scores, Mode mode, std::vector<uint8_t>& kept, float& expected) {
  const size_t n = f.blocks();
  kept.assign(n, 0);
  expected = 0;
  std::vector<uint32_t> order(n);
  std::iota(order.begin(), order.end(), 0u);
  std::sort(order.begin(), order.end(), [&](uint32_t a, uint32_t b) { return scores[a] != scores[b] ? scores[a] > scores[b] : a < b; });
  float content = 0;
  for (size_t b = 0; b < n; ++b) content += scores[b] * static_cast<float>(f.stats[b].words);
  const float beta = recall_weight(mode);
  float hits = 0, size = 0, top = 0;
  size_t take = 0;
  for (size_t i = 0; i < n; ++i) {
    const auto words = static_cast<float>(f.stats[order[i]].words);
    hits += scores[order[i]] * words;
    size += words;
    const float value = (1 + beta) * hits / std::max(1e-6f, size + beta * content);
    if (value >= top) top = value, take = i + 1;
    if (mode == Mode::balanced) expected = std::max(expected, value);
  }
  if (mode != Mode::balanced) {
    hits = size = 0;
    for (size_t i = 0; i < n; ++i) {
      const auto words = static_cast<float>(f.stats[order[i]].words);
      hits += scores[order[i]] * words;
      size += words;
      expected = std::max(expected, 2 * hits / std::max(1e-6f, size + content));
    }
  }
  for (size_t i = 0; i < take; ++i) kept[order[i]] = 1;
  if (mode == Mode::union_)
    for (size_t b = 0; b < n; ++b)
      if (scores[b] > 0.02f && f.row(b)[feature::in_best] > 0 && !f.slots[f.slot_of[b]].hidden && f.stats[b].linked < 0.5f * f.stats[b].mass)
        kept[b] = 1;

  std::unordered_set<uint64_t> seen;
  for (size_t b = 0; b < n; ++b) {
    if (!kept[b] || f.stats[b].mass < 80) continue;
    if (!seen.insert(f.stats[b].hash).second) kept[b] = 0;
  }
}

}  // namespace millrace::extract
