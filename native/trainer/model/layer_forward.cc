// One layer forward, in the order of longcat-flash.md 1.2:
//   a = x + Attn0(n(x));  u = n(a);  b = a + FFN0(u);  c = b + Attn1(n(b));  y = c + FFN1(n(c)) + MoE(u)
// The MoE branch reads u and joins at the end. On a CPU nothing is gained by starting it early, so it runs where it joins.
#include <algorithm>

#include "native/trainer/linear/linear.h"
#include "native/trainer/model/model.h"
#include "native/trainer/rmsnorm/rmsnorm.h"
#include "native/trainer/swiglu/swiglu.h"

namespace millrace::trainer {

template <class Real>
void Model<Real>::attention_block(const Slab& slab, const AttentionOffsets& at, size_t norm, const Real* x, AttentionActivations<Real>& b,
                                  Real* y) {
  const ModelConfig& m = config_;
  const size_t T = slab.size(), D = m.hidden, ldl = m.latents(), query = m.heads * m.score(), kv = m.heads * (m.nope + m.value);
  rmsnorm_forward(T, D, x, D, w(norm), m.norm_eps, 1, b.input, D, b.rstd, threads_);
  linear_forward(T, D, ldl, b.input, D, w(at.latent), b.latent, ldl, false, threads_);
  // The latents' scales stand behind their norms; the one of q is folded in here, where Transformers multiplies q itself: the same number.
  rmsnorm_forward(T, m.query_rank, b.latent, ldl, w(at.query_norm), kLatentEps, query_scale_, b.query_latent, m.query_rank, b.query_rstd, threads_);
  rmsnorm_forward(T, m.kv_rank, b.latent + m.query_rank, ldl, w(at.kv_norm), kLatentEps, kv_scale_, b.kv_latent, m.kv_rank, b.kv_rstd, threads_);
  linear_forward(T, m.query_rank, query, b.query_latent, m.query_rank, w(at.query), b.q, query, false, threads_);
  linear_forward(T, m.kv_rank, kv, b.kv_latent, m.kv_rank, w(at.kv), b.kv, kv, false, threads_);
  Real* k_rope = b.latent + m.query_rank + m.kv_rank;
  rope_.rotate(T, m.heads, m.score(), slab.positions.data(), b.q + m.nope, query, false, threads_);
  rope_.rotate(T, 1, 0, slab.positions.data(), k_rope, ldl, false, threads_);
  attend(slab, b);
  std::copy_n(x, T * D, y);
  linear_forward(T, m.heads * m.value, D, b.out, m.heads * m.value, w(at.out), y, D, true, threads_);
}

// The cached keys and values, where there are any, stand before the slab's own.
template <class Real>
void Model<Real>::attend(const Slab& slab, AttentionActivations<Real>& b) {
  const ModelConfig& m = config_;
  const size_t T = slab.size(), ldl = m.latents(), ldkv = m.heads * (m.nope + m.value);
  const Real* k_rope = b.latent + m.query_rank + m.kv_rank;
  if (!cache_) {
    const AttentionData<Real> data{b.q, b.kv, k_rope, ldl, T, b.out, b.top, b.inverse};
    return attention_forward<Real>(attention_shape(m), slab.runs, data, slab.longest, scratch_.attention, threads_);
  }
  Real *kv = cache_->kv.data() + block_ * cache_->capacity * ldkv, *keys = cache_->k_rope.data() + block_ * cache_->capacity * m.rope;
  const size_t past = cache_->length;
  ++block_;
  std::copy_n(b.kv, T * ldkv, kv + past * ldkv);
  for (size_t t = 0; t < T; ++t) std::copy_n(k_rope + t * ldl, m.rope, keys + (past + t) * m.rope);
  const AttentionData<Real> data{b.q, kv, keys, m.rope, T, b.out, b.top, b.inverse};
  attention_append<Real>(attention_shape(m), past, T, data, slab.longest, scratch_.attention, threads_);
}

template <class Real>
void Model<Real>::dense_block(const Slab& slab, const FfnOffsets& at, size_t norm, const Real* x, FfnActivations<Real>& f, Real* y) {
  const size_t T = slab.size(), D = config_.hidden, F = config_.dense_width;
  rmsnorm_forward(T, D, x, D, w(norm), config_.norm_eps, 1, f.input, D, f.rstd, threads_);
  linear_forward(T, D, 2 * F, f.input, D, w(at.gate_up), f.gate_up, 2 * F, false, threads_);
  if (!y) return;
  swiglu_forward(T, F, f.gate_up, scratch_.h, threads_);
  std::copy_n(x, T * D, y);
  linear_forward(T, F, D, scratch_.h, F, w(at.down), y, D, true, threads_);
}

template <class Real>
MoeData<Real> Model<Real>::moe_data(size_t l, LayerActivations<Real>& a) {
  return {a.dense[0].input, w(layout_.layers[l].experts), a.gates, a.at, a.expert_gate_up, scratch_.gathered, scratch_.expert_h, scratch_.expert_out};
}

template <class Real>
void Model<Real>::moe_block(const Slab& slab, size_t l, LayerActivations<Real>& a, Real* next) {
  const size_t T = slab.size(), D = config_.hidden, routes = config_.routes();
  linear_forward(T, D, routes, a.dense[0].input, D, w(layout_.layers[l].router), a.scores, routes, false, threads_);
  route(router_, T, a.scores, biases_.data() + l * routes, frozen_, a.selected, a.gates, threads_);
  count(slab, l, a.selected);
  balance_ += balance_loss<Real>(router_, slab.rows, a.scores, a.selected,
                                 balance_weights_.data() + l * slab.rows.size() * (router_.groups + 1), threads_);
  dispatch(moe_shape(config_), T, a.selected, a.at);
  moe_forward(moe_shape(config_), T, moe_data(l, a), next, threads_);
}

// A layer from its input once more, as far as the backward pass reads it: the choice of experts stands, so that nothing is counted twice.
template <class Real>
void Model<Real>::again(const Slab& slab, size_t l, LayerActivations<Real>& a) {
  const LayerOffsets& at = layout_.layers[l];
  const size_t T = slab.size(), D = config_.hidden, routes = config_.routes();
  for (int i = 0; i < 2; ++i) {
    attention_block(slab, at.attention[i], at.input_norm[i], a.stream[2 * i], a.attention[i], a.stream[2 * i + 1]);
    dense_block(slab, at.dense[i], at.post_norm[i], a.stream[2 * i + 1], a.dense[i], i ? nullptr : a.stream[2]);
  }
  linear_forward(T, D, routes, a.dense[0].input, D, w(at.router), a.scores, routes, false, threads_);
  route(router_, T, a.scores, biases_.data() + l * routes, true, a.selected, a.gates, threads_);
  moe_again(moe_shape(config_), moe_data(l, a), threads_);
}

template <class Real>
void Model<Real>::norms_again(const Slab& slab, size_t l, LayerActivations<Real>& a) {
  const ModelConfig& m = config_;
  const LayerOffsets& at = layout_.layers[l];
  const size_t T = slab.size(), D = m.hidden, ldl = m.latents();
  for (int i = 0; i < 2; ++i) {
    AttentionActivations<Real>& b = a.attention[i];
    const AttentionOffsets& o = at.attention[i];
    rmsnorm_forward(T, D, a.stream[2 * i], D, w(at.input_norm[i]), m.norm_eps, 1, b.input, D, b.rstd, threads_);
    rmsnorm_forward(T, m.query_rank, b.latent, ldl, w(o.query_norm), kLatentEps, query_scale_, b.query_latent, m.query_rank, b.query_rstd, threads_);
    rmsnorm_forward(T, m.kv_rank, b.latent + m.query_rank, ldl, w(o.kv_norm), kLatentEps, kv_scale_, b.kv_latent, m.kv_rank, b.kv_rstd, threads_);
    rmsnorm_forward(T, D, a.stream[2 * i + 1], D, w(at.post_norm[i]), m.norm_eps, 1, a.dense[i].input, D, a.dense[i].rstd, threads_);
  }
}

template <class Real>
void Model<Real>::count(const Slab& slab, size_t l, const int32_t* selected) {
  uint64_t* counts = counts_.data() + l * config_.routes();
  for (size_t t = 0; t < slab.size(); ++t) {
    size_t ffn = 0;
    for (size_t k = 0; k < config_.top_k; ++k, ++selected) {
      ++counts[*selected];
      ffn += static_cast<size_t>(*selected) < config_.experts;
    }
    ++histogram_[ffn];
  }
}

#define INSTANTIATE(Real)                                                                                  \
  template void Model<Real>::attention_block(const Slab&, const AttentionOffsets&, size_t, const Real*, AttentionActivations<Real>&, Real*); \
  template void Model<Real>::dense_block(const Slab&, const FfnOffsets&, size_t, const Real*, FfnActivations<Real>&, Real*); \
  template void Model<Real>::attend(const Slab&, AttentionActivations<Real>&);                             \
  template void Model<Real>::again(const Slab&, size_t, LayerActivations<Real>&);                          \
  template void Model<Real>::norms_again(const Slab&, size_t, LayerActivations<Real>&);                    \
  template void Model<Real>::moe_block(const Slab&, size_t, LayerActivations<Real>&, Real*);               \
  template MoeData<Real> Model<Real>::moe_data(size_t, LayerActivations<Real>&);
INSTANTIATE(float)
INSTANTIATE(double)
#undef INSTANTIATE

}  // namespace millrace::trainer
