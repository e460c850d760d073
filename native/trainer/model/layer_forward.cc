// One layer forward, in the order of longcat-flash.md 1.2:
//   a = x + Attn0(n(x));  u = n(a);  b = a + FFN0(u);  c = b + Attn1(n(b));  y = c + FFN1(n(c)) + MoE(u)
// The MoE branch reads u and joins at the end. On a CPU nothing is gained by starting it early, so it runs where it joins.
#include "native/trainer/model/graph.h"

namespace millrace::trainer {

void Graph::attention_block(const Slab& slab, const AttentionOffsets& at, size_t norm, Buf x, AttentionActivations& b, Buf y) {
  const ModelConfig& m = config_;
  const size_t T = slab.size(), D = m.hidden, ldl = m.latents(), query = m.heads * m.score(), kv = m.heads * (m.nope + m.value);
  rmsnorm(T, D, x, D, norm, m.norm_eps, 1, b.input, D, b.rstd);
  linear(T, D, ldl, b.input, at.latent, b.latent);
  // The latents' scales stand behind their norms; the one of q is folded in here, where Transformers multiplies q itself: the same number.
  rmsnorm(T, m.query_rank, b.latent, ldl, at.query_norm, kLatentEps, query_scale_, b.query_latent, m.query_rank, b.query_rstd);
  rmsnorm(T, m.kv_rank, b.latent + m.query_rank, ldl, at.kv_norm, kLatentEps, kv_scale_, b.kv_latent, m.kv_rank, b.kv_rstd);
  linear(T, m.query_rank, query, b.query_latent, at.query, b.q);
  linear(T, m.kv_rank, kv, b.kv_latent, at.kv, b.kv);
  rotate(T, m.heads, m.score(), b.q + m.nope, query, false);
  rotate(T, 1, 0, b.latent + m.query_rank + m.kv_rank, ldl, false);
  attend(slab, b);
  run(device_->copy, {T * D, x, y});
  linear(T, m.heads * m.value, D, b.out, at.out, y, true);
}

mr_attention Graph::attention_of(const Slab& slab, const AttentionActivations& b) const {
  const ModelConfig& m = config_;
  return {m.heads, m.nope, m.rope, m.value, scratch_.runs, slab.runs.size(), slab.longest, slab.size(), 0, b.q, b.kv,
          b.latent + m.query_rank + m.kv_rank, m.latents(), b.out, b.top, b.inverse, scratch_.attention};
}

// The cached keys and values, where there are any, stand before the slab's own.
void Graph::attend(const Slab& slab, AttentionActivations& b) {
  const ModelConfig& m = config_;
  mr_attention a = attention_of(slab, b);
  if (!cached_) return run(device_->attention_forward, a);
  const size_t width = m.heads * (m.nope + m.value);
  const Buf kv = scratch_.kv_cache + block_ * longest_ * width, keys = scratch_.k_rope_cache + block_ * longest_ * m.rope;
  ++block_;
  run(device_->append_cache, {slab.size(), past_, width, m.rope, a.kv, a.k_rope, a.ldk, kv, keys});
  a.kv = kv, a.k_rope = keys, a.ldk = m.rope, a.past = past_;
  run(device_->attention_append, a);
}

void Graph::dense_block(const Slab& slab, const FfnOffsets& at, size_t norm, Buf x, FfnActivations& f, Buf y) {
  const size_t T = slab.size(), D = config_.hidden, F = config_.dense_width;
  rmsnorm(T, D, x, D, norm, config_.norm_eps, 1, f.input, D, f.rstd);
  linear(T, D, 2 * F, f.input, at.gate_up, f.gate_up);
  if (!y.at) return;
  run(device_->swiglu_forward, {T, F, f.gate_up, scratch_.h});
  run(device_->copy, {T * D, x, y});
  linear(T, F, D, scratch_.h, at.down, y, true);
}

mr_dispatch Graph::dispatch_of(const Slab& slab, const LayerActivations& a) const {
  return {slab.size(), config_.experts, config_.top_k, a.selected, a.offsets, a.token_of, a.slot_of, a.row_of};
}

mr_moe Graph::moe_of(const Slab& slab, size_t l, const LayerActivations& a, Buf y) const {
  const Scratch& s = scratch_;
  return {slab.size(), config_.hidden, config_.expert_width, expert_capacity(slab.size()), dispatch_of(slab, a), a.dense[0].input,
          w(layout_.layers[l].experts), a.gates, a.expert_gate_up, s.gathered, s.expert_h, s.expert_out, y};
}

void Graph::moe_block(const Slab& slab, size_t l, LayerActivations& a, Buf next, bool training) {
  const size_t T = slab.size(), D = config_.hidden, routes = config_.routes();
  const Blocks::Counts& c = blocks_.of[training];
  // The router keeps to rule 1 whatever the precision.
  run(device_->linear_forward, {T, D, routes, types_.wide, a.dense[0].input, D, w(layout_.layers[l].router), a.scores, routes, 0});
  run(device_->route, {router_of(router_), T, a.scores, bias(l), frozen_, a.selected, a.gates});
  run(device_->balance, {router_of(router_), T, scratch_.rows, slab.rows.size(), a.scores, a.selected, balance(l), c.metrics,
                         c.counts + l * routes, c.histogram});
  run(device_->dispatch, dispatch_of(slab, a));
  run(device_->moe_forward, moe_of(slab, l, a, next));
}

// A layer from its input once more, as far as the backward pass reads it: the choice of experts stands, so that nothing is counted twice.
void Graph::again(const Slab& slab, size_t l, LayerActivations& a) {
  const LayerOffsets& at = layout_.layers[l];
  const size_t T = slab.size(), D = config_.hidden, routes = config_.routes();
  for (int i = 0; i < 2; ++i) {
    attention_block(slab, at.attention[i], at.input_norm[i], a.stream[2 * i], a.attention[i], a.stream[2 * i + 1]);
    dense_block(slab, at.dense[i], at.post_norm[i], a.stream[2 * i + 1], a.dense[i], i ? Buf() : a.stream[2]);
  }
  run(device_->linear_forward, {T, D, routes, types_.wide, a.dense[0].input, D, w(at.router), a.scores, routes, 0});
  run(device_->route, {router_of(router_), T, a.scores, bias(l), 1, a.selected, a.gates});
  run(device_->moe_again, moe_of(slab, l, a, Buf()));
}

void Graph::norms_again(const Slab& slab, size_t l, LayerActivations& a) {
  const ModelConfig& m = config_;
  const LayerOffsets& at = layout_.layers[l];
  const size_t T = slab.size(), D = m.hidden, ldl = m.latents();
  for (int i = 0; i < 2; ++i) {
    AttentionActivations& b = a.attention[i];
    const AttentionOffsets& o = at.attention[i];
    rmsnorm(T, D, a.stream[2 * i], D, at.input_norm[i], m.norm_eps, 1, b.input, D, b.rstd);
    rmsnorm(T, m.query_rank, b.latent, ldl, o.query_norm, kLatentEps, query_scale_, b.query_latent, m.query_rank, b.query_rstd);
    rmsnorm(T, m.kv_rank, b.latent + m.query_rank, ldl, o.kv_norm, kLatentEps, kv_scale_, b.kv_latent, m.kv_rank, b.kv_rstd);
    rmsnorm(T, D, a.stream[2 * i + 1], D, at.post_norm[i], m.norm_eps, 1, a.dense[i].input, D, a.dense[i].rstd);
  }
}

}  // namespace millrace::trainer
