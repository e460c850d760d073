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

// What a forward pass keeps of one MLA block. [tokens, …]
template <class Real>
struct AttentionActivations {
  Real *input, *rstd;                      // normed input
  Real *latent, *query_rstd, *kv_rstd;     // [q rank | kv rank | rope]; the rope part is rotated in place
  Real *query_latent, *kv_latent;          // behind their norms
  Real *q, *kv, *out, *top, *inverse;
};

// What a forward pass keeps of one layer. stream: x, after attention 0, after FFN 0, after attention 1 (longcat-flash.md 1.2).
template <class Real>
struct LayerActivations {
  Real* stream[4];
  AttentionActivations<Real> attention[2];
  Real *post[2], *post_rstd[2], *gate_up[2];
  Real *scores, *gates, *expert_gate_up;
  int32_t* selected;
  Dispatch at;
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

// Calls take(pointer, elements) for every buffer: once to count, once to hand out an arena. One list, so the plan cannot lie.
template <class Real, class Take>
void each_buffer(const ModelConfig& m, const Extent& e, LayerActivations<Real>& a, Take take) {
  const size_t T = e.tokens, D = m.hidden, R = expert_rows(m, T);
  for (auto& stream : a.stream) take(stream, T * D);
  for (auto& b : a.attention) {
    take(b.input, T * D), take(b.rstd, T);
    take(b.latent, T * m.latents()), take(b.query_rstd, T), take(b.kv_rstd, T);
    take(b.query_latent, T * m.query_rank), take(b.kv_latent, T * m.kv_rank);
    take(b.q, T * m.heads * m.score()), take(b.kv, T * m.heads * (m.nope + m.value)), take(b.out, T * m.heads * m.value);
    take(b.top, T * m.heads), take(b.inverse, T * m.heads);
  }
  for (int i = 0; i < 2; ++i) take(a.post[i], T * D), take(a.post_rstd[i], T), take(a.gate_up[i], T * 2 * m.dense_width);
  take(a.scores, T * m.routes()), take(a.gates, T * m.top_k), take(a.expert_gate_up, R * 2 * m.expert_width);
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
