#include <algorithm>

#include "native/extract/forest.h"
#include "native/extract/grouped.h"
#include "native/extract/model.h"

namespace millrace::extract {

namespace {

// Means of the scores, weighted by mass, over all blocks with the same key; written to column `column`.
template <class Key>
void means(Features& f, const float* q, Grouped& grouped, size_t column, Key key) {
  grouped.by(static_cast<uint32_t>(f.blocks()), key, [&](std::span<const uint32_t> group) {
    float mass = 0, sum = 0;
    for (const auto b : group) {
      mass += f.stats[b].mass;
      sum += q[b] * f.stats[b].mass;
    }
    for (const auto b : group) f.row(b)[column] = sum / std::max(1.f, mass);
  });
}

}  // namespace

void add_context(Features& f, const float* q) {
  const size_t n = f.blocks();
  if (n == 0) return;
  std::vector<float> sums(n + 1), masses(n + 1);
  float longest = 0;
  for (size_t b = 0; b < n; ++b) {
    const float mass = f.stats[b].mass;
    sums[b + 1] = sums[b] + q[b] * mass;
    masses[b + 1] = masses[b] + mass;
    longest = std::max(longest, q[b] * mass);
  }

  struct Sum {
    float mass = 0, score = 0;
  };
  std::vector<Sum> below(f.slots.size());
  for (size_t b = 0; b < n; ++b) {
    auto& s = below[f.slot_of[b]];
    s.mass += f.stats[b].mass;
    s.score += q[b] * f.stats[b].mass;
  }
  for (size_t s = f.slots.size(); s-- > 1;) {
    below[f.slots[s].parent].mass += below[s].mass;
    below[f.slots[s].parent].score += below[s].score;
  }

  size_t sure = n;
  for (size_t b = 0; b < n; ++b) {
    float* r = f.row(b);
    r[feature::q] = q[b];
    for (size_t k = 1; k <= 3; ++k) {
      r[feature::q_p1 + 2 * (k - 1)] = b >= k ? q[b - k] : 0;
      r[feature::q_n1 + 2 * (k - 1)] = b + k < n ? q[b + k] : 0;
    }
    const auto window = [&](size_t column, size_t radius) {
      const size_t from = b > radius ? b - radius : 0, to = std::min(n, b + radius + 1);
      r[column] = (sums[to] - sums[from]) / std::max(1.f, masses[to] - masses[from]);
    };
    window(feature::q_w5, 5);
    window(feature::q_w15, 15);
    window(feature::q_w50, 50);
    r[feature::q_before] = sums[b] / std::max(1.f, sums[n]);
    r[feature::q_page] = sums[n] / std::max(1.f, masses[n]);
    r[feature::q_mass] = rough_log2(sums[n]);
    uint32_t up = f.slot_of[b];
    for (size_t k = 0; k < 4; ++k) {
      r[feature::q_a0 + k] = below[up].score / std::max(1.f, below[up].mass);
      uint32_t next = up;
      while (next != 0 && f.slots[next].blocks == f.slots[up].blocks) next = f.slots[next].parent;
      up = next;
    }
    r[feature::q_last] = sure == n ? 200.f : static_cast<float>(std::min<size_t>(b - sure, 200));
    if (q[b] > 0.7f) sure = b;
    r[feature::q_longest] = rough_log2(longest);
  }
  sure = n;
  for (size_t b = n; b-- > 0;) {
    f.row(b)[feature::q_next] = sure == n ? 200.f : static_cast<float>(std::min<size_t>(sure - b, 200));
    if (q[b] > 0.7f) sure = b;
  }

  Grouped grouped;
  const auto around = [&](uint32_t slot) { return uint64_t(f.slots[slot].signature) << 32 | f.slots[f.slots[slot].parent].signature; };
  means(f, q, grouped, feature::q_like, [&](uint32_t b) {
    const auto s = f.slot_of[b];
    return around(s) * 31 + f.slots[f.slots[f.slots[s].parent].parent].signature;
  });
  means(f, q, grouped, feature::q_sibling, [&](uint32_t b) { return around(f.slots[f.slot_of[b]].parent); });
}

}  // namespace millrace::extract
