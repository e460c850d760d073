#pragma once
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "native/trainer/attention/attention.h"
#include "native/trainer/backend.h"
#include "native/trainer/config/config.h"
#include "native/trainer/loss/loss.h"
#include "native/trainer/moe/moe.h"
#include "native/trainer/router/router.h"

namespace millrace::trainer {

// A buffer of the backend with the arithmetic of a pointer, in elements.
struct Buf : mr_buffer {
  Buf(void* address = nullptr, int32_t kind = MR_F32) : mr_buffer{address, kind} {}
  Buf operator+(size_t elements) const { return {static_cast<char*>(at) + elements * mr_size(type), type}; }
};

// Storage types of a model: `wide`, and `low` for what docs/numerics.md 9 keeps short.
struct Types {
  int32_t wide = MR_F32, low = MR_F32;
};

// Who owns a buffer of the forward pass: every layer; every layer below recompute level 2; every layer at level 0. Where it is not the
// layer's own, all layers share one and the backward pass fills it again.
enum class Keep { always, costly, cheap };

inline bool shared(Keep keep, int recompute) { return keep == Keep::cheap ? recompute >= 1 : keep == Keep::costly && recompute >= 2; }

// What a forward pass keeps of one MLA block. [tokens, …]
struct AttentionActivations {
  Buf input, rstd;                      // normed input
  Buf latent, query_rstd, kv_rstd;      // [q rank | kv rank | rope]; the rope part is rotated in place
  Buf query_latent, kv_latent;          // behind their norms
  Buf q, kv, out, top, inverse;
};

// Of one dense FFN behind its norm.
struct FfnActivations {
  Buf input, rstd, gate_up;
};

// What a forward pass keeps of one layer. stream: x, after attention 0, after FFN 0, after attention 1 (longcat-flash.md 1.2).
struct LayerActivations {
  Buf stream[4];
  AttentionActivations attention[2];
  FfnActivations dense[2];  // the first one's input is u, which router, zero experts and experts read too
  Buf scores, gates, expert_gate_up;
  Buf selected, offsets, token_of, slot_of, row_of;
};

// Of the MTP head, and its own gradients: the main model's are under way while it runs.
struct MtpActivations {
  Buf ids, targets;
  Buf next, joined, embedding_rstd, hidden_rstd;  // next: embeddings of the next token; joined [tokens, 2 · hidden]
  Buf stream[2], last, normed, rstd, losses;
  AttentionActivations attention;
  FfnActivations dense;
  Buf gradient, dnorm, djoined;
};

// What passes share: the slab, gradients on their way, and intermediates that are computed twice rather than kept.
struct Scratch {
  Buf ids, targets, positions, runs, rows;
  Buf cosines, sines;                                               // [longest, rope / 2]
  Buf last, normed, rstd, logits, losses, z_values, largest;        // behind the last layer
  Buf gradient, dnorm, du;                                          // [tokens, hidden]
  Buf dlatent, dquery_latent, dkv_latent, dq, dkv, dk_rope, dattention;
  Buf h, dh;                                                        // [tokens, dense width]
  Buf dscores, dgates;
  Buf gathered, expert_h, expert_out, dy_rows, expert_dh, row_gates, row_dgates;
  Buf attention;
  Buf kv_cache, k_rope_cache;  // inference: [layers · 2, longest, …]
};

// What outlives a pass: step parameters, and per purpose (training, evaluation) sums and counts.
struct Blocks {
  Buf params, biases, balance_weights;
  struct Counts {
    Buf metrics, counts, histogram;
  } of[2];
};

// Sizes of everything for slabs of at most `tokens` tokens whose longest run has `longest`, fixed before the first step.
struct Extent {
  size_t tokens, rows, longest, groups;
  int threads;
  bool training;
};

AttentionShape attention_shape(const ModelConfig& model);
RouterShape router_shape(const ModelConfig& model, size_t groups);
mr_router router_of(const RouterShape& shape);

// Rows of experts in the worst case: dropless routing may give every token top_k FFN experts.
size_t expert_rows(const ModelConfig& model, size_t tokens);
// Rows that are worked on at once: a segment of one expert has at most a row a token.
inline size_t expert_capacity(size_t tokens) { return tokens; }

// Calls take(buffer, elements, type, keep) for every buffer: once to count, once to hand out an arena. One list, so the plan cannot lie.
template <class Take>
void each_buffer(const ModelConfig& m, const Extent& e, Types t, AttentionActivations& b, Take take) {
  const size_t T = e.tokens;
  take(b.input, T * m.hidden, t.low, Keep::cheap), take(b.rstd, T, t.wide, Keep::costly);
  take(b.latent, T * m.latents(), t.wide, Keep::costly), take(b.query_rstd, T, t.wide, Keep::costly), take(b.kv_rstd, T, t.wide, Keep::costly);
  take(b.query_latent, T * m.query_rank, t.low, Keep::cheap), take(b.kv_latent, T * m.kv_rank, t.low, Keep::cheap);
  take(b.q, T * m.heads * m.score(), t.low, Keep::costly), take(b.kv, T * m.heads * (m.nope + m.value), t.low, Keep::costly);
  take(b.out, T * m.heads * m.value, t.low, Keep::costly), take(b.top, T * m.heads, t.wide, Keep::costly);
  take(b.inverse, T * m.heads, t.wide, Keep::costly);
}

template <class Take>
void each_buffer(const ModelConfig& m, const Extent& e, Types t, int32_t input, FfnActivations& f, Take take) {
  take(f.input, e.tokens * m.hidden, input, Keep::cheap), take(f.rstd, e.tokens, t.wide, Keep::costly);
  take(f.gate_up, e.tokens * 2 * m.dense_width, t.low, Keep::costly);
}

template <class Take>
void each_buffer(const ModelConfig& m, const Extent& e, Types t, LayerActivations& a, Take take) {
  const size_t T = e.tokens, R = expert_rows(m, T);
  for (size_t i = 0; i < 4; ++i) take(a.stream[i], T * m.hidden, t.wide, i ? Keep::costly : Keep::always);
  for (auto& b : a.attention) each_buffer(m, e, t, b, take);
  each_buffer(m, e, t, t.wide, a.dense[0], take), each_buffer(m, e, t, t.low, a.dense[1], take);
  take(a.scores, T * m.routes(), t.wide, Keep::costly), take(a.gates, T * m.top_k, t.wide, Keep::costly);
  take(a.expert_gate_up, R * 2 * m.expert_width, t.low, Keep::costly);
  take(a.selected, T * m.top_k, MR_I32, Keep::always), take(a.row_of, T * m.top_k, MR_I32, Keep::always);
  take(a.token_of, R, MR_I32, Keep::always), take(a.slot_of, R, MR_I32, Keep::always), take(a.offsets, m.experts + 1, MR_U64, Keep::always);
}

template <class Take>
void each_buffer(const ModelConfig& m, const Extent& e, Types t, MtpActivations& a, Take take) {
  const size_t T = e.tokens, D = m.hidden;
  take(a.ids, T, MR_U32, Keep::always), take(a.targets, T, MR_I32, Keep::always);
  for (Buf* p : {&a.next, &a.stream[0], &a.stream[1], &a.last, &a.normed, &a.gradient, &a.dnorm}) take(*p, T * D, t.wide, Keep::always);
  take(a.joined, T * 2 * D, t.low, Keep::always), take(a.djoined, T * 2 * D, t.wide, Keep::always);
  for (Buf* p : {&a.embedding_rstd, &a.hidden_rstd, &a.rstd, &a.losses}) take(*p, T, t.wide, Keep::always);
  each_buffer(m, e, t, a.attention, take), each_buffer(m, e, t, t.low, a.dense, take);
}

template <class Take>
void each_buffer(const ModelConfig& m, const Extent& e, Types t, const mr_backend& device, Scratch& s, Take take) {
  const size_t T = e.tokens, D = m.hidden, R = expert_rows(m, T), C = expert_capacity(T), F = m.dense_width, I = m.expert_width;
  const int32_t w = t.wide, l = t.low;
  take(s.ids, T, MR_U32), take(s.targets, T, MR_I32), take(s.positions, T, MR_I32);
  take(s.runs, T * sizeof(mr_run) / 8, MR_U64), take(s.rows, e.rows * sizeof(mr_row) / 8, MR_U64);
  take(s.cosines, e.longest * m.rope / 2, w), take(s.sines, e.longest * m.rope / 2, w);
  take(s.last, T * D, w), take(s.normed, T * D, w), take(s.rstd, T, w), take(s.logits, kLossChunk * m.vocabulary, w);
  take(s.losses, T, w), take(s.z_values, T, w), take(s.largest, T, w), take(s.dnorm, T * D, w);
  take(s.h, T * F, l), take(s.gathered, C * D, l), take(s.expert_h, C * I, l), take(s.expert_out, R * D, w);
  take(s.attention, device.attention_scratch(m.heads, m.nope, m.rope, m.value, e.longest, e.threads), w);
  if (!e.training) return;
  take(s.gradient, T * D, w), take(s.du, T * D, w);
  take(s.dlatent, T * m.latents(), w), take(s.dquery_latent, T * m.query_rank, w), take(s.dkv_latent, T * m.kv_rank, w);
  take(s.dq, T * m.heads * m.score(), l), take(s.dkv, T * m.heads * (m.nope + m.value), l);
  take(s.dk_rope, T * m.heads * m.rope, w), take(s.dattention, T * m.heads * m.value, l);
  take(s.dh, T * F, l), take(s.dscores, T * m.routes(), w), take(s.dgates, T * m.top_k, w);
  take(s.dy_rows, C * D, l), take(s.expert_dh, C * I, l), take(s.row_gates, R, w), take(s.row_dgates, R, w);
}

template <class Take>
void each_cache(const ModelConfig& m, const Extent& e, Types t, Scratch& s, Take take) {
  if (e.training) return;
  take(s.kv_cache, m.layers * 2 * e.longest * m.heads * (m.nope + m.value), t.low), take(s.k_rope_cache, m.layers * 2 * e.longest * m.rope, t.wide);
}

template <class Take>
void each_block(const ModelConfig& m, const Extent& e, Blocks& b, Take take) {
  take(b.params, sizeof(mr_step_params) / 8, MR_U64), take(b.biases, m.layers * m.routes(), MR_F32);
  take(b.balance_weights, m.layers * e.rows * (e.groups + 1), MR_F64);
  for (auto& c : b.of)
    take(c.metrics, sizeof(mr_metrics) / 8, MR_U64), take(c.counts, m.layers * m.routes(), MR_U64), take(c.histogram, m.top_k + 1, MR_U64);
}

}  // namespace millrace::trainer
