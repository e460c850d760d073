#include "native/trainer/attention/attention.h"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <type_traits>

#include "native/base/parallel.h"
#include "native/trainer/kernels/kernels.h"
#include "native/trainer/linear/linear.h"

namespace millrace::trainer {
namespace {

// keys and their gradient [longest, score], the gradient of values [longest, value], two blocks of scores, one block of output.
size_t worker_scratch(const AttentionShape& s, size_t longest) {
  return longest * (2 * s.score() + s.value) + kQueryBlock * (2 * longest + s.value);
}

// body(task, scratch of its worker), tasks taken in any order by at most `threads` workers.
template <class Real, class Body>
void with_workers(size_t tasks, int threads, Real* scratch, size_t each, Body body) {
  std::atomic<size_t> next{0};
  const size_t workers = std::min(tasks, static_cast<size_t>(std::max(threads, 1)));
  parallel_for(workers, threads, [&](size_t w) {
    for (size_t task; (task = next.fetch_add(1)) < tasks;) body(task, scratch + w * each);
  });
}

template <class To, class From>
void copy(const From* from, size_t n, To* to) {
  if constexpr (std::is_same_v<To, Bf16> && !std::is_same_v<From, Bf16>)
    for (size_t i = 0; i < n; ++i) to[i] = to_bf16(from[i]);
  else std::copy_n(from, n, to);
}

// One head's keys [length, nope + rope], contiguous.
template <class Real, class Low>
void gather_keys(const AttentionShape& s, const AttentionData<Real, Low>& d, Run run, size_t head, Low* keys) {
  const size_t ldkv = s.heads * (s.nope + s.value);
  for (size_t i = 0; i < run.length; ++i, keys += s.score()) {
    copy(d.kv + (run.begin + i) * ldkv + head * (s.nope + s.value), s.nope, keys);
    copy(d.k_rope + (run.begin + i) * d.ldk, s.rope, keys + s.nope);
  }
}

// One block of queries, `rows` of them, of which the first is number `first` of its run.
template <class Real, class Low>
void block_forward(const AttentionShape& s, const AttentionData<Real, Low>& d, size_t rows, size_t first, size_t at, size_t head,
                   const Low* keys, const Low* values, Real* p, Real* sums) {
  const Real scale = Real(1 / std::sqrt(static_cast<double>(s.score())));
  const size_t ldq = s.heads * s.score(), ldkv = s.heads * (s.nope + s.value), ldo = s.heads * s.value, seen = first + rows;
  Low* out = d.out + at * ldo + head * s.value;
  Real *top = d.top + head * d.tokens + at, *inverse = d.inverse + head * d.tokens + at;
  product<Low>(false, true, rows, seen, s.score(), d.q + at * ldq + head * s.score(), ldq, keys, s.score(), p, seen, false, 1);
  if constexpr (std::is_same_v<Real, Low>) {
    kernels<Real>().causal_softmax(rows, first, seen, p, seen, scale, top, inverse);
    product<Low>(false, false, rows, s.value, seen, p, seen, values, ldkv, out, ldo, false, 1);
  } else {
    kernels<Real>().causal_exponentials(rows, first, seen, p, seen, scale, top, inverse);
    product<Low>(false, false, rows, s.value, seen, p, seen, values, ldkv, sums, s.value, false, 1);
    for (size_t r = 0; r < rows; ++r) kernels<Real, Low>().scale(s.value, inverse[r], sums + r * s.value, out + r * ldo);
  }
}

}  // namespace

size_t attention_scratch(const AttentionShape& shape, size_t longest, int threads) {
  return worker_scratch(shape, longest) * static_cast<size_t>(std::max(threads, 1));
}

template <class Real, class Low>
void attention_forward(const AttentionShape& s, std::span<const Run> runs, const AttentionData<Real, Low>& d, size_t longest, Real* scratch,
                       int threads) {
  const size_t ldkv = s.heads * (s.nope + s.value);
  with_workers(runs.size() * s.heads, threads, scratch, worker_scratch(s, longest), [&](size_t task, Real* mine) {
    const Run run = runs[task / s.heads];
    const size_t head = task % s.heads;
    auto* keys = reinterpret_cast<Low*>(mine);
    Real *p = mine + 2 * longest * s.score(), *sums = p + kQueryBlock * longest;
    gather_keys(s, d, run, head, keys);
    const Low* values = d.kv + run.begin * ldkv + head * (s.nope + s.value) + s.nope;
    for (size_t first = 0; first < run.length; first += kQueryBlock)
      block_forward(s, d, std::min(kQueryBlock, run.length - first), first, run.begin + first, head, keys, values, p, sums);
  });
}

template <class Real, class Low>
void attention_append(const AttentionShape& s, size_t past, size_t count, const AttentionData<Real, Low>& d, size_t longest, Real* scratch,
                      int threads) {
  with_workers(s.heads, threads, scratch, worker_scratch(s, longest), [&](size_t head, Real* mine) {
    auto* keys = reinterpret_cast<Low*>(mine);
    Real *p = mine + 2 * longest * s.score(), *sums = p + kQueryBlock * longest;
    gather_keys(s, d, Run{0, past + count}, head, keys);
    const Low* values = d.kv + head * (s.nope + s.value) + s.nope;
    for (size_t first = 0; first < count; first += kQueryBlock)
      block_forward(s, d, std::min(kQueryBlock, count - first), past + first, first, head, keys, values, p, sums);
  });
}

template <class Real, class Low>
void attention_backward(const AttentionShape& s, std::span<const Run> runs, const AttentionData<Real, Low>& d, const Low* dout, Low* dq,
                        Low* dkv, Real* dk_rope, size_t longest, Real* scratch, int threads) {
  const Real scale = Real(1 / std::sqrt(static_cast<double>(s.score())));
  const size_t ldq = s.heads * s.score(), ldkv = s.heads * (s.nope + s.value), ldo = s.heads * s.value, ldr = s.heads * s.rope;
  with_workers(runs.size() * s.heads, threads, scratch, worker_scratch(s, longest), [&](size_t task, Real* mine) {
    const Run run = runs[task / s.heads];
    const size_t head = task % s.heads;
    auto* keys = reinterpret_cast<Low*>(mine);
    Real *dkeys = mine + longest * s.score(), *p = dkeys + longest * s.score(), *dp = p + kQueryBlock * longest, *dvalues = dp + kQueryBlock * longest;
    gather_keys(s, d, run, head, keys);
    std::fill_n(dkeys, run.length * s.score(), Real(0));
    std::fill_n(dvalues, run.length * s.value, Real(0));
    const Low* values = d.kv + run.begin * ldkv + head * (s.nope + s.value) + s.nope;
    for (size_t first = 0; first < run.length; first += kQueryBlock) {
      const size_t rows = std::min(kQueryBlock, run.length - first), seen = first + rows, at = run.begin + first;
      const Low *q = d.q + at * ldq + head * s.score(), *o = d.out + at * ldo + head * s.value, *g = dout + at * ldo + head * s.value;
      product<Low>(false, true, rows, seen, s.score(), q, ldq, keys, s.score(), p, seen, false, 1);
      kernels<Real>().causal_softmax_again(rows, first, seen, p, seen, scale, d.top + head * d.tokens + at, d.inverse + head * d.tokens + at);
      product<Low>(false, true, rows, seen, s.value, g, ldo, values, ldkv, dp, seen, false, 1);
      product<Low>(true, false, seen, s.value, rows, p, seen, g, ldo, dvalues, s.value, true, 1);
      kernels<Real, Low>().causal_softmax_backward(rows, first, seen, p, dp, seen, scale, g, o, ldo, s.value);
      product<Low>(false, false, rows, s.score(), seen, dp, seen, keys, s.score(), dq + at * ldq + head * s.score(), ldq, false, 1);
      product<Low>(true, false, seen, s.score(), rows, dp, seen, q, ldq, dkeys, s.score(), true, 1);
    }
    for (size_t i = 0; i < run.length; ++i) {
      Low* to = dkv + (run.begin + i) * ldkv + head * (s.nope + s.value);
      copy(dkeys + i * s.score(), s.nope, to);
      copy(dvalues + i * s.value, s.value, to + s.nope);
      std::copy_n(dkeys + i * s.score() + s.nope, s.rope, dk_rope + (run.begin + i) * ldr + head * s.rope);
    }
  });
}

#define INSTANTIATE(Real, Low)                                                                                                            \
  template void attention_forward(const AttentionShape&, std::span<const Run>, const AttentionData<Real, Low>&, size_t, Real*, int);      \
  template void attention_append(const AttentionShape&, size_t, size_t, const AttentionData<Real, Low>&, size_t, Real*, int);             \
  template void attention_backward(const AttentionShape&, std::span<const Run>, const AttentionData<Real, Low>&, const Low*, Low*, Low*, \
                                   Real*, size_t, Real*, int);
INSTANTIATE(float, float)
INSTANTIATE(float, Bf16)
INSTANTIATE(double, double)
#undef INSTANTIATE

}  // namespace millrace::trainer
