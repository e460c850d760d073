#include "native/trainer/reduce/reduce.h"

#include <cmath>
#include <vector>

#include "native/base/cpu.h"
#include "native/base/parallel.h"
#include "native/trainer/reduce/chunk.h"

namespace millrace::trainer {
namespace {

template <class Real>
Real reduce_chunk(Reduction kind, const Real* x, const Real* y, int64_t n) {
  Real lanes[kSumLanes] = {};
  for (int64_t i = 0; i < n; ++i) {
    Real& lane = lanes[i % kSumLanes];
    lane = kind == Reduction::sum ? lane + x[i] : std::fma(x[i], kind == Reduction::dot ? y[i] : x[i], lane);
  }
  Real total = lanes[0];
  for (int l = 1; l < kSumLanes; ++l) total = total + lanes[l];
  return total;
}

template <class Real>
auto chunk_function(Isa isa) {
  if constexpr (sizeof(Real) == 4) {
    if (isa == Isa::avx512) return reduce_chunk_avx512;
    if (isa == Isa::avx2) return reduce_chunk_avx2;
  }
  return reduce_chunk<Real>;
}

// The tree, fed in order: like a binary counter, level k holds the sum of 2^k neighbours that waits for its right-hand twin.
template <class Real>
class Tree {
 public:
  void push(Real value) {
    int level = 0;
    for (; count_ >> level & 1; ++level) value = waiting_[level] + value;
    waiting_[level] = value;
    ++count_;
  }
  Real total() const {
    Real total = 0;
    bool any = false;
    for (int level = 0; level < 63; ++level)
      if (count_ >> level & 1) {
        total = any ? waiting_[level] + total : waiting_[level];
        any = true;
      }
    return total;
  }

 private:
  uint64_t count_ = 0;
  Real waiting_[64];
};

template <class Real>
Real reduce(Reduction kind, const Real* x, const Real* y, int64_t n, int threads) {
  const int64_t chunks = (n + kSumChunk - 1) / kSumChunk;
  const auto chunk = chunk_function<Real>(active_isa());
  const auto one = [&](int64_t c) {
    const int64_t from = c * kSumChunk;
    return chunk(kind, x + from, y ? y + from : nullptr, n - from < kSumChunk ? n - from : kSumChunk);
  };
  Tree<Real> tree;
  constexpr int64_t group = 32;  // chunks a task: 32,768 elements
  if (threads <= 1 || chunks <= group) {
    for (int64_t c = 0; c < chunks; ++c) tree.push(one(c));
    return tree.total();
  }
  std::vector<Real> partial(static_cast<size_t>(chunks));
  parallel_for(static_cast<size_t>((chunks + group - 1) / group), threads, [&](size_t task) {
    const int64_t from = static_cast<int64_t>(task) * group, to = from + group < chunks ? from + group : chunks;
    for (int64_t c = from; c < to; ++c) partial[static_cast<size_t>(c)] = one(c);
  });
  for (const Real value : partial) tree.push(value);
  return tree.total();
}

}  // namespace

template <class Real> Real sum(const Real* x, int64_t n, int threads) { return reduce<Real>(Reduction::sum, x, nullptr, n, threads); }
template <class Real> Real sum_squares(const Real* x, int64_t n, int threads) { return reduce<Real>(Reduction::squares, x, nullptr, n, threads); }
template <class Real> Real dot(const Real* x, const Real* y, int64_t n, int threads) { return reduce<Real>(Reduction::dot, x, y, n, threads); }

template float sum(const float*, int64_t, int);
template float sum_squares(const float*, int64_t, int);
template float dot(const float*, const float*, int64_t, int);
template double sum(const double*, int64_t, int);
template double sum_squares(const double*, int64_t, int);
template double dot(const double*, const double*, int64_t, int);

}  // namespace millrace::trainer
