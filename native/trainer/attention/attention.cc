#include "native/trainer/attention/attention.h"

#include <algorithm>
#include <atomic>
#include <cmath>

#include "native/base/parallel.h"
#include "native/trainer/gemm/gemm.h"
#include "native/trainer/kernels/kernels.h"

namespace millrace::trainer {
namespace {

size_t worker_scratch(const AttentionShape& s, size_t longest) { return 2 * longest * s.score() + 2 * kQueryBlock * longest; }

// body(task, scratch of its worker), tasks taken in any order by at most `threads` workers.
template <class Real, class Body>
void with_workers(size_t tasks, int threads, Real* scratch, size_t each, Body body) {
  std::atomic<size_t> next{0};
  const size_t workers = std::min(tasks, static_cast<size_t>(std::max(threads, 1)));
  parallel_for(workers, threads, [&](size_t w) {
    for (size_t task; (task = next.fetch_add(1)) < tasks;) body(task, scratch + w * each);
  });
}

// One head's keys [length, nope + rope], contiguous.
template <class Real>
void gather_keys(const AttentionShape& s, const AttentionData<Real>& d, Run run, size_t head, Real* keys) {
  const size_t ldkv = s.heads * (s.nope + s.value);
  for (size_t i = 0; i < run.length; ++i, keys += s.score()) {
    std::copy_n(d.kv + (run.begin + i) * ldkv + head * (s.nope + s.value), s.nope, keys);
    std::copy_n(d.k_rope + (run.begin + i) * d.ldk, s.rope, keys + s.nope);
  }
}

}  // namespace

size_t attention_scratch(const AttentionShape& shape, size_t longest, int threads) {
  return worker_scratch(shape, longest) * static_cast<size_t>(std::max(threads, 1));
}

template <class Real>
void attention_forward(const AttentionShape& s, std::span<const Run> runs, const AttentionData<Real>& d, size_t longest, Real* scratch,
                       int threads) {
  const Real scale = Real(1 / std::sqrt(static_cast<double>(s.score())));
  const size_t ldq = s.heads * s.score(), ldkv = s.heads * (s.nope + s.value), ldo = s.heads * s.value;
  with_workers(runs.size() * s.heads, threads, scratch, worker_scratch(s, longest), [&](size_t task, Real* mine) {
    const Run run = runs[task / s.heads];
    const size_t head = task % s.heads;
    Real *keys = mine, *p = mine + 2 * longest * s.score();
    gather_keys(s, d, run, head, keys);
    const Real* values = d.kv + run.begin * ldkv + head * (s.nope + s.value) + s.nope;
    for (size_t first = 0; first < run.length; first += kQueryBlock) {
      const size_t rows = std::min(kQueryBlock, run.length - first), seen = first + rows, at = run.begin + first;
      gemm(false, true, rows, seen, s.score(), d.q + at * ldq + head * s.score(), ldq, keys, s.score(), p, seen, false, 1);
      kernels<Real>().causal_softmax(rows, first, seen, p, seen, scale, d.top + head * d.tokens + at, d.inverse + head * d.tokens + at);
      gemm(false, false, rows, s.value, seen, p, seen, values, ldkv, d.out + at * ldo + head * s.value, ldo, false, 1);
    }
  });
}

template <class Real>
void attention_append(const AttentionShape& s, size_t past, size_t count, const AttentionData<Real>& d, size_t longest, Real* scratch,
                      int threads) {
  const Real scale = Real(1 / std::sqrt(static_cast<double>(s.score())));
  const size_t ldq = s.heads * s.score(), ldkv = s.heads * (s.nope + s.value), ldo = s.heads * s.value;
  with_workers(s.heads, threads, scratch, worker_scratch(s, longest), [&](size_t head, Real* mine) {
    Real *keys = mine, *p = mine + 2 * longest * s.score();
    gather_keys(s, d, Run{0, past + count}, head, keys);
    const Real* values = d.kv + head * (s.nope + s.value) + s.nope;
    for (size_t first = 0; first < count; first += kQueryBlock) {
      const size_t rows = std::min(kQueryBlock, count - first), seen = past + first + rows;
      gemm(false, true, rows, seen, s.score(), d.q + first * ldq + head * s.score(), ldq, keys, s.score(), p, seen, false, 1);
      kernels<Real>().causal_softmax(rows, past + first, seen, p, seen, scale, d.top + head * d.tokens + first, d.inverse + head * d.tokens + first);
      gemm(false, false, rows, s.value, seen, p, seen, values, ldkv, d.out + first * ldo + head * s.value, ldo, false, 1);
    }
  });
}

template <class Real>
void attention_backward(const AttentionShape& s, std::span<const Run> runs, const AttentionData<Real>& d, const Real* dout, Real* dq,
                        Real* dkv, Real* dk_rope, size_t longest, Real* scratch, int threads) {
  const Real scale = Real(1 / std::sqrt(static_cast<double>(s.score())));
  const size_t ldq = s.heads * s.score(), ldkv = s.heads * (s.nope + s.value), ldo = s.heads * s.value, ldr = s.heads * s.rope;
  with_workers(runs.size() * s.heads, threads, scratch, worker_scratch(s, longest), [&](size_t task, Real* mine) {
    const Run run = runs[task / s.heads];
    const size_t head = task % s.heads;
    Real *keys = mine, *dkeys = keys + longest * s.score(), *p = dkeys + longest * s.score(), *dp = p + kQueryBlock * longest;
    gather_keys(s, d, run, head, keys);
    std::fill_n(dkeys, run.length * s.score(), Real(0));
    const Real* values = d.kv + run.begin * ldkv + head * (s.nope + s.value) + s.nope;
    Real* dvalues = dkv + run.begin * ldkv + head * (s.nope + s.value) + s.nope;
    for (size_t i = 0; i < run.length; ++i) std::fill_n(dvalues + i * ldkv, s.value, Real(0));
    for (size_t first = 0; first < run.length; first += kQueryBlock) {
      const size_t rows = std::min(kQueryBlock, run.length - first), seen = first + rows, at = run.begin + first;
      const Real *q = d.q + at * ldq + head * s.score(), *o = d.out + at * ldo + head * s.value, *g = dout + at * ldo + head * s.value;
      gemm(false, true, rows, seen, s.score(), q, ldq, keys, s.score(), p, seen, false, 1);
      kernels<Real>().causal_softmax_again(rows, first, seen, p, seen, scale, d.top + head * d.tokens + at, d.inverse + head * d.tokens + at);
      gemm(false, true, rows, seen, s.value, g, ldo, values, ldkv, dp, seen, false, 1);
      gemm(true, false, seen, s.value, rows, p, seen, g, ldo, dvalues, ldkv, true, 1);
      kernels<Real>().causal_softmax_backward(rows, first, seen, p, dp, seen, scale, g, o, ldo, s.value);
      gemm(false, false, rows, s.score(), seen, dp, seen, keys, s.score(), dq + at * ldq + head * s.score(), ldq, false, 1);
      gemm(true, false, seen, s.score(), rows, dp, seen, q, ldq, dkeys, s.score(), true, 1);
    }
    for (size_t i = 0; i < run.length; ++i) {
      std::copy_n(dkeys + i * s.score(), s.nope, dkv + (run.begin + i) * ldkv + head * (s.nope + s.value));
      std::copy_n(dkeys + i * s.score() + s.nope, s.rope, dk_rope + (run.begin + i) * ldr + head * s.rope);
    }
  });
}

#define INSTANTIATE(Real)                                                                                                             \
  template void attention_forward(const AttentionShape&, std::span<const Run>, const AttentionData<Real>&, size_t, Real*, int);       \
  template void attention_append(const AttentionShape&, size_t, size_t, const AttentionData<Real>&, size_t, Real*, int);               \
  template void attention_backward(const AttentionShape&, std::span<const Run>, const AttentionData<Real>&, const Real*, Real*, Real*, \
                                   Real*, size_t, Real*, int);
INSTANTIATE(float)
INSTANTIATE(double)
#undef INSTANTIATE

}  // namespace millrace::trainer
