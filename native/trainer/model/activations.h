#pragma once
#include <cstddef>
#include <cstdint>
#include <vector>

#include "native/trainer/attention/attention.h"
#include "native/trainer/config/config.h"
#include "native/trainer/loss/loss.h"
#include "native/trainer/moe/moe.h"
#include "native/trainer/router/router.h"

namespace millrace::trainer {

// Who owns a buffer of the forward pass: every layer; every layer below recompute level 2; every layer at level 0. Where it is not the
// layer's own, all layers share one and the backward pass fills it again.
enum class Keep { always, costly, cheap };

inline bool shared(Keep keep, int recompute) { return keep == Keep::cheap ? recompute >= 1 : keep == Keep::costly && recompute >= 2; }

// What a forward pass keeps of one MLA block. [tokens, …]
template <class Real>
struct AttentionActivations {
  Real *input, *rstd;                      // normed input
  Real *latent, *query_rstd, *kv_rstd;     // [q rank | kv rank | rope]; the rope part is rotated in place
  Real *query_latent, *kv_latent;          // behind their norms
  Real *q, *kv, *out, *top, *inverse;
};

// Of one dense FFN behind its norm.
template <class Real>
struct FfnActivations {
  Real *input, *rstd, *gate_up;
};

// What a forward pass keeps of one layer. stream: x, after attention 0, after FFN 0, after attention 1 (longcat-flash.md 1.2).
template <class Real>
struct LayerActivations {
  Real* stream[4];
  AttentionActivations<Real> attention[2];
  FfnActivations<Real> dense[2];
  Real *scores, *gates, *expert_gate_up;
  int32_t* selected;
  Dispatch at;
};

// Of the MTP head, and its own gradients: the main model's are under way while it runs.
template <class Real>
struct MtpActivations {
  Real *next, *joined, *embedding_rstd, *hidden_rstd;  // next: embeddings of the next token; joined [tokens, 2 · hidden]
  Real *stream[2], *last, *normed, *rstd, *losses;
  AttentionActivations<Real> attention;
  FfnActivations<Real> dense;
  Real *gradient, *dnorm, *djoined;
};

// What passes share: gradients on their way, and intermediates that are computed twice rather than kept.
template <class Real>
struct Scratch {
  Real *last, *normed, *rstd, *logits, *losses, *z_values, *largest;  // behind the last layer
  Real *gradient, *dnorm, *du;                                        // [tokens, hidden]
  Real *dlatent, *dquery_latent, *dkv_latent, *dq, *dkv, *dk_rope, *dattention;
  Real *h, *dh;                                                       // [tokens, dense width]
  Real *dscores, *dgates;
  Real *gathered, *expert_out, *dgathered, *expert_h, *expert_dh, *row_gates, *row_dgates;
  Real* attention;
};

// Keys and values of one run's tokens so far, of every attention block: what the next token needs of the ones before it.
template <class Real>
struct KvCache {
  size_t length = 0, capacity = 0;
  std::vector<Real> kv, k_rope;  // [layers · 2, capacity, heads · (nope + value)] and [layers · 2, capacity, rope]
};

// Elements per position.
inline size_t cache_width(const ModelConfig& m) { return m.layers * 2 * (m.heads * (m.nope + m.value) + m.rope); }

// Sizes of everything for slabs of at most `tokens` tokens whose longest run has `longest`, fixed before the first step.
struct Extent {
  size_t tokens, rows, longest;
  int threads;
};

AttentionShape attention_shape(const ModelConfig& model);
RouterShape router_shape(const ModelConfig& model, size_t groups);
MoeShape moe_shape(const ModelConfig& model);

// Rows of expert buffers in the worst case: dropless routing may give every token top_k FFN experts.
size_t expert_rows(const ModelConfig& model, size_t tokens);

// Calls take(pointer, elements, keep) for every buffer: once to count, once to hand out an arena. One list, so the plan cannot lie.
template <class Real, class Take>
void each_buffer(const ModelConfig& m, const Extent& e, AttentionActivations<Real>& b, Take take) {
  const size_t T = e.tokens;
  take(b.input, T * m.hidden, Keep::cheap), take(b.rstd, T, Keep::costly);
  take(b.latent, T * m.latents(), Keep::costly), take(b.query_rstd, T, Keep::costly), take(b.kv_rstd, T, Keep::costly);
  take(b.query_latent, T * m.query_rank, Keep::cheap), take(b.kv_latent, T * m.kv_rank, Keep::cheap);
  take(b.q, T * m.heads * m.score(), Keep::costly), take(b.kv, T * m.heads * (m.nope + m.value), Keep::costly);
  take(b.out, T * m.heads * m.value, Keep::costly), take(b.top, T * m.heads, Keep::costly), take(b.inverse, T * m.heads, Keep::costly);
}

template <class Real, class Take>
void each_buffer(const ModelConfig& m, const Extent& e, FfnActivations<Real>& f, Take take) {
  take(f.input, e.tokens * m.hidden, Keep::cheap), take(f.rstd, e.tokens, Keep::costly);
  take(f.gate_up, e.tokens * 2 * m.dense_width, Keep::costly);
}

template <class Real, class Take>
void each_buffer(const ModelConfig& m, const Extent& e, LayerActivations<Real>& a, Take take) {
  const size_t T = e.tokens, D = m.hidden, R = expert_rows(m, T);
  for (size_t i = 0; i < 4; ++i) take(a.stream[i], T * D, i ? Keep::costly : Keep::always);
  for (auto& b : a.attention) each_buffer(m, e, b, take);
  for (auto& f : a.dense) each_buffer(m, e, f, take);
  take(a.scores, T * m.routes(), Keep::costly), take(a.gates, T * m.top_k, Keep::costly);
  take(a.expert_gate_up, R * 2 * m.expert_width, Keep::costly);
}

template <class Real, class Take>
void each_buffer(const ModelConfig& m, const Extent& e, MtpActivations<Real>& a, Take take) {
  const size_t T = e.tokens, D = m.hidden;
  for (Real** p : {&a.next, &a.stream[0], &a.stream[1], &a.last, &a.normed, &a.gradient, &a.dnorm}) take(*p, T * D, Keep::always);
  for (Real** p : {&a.joined, &a.djoined}) take(*p, T * 2 * D, Keep::always);
  for (Real** p : {&a.embedding_rstd, &a.hidden_rstd, &a.rstd, &a.losses}) take(*p, T, Keep::always);
  each_buffer(m, e, a.attention, take), each_buffer(m, e, a.dense, take);
}

template <class Real, class Take>
void each_buffer(const ModelConfig& m, const Extent& e, bool training, Scratch<Real>& s, Take take) {
  const size_t T = e.tokens, D = m.hidden, R = expert_rows(m, T), F = m.dense_width, I = m.expert_width;
  take(s.last, T * D), take(s.normed, T * D), take(s.rstd, T), take(s.logits, kLossChunk * m.vocabulary);
  take(s.losses, T), take(s.z_values, T), take(s.largest, T), take(s.dnorm, T * D);
  take(s.h, T * F), take(s.gathered, R * D), take(s.expert_out, R * D), take(s.expert_h, R * I);
  take(s.attention, attention_scratch(attention_shape(m), e.longest, e.threads));
  if (!training) return;
  take(s.gradient, T * D), take(s.du, T * D);
  take(s.dlatent, T * m.latents()), take(s.dquery_latent, T * m.query_rank), take(s.dkv_latent, T * m.kv_rank);
  take(s.dq, T * m.heads * m.score()), take(s.dkv, T * m.heads * (m.nope + m.value));
  take(s.dk_rope, T * m.heads * m.rope), take(s.dattention, T * m.heads * m.value);
  take(s.dh, T * F), take(s.dscores, T * m.routes()), take(s.dgates, T * m.top_k);
  take(s.dgathered, R * D), take(s.expert_dh, R * I), take(s.row_gates, R), take(s.row_dgates, R);
}

}  // namespace millrace::trainer
