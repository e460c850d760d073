#include "native/dedup/verify.h"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <string>

#include "native/base/parallel.h"

namespace millrace::dedup {
namespace {

size_t intersection(std::span<const uint64_t> a, std::span<const uint64_t> b) {
  size_t i = 0, j = 0, common = 0;
  while (i < a.size() && j < b.size()) {
    const uint64_t x = a[i], y = b[j];
    common += x == y;
    i += x <= y;
    j += y <= x;
  }
  return common;
}

// Two sets of similarity t or more share at least t times the larger's size, so each has one of the shared shingles among its
// size - ceil(t * size) + 1 first ones, whatever order both are sorted by. A little is added for the rounding of t * size.
size_t prefix_length(size_t size, double threshold) {
  return std::min(size, size - static_cast<size_t>(std::ceil(threshold * static_cast<double>(size) - 1e-6)) + 1);
}

class Group {
 public:
  Group(const SetColumn& sets, size_t from, size_t to, double threshold, uint32_t max_comparisons)
      : sets_(sets), from_(from), to_(to), threshold_(threshold), max_comparisons_(max_comparisons) {
    rank_shingles();
  }

  void run(Verdicts& out) {
    std::vector<uint32_t> ranks, candidates;
    for (size_t i = from_; i < to_; ++i) {
      prefix(i, ranks);
      candidates.clear();
      for (uint32_t rank : ranks)
        for (uint32_t kept : holders_[rank])
          if (similar_size(i, kept)) candidates.push_back(kept);
      std::sort(candidates.begin(), candidates.end());
      candidates.erase(std::unique(candidates.begin(), candidates.end()), candidates.end());
      if (candidates.size() > max_comparisons_) {
        candidates.resize(max_comparisons_);
        ++cut_short;
      }
      for (uint32_t kept : candidates) {
        ++comparisons;
        const double similarity = jaccard(sets_[i], sets_[kept]);
        if (similarity >= threshold_ && similarity > out.similarity[i]) {
          out.similarity[i] = similarity;
          out.partner[i] = static_cast<int32_t>(kept);
        }
      }
      if (out.partner[i] >= 0) continue;
      for (uint32_t rank : ranks) holders_[rank].push_back(static_cast<uint32_t>(i));
    }
  }

  uint64_t comparisons = 0, cut_short = 0;

 private:
  // Numbers the shingles that two or more sets of the group have, rarest first, equally rare ones by value. One that a single set has can
  // find nobody: it only takes its place in the prefix.
  void rank_shingles() {
    std::vector<uint64_t> all;
    for (size_t i = from_; i < to_; ++i) all.insert(all.end(), sets_[i].begin(), sets_[i].end());
    std::sort(all.begin(), all.end());
    struct Shared {
      uint64_t value;
      size_t sets;
    };
    std::vector<Shared> shared;
    for (size_t i = 0, next; i < all.size(); i = next) {
      for (next = i + 1; next < all.size() && all[next] == all[i];) ++next;
      if (next - i > 1) shared.push_back({all[i], next - i});
    }
    std::vector<uint32_t> order(shared.size());
    for (uint32_t i = 0; i < order.size(); ++i) order[i] = i;
    std::sort(order.begin(), order.end(), [&](uint32_t a, uint32_t b) { return shared[a].sets != shared[b].sets ? shared[a].sets < shared[b].sets : a < b; });
    shared_.resize(shared.size());
    rank_.resize(shared.size());
    for (uint32_t i = 0; i < order.size(); ++i) {
      shared_[i] = shared[i].value;
      rank_[order[i]] = i;
    }
    holders_.resize(shared.size());
  }

  // Ranks of the shared shingles in the set's prefix.
  void prefix(size_t i, std::vector<uint32_t>& ranks) {
    ranks.clear();
    const auto set = sets_[i];
    auto at = shared_.begin();
    for (uint64_t value : set) {
      at = std::lower_bound(at, shared_.end(), value);
      if (at == shared_.end()) break;
      if (*at == value) ranks.push_back(rank_[static_cast<size_t>(at - shared_.begin())]);
    }
    const size_t own = set.size() - ranks.size(), length = prefix_length(set.size(), threshold_);
    std::sort(ranks.begin(), ranks.end());
    ranks.resize(length > own ? length - own : 0);
  }

  bool similar_size(size_t a, size_t b) const {
    const size_t x = sets_[a].size(), y = sets_[b].size();
    return static_cast<double>(std::min(x, y)) >= threshold_ * static_cast<double>(std::max(x, y)) - 1e-6;
  }

  const SetColumn& sets_;
  const size_t from_, to_;
  const double threshold_;
  const uint32_t max_comparisons_;
  std::vector<uint64_t> shared_;                // sorted
  std::vector<uint32_t> rank_;                  // of shared_
  std::vector<std::vector<uint32_t>> holders_;  // by rank: kept sets whose prefix has it
};

Error check(const SetColumn& sets, std::span<const int32_t> groups, double threshold) {
  if (!(threshold > 0 && threshold <= 1)) return Error(kArgument, "verify: expected a threshold in (0, 1], found " + std::to_string(threshold));
  const auto rises = [](std::span<const int32_t> offsets, size_t last) {
    return !offsets.empty() && offsets.front() >= 0 && std::is_sorted(offsets.begin(), offsets.end()) && static_cast<size_t>(offsets.back()) <= last;
  };
  if (!rises(sets.offsets, sets.values.size())) return Error(kShape, "verify: expected set offsets that rise within the values");
  if (!rises(groups, sets.size())) return Error(kShape, "verify: expected group bounds that rise within the sets");
  return Error::none();
}

}  // namespace

double jaccard(std::span<const uint64_t> a, std::span<const uint64_t> b) {
  const size_t common = intersection(a, b), all = a.size() + b.size() - common;
  return all == 0 ? 0 : static_cast<double>(common) / static_cast<double>(all);
}

Error keep_greedily(const SetColumn& sets, std::span<const int32_t> groups, double threshold, uint32_t max_comparisons, int threads, Verdicts& out) {
  MILLRACE_TRY(check(sets, groups, threshold));
  out.partner.assign(sets.size(), -1);
  out.similarity.assign(sets.size(), 0);
  std::atomic<uint64_t> comparisons{0}, cut_short{0};
  parallel_for(groups.size() - 1, threads, [&](size_t g) {
    Group group(sets, static_cast<size_t>(groups[g]), static_cast<size_t>(groups[g + 1]), threshold, max_comparisons);
    group.run(out);
    comparisons += group.comparisons;
    cut_short += group.cut_short;
  });
  out.comparisons = comparisons;
  out.cut_short = cut_short;
  return Error::none();
}

}  // namespace millrace::dedup
