#pragma once
#include <cstddef>
#include <span>

namespace millrace::trainer {

// Consecutive tokens of one document. Attention stays inside a run and its blocks count from the run's first token, so that a document
// gives the same bits alone or packed.
struct Run {
  size_t begin, length;
};

struct AttentionShape {
  size_t heads, nope, rope, value;
  size_t score() const { return nope + rope; }
};

inline constexpr size_t kQueryBlock = 64;

// Causal attention of LongCat's MLA (longcat-flash.md 1.4), softmax scale (nope + rope)^-0.5, exact softmax over one block of 64 queries
// at a time: scratch grows with the longest run, not with its square.
//
//   q         [tokens, heads · (nope + rope)]  rotated
//   kv        [tokens, heads · (nope + value)] per head: key without rotation, then value
//   k_rope    [tokens, rope], ldk from row to row: rotated, shared by all heads
//   out       [tokens, heads · value]
//   top, inverse [heads, tokens]: largest score and 1 / Σ of each row of probabilities, for the backward pass
//   scratch   attention_scratch() elements
//
// Low = Bf16 (docs/numerics.md, 9): products follow dot32; a probability is rounded as exp(score - largest of its row) and a row's sum divides
// the output, which is then rounded; in the backward pass the probability itself is rounded, and so is a score's gradient.
template <class Real, class Low = Real>
struct AttentionData {
  const Low *q, *kv;
  const Real* k_rope;
  size_t ldk, tokens;
  Low* out;
  Real *top, *inverse;
};

// Elements of Real that `threads` workers need for runs of at most `longest` tokens; enough for either storage type.
size_t attention_scratch(const AttentionShape& shape, size_t longest, int threads);

template <class Real, class Low>
void attention_forward(const AttentionShape& shape, std::span<const Run> runs, const AttentionData<Real, Low>& data, size_t longest,
                       Real* scratch, int threads);

// The last `count` tokens of one run whose first `past` are in a cache: q, out, top and inverse have `count` rows, kv and k_rope all
// past + count. The same bits as attention_forward over the whole run, because a row's result depends on that row alone.
template <class Real, class Low>
void attention_append(const AttentionShape& shape, size_t past, size_t count, const AttentionData<Real, Low>& data, size_t longest,
                      Real* scratch, int threads);

// dq, dkv as q, kv; dk_rope [tokens, heads · rope] per head (the caller adds the heads up). All replaced. One worker owns a (run, head).
template <class Real, class Low>
void attention_backward(const AttentionShape& shape, std::span<const Run> runs, const AttentionData<Real, Low>& data, const Low* dout, Low* dq,
                        Low* dkv, Real* dk_rope, size_t longest, Real* scratch, int threads);

}  // namespace millrace::trainer
