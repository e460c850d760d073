#pragma once
#include <cstdint>
#include <span>
#include <vector>

#include "native/base/error.h"

namespace millrace::dedup {

// Sets as minhash.h lays them out: set i is values[offsets[i], offsets[i + 1]), sorted and distinct.
struct SetColumn {
  std::span<const int32_t> offsets;
  std::span<const uint64_t> values;
  size_t size() const { return offsets.empty() ? 0 : offsets.size() - 1; }
  std::span<const uint64_t> operator[](size_t i) const { return values.subspan(static_cast<size_t>(offsets[i]), static_cast<size_t>(offsets[i + 1] - offsets[i])); }
};

// |a and b| / |a or b|; 0 where both are empty.
double jaccard(std::span<const uint64_t> a, std::span<const uint64_t> b);

struct Verdicts {
  std::vector<int32_t> partner;    // [sets]: the kept set that this one repeats, or -1 where it is kept
  std::vector<double> similarity;  // [sets]: their Jaccard similarity, 0 where it is kept
  uint64_t comparisons = 0;
  uint64_t cut_short = 0;  // sets that had more candidates than `max_comparisons`
};

// Within each group (sets [groups[g], groups[g + 1]), in the order in which survivors are to be chosen) keeps a set unless its similarity
// to one that was kept before is at least `threshold`; the partner is the most similar of those, the earliest of equals. Exact: a set is
// compared with every kept set that could reach the threshold, found by prefix filtering over the group's rarest shingles first (Bayardo
// et al. 2007), so members of a templated family that share much but not enough cost little. Only beyond `max_comparisons` candidates
// a set is compared with the earliest of them alone. Groups share the threads; the result does not depend on how many there are.
// Errors: SHAPE where offsets or groups do not fit, ARGUMENT where the threshold is not in (0, 1].
Error keep_greedily(const SetColumn& sets, std::span<const int32_t> groups, double threshold, uint32_t max_comparisons, int threads, Verdicts& out);

}  // namespace millrace::dedup
