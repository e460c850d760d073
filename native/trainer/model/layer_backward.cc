// One layer backward: layer_forward.cc read from the end. scratch_.gradient holds ∂L/∂(residual stream) throughout; scratch_.du collects
// what reaches u, which FFN 0 and the MoE branch both read. Buffers that layers share hold the last layer's values at first; for the
// others they are filled again (Keep in activations.h): the same calls on the same numbers, so the same bits.
#include <algorithm>

#include "native/trainer/linear/linear.h"
#include "native/trainer/model/model.h"
#include "native/trainer/rmsnorm/rmsnorm.h"
#include "native/trainer/swiglu/swiglu.h"

namespace millrace::trainer {

template <class Real>
void Model<Real>::backward(const Slab& slab) {
  const size_t T = slab.size(), D = config_.hidden;
  Scratch<Real>& s = scratch_;
  for (size_t l = config_.layers; l-- > 0;) {
    LayerActivations<Real>& a = acts_[l];
    const LayerOffsets& at = layout_.layers[l];
    if (l + 1 < config_.layers && recompute_ == 1) norms_again(slab, l, a);
    if (l + 1 < config_.layers && recompute_ == 2) again(slab, l, a);
    const auto through_post_norm = [&](int block, const Real* dy) {
      rmsnorm_backward(T, D, dy, D, a.stream[2 * block + 1], D, w(at.post_norm[block]), 1, a.dense[block].rstd, s.gradient, D, true,
                       dw(at.post_norm[block]), threads_);
    };
    moe_backward_block(slab, l, a);
    dense_backward_block(slab, at.dense[1], s.gradient, a.dense[1], s.dnorm, false);
    through_post_norm(1, s.dnorm);
    attention_backward_block(slab, at.attention[1], at.input_norm[1], a.stream[2], a.attention[1], s.gradient, s.dnorm);
    dense_backward_block(slab, at.dense[0], s.gradient, a.dense[0], s.du, true);
    through_post_norm(0, s.du);
    attention_backward_block(slab, at.attention[0], at.input_norm[0], a.stream[0], a.attention[0], s.gradient, s.dnorm);
  }
}

template <class Real>
void Model<Real>::moe_backward_block(const Slab& slab, size_t l, LayerActivations<Real>& a) {
  const size_t T = slab.size(), D = config_.hidden, routes = config_.routes();
  Scratch<Real>& s = scratch_;
  const LayerOffsets& at = layout_.layers[l];
  std::fill_n(s.du, T * D, Real(0));
  moe_backward(moe_shape(config_), T, moe_data(l, a),
               MoeGradients<Real>{s.gradient, s.du, s.dgates, dw(at.experts), s.dgathered, s.expert_dh, s.row_gates, s.row_dgates}, threads_);
  route_backward<Real>(router_, T, slab.rows, a.scores, a.selected, s.dgates, optimizer_.balance_alpha,
                       balance_weights_.data() + l * slab.rows.size() * (router_.groups + 1), s.dscores, threads_);
  linear_weight(T, D, routes, s.dscores, routes, a.dense[0].input, D, dw(at.router), threads_);
  linear_backward(T, D, routes, s.dscores, routes, w(at.router), s.du, D, true, threads_);
}

template <class Real>
void Model<Real>::dense_backward_block(const Slab& slab, const FfnOffsets& at, const Real* gradient, FfnActivations<Real>& f, Real* dinput,
                                       bool accumulate) {
  const size_t T = slab.size(), D = config_.hidden, F = config_.dense_width;
  Scratch<Real>& s = scratch_;
  linear_backward(T, F, D, gradient, D, w(at.down), s.dh, F, false, threads_);
  swiglu_backward(T, F, f.gate_up, s.dh, s.h, threads_);
  linear_weight(T, F, D, gradient, D, s.h, F, dw(at.down), threads_);
  linear_weight(T, D, 2 * F, f.gate_up, 2 * F, f.input, D, dw(at.gate_up), threads_);
  linear_backward(T, D, 2 * F, f.gate_up, 2 * F, w(at.gate_up), dinput, D, accumulate, threads_);
}

template <class Real>
void Model<Real>::attention_backward_block(const Slab& slab, const AttentionOffsets& at, size_t norm, const Real* x,
                                           AttentionActivations<Real>& b, Real* gradient, Real* dnorm) {
  const ModelConfig& m = config_;
  const size_t T = slab.size(), D = m.hidden, ldl = m.latents(), query = m.heads * m.score(), kv = m.heads * (m.nope + m.value);
  const size_t values = m.heads * m.value, turned = m.query_rank + m.kv_rank;
  Scratch<Real>& s = scratch_;

  linear_backward(T, values, D, gradient, D, w(at.out), s.dattention, values, false, threads_);
  linear_weight(T, values, D, gradient, D, b.out, values, dw(at.out), threads_);
  const AttentionData<Real> data{b.q, b.kv, b.latent + turned, ldl, T, b.out, b.top, b.inverse};
  attention_backward<Real>(attention_shape(m), slab.runs, data, s.dattention, s.dq, s.dkv, s.dk_rope, slab.longest, s.attention, threads_);

  in_blocks(T, threads_, [&](size_t first, size_t last) {  // the rotated key is shared: heads are added in ascending order
    for (size_t t = first; t < last; ++t)
      for (size_t i = 0; i < m.rope; ++i) {
        Real sum = 0;
        for (size_t head = 0; head < m.heads; ++head) sum += s.dk_rope[(t * m.heads + head) * m.rope + i];
        s.dlatent[t * ldl + turned + i] = sum;
      }
  });
  rope_.rotate(T, m.heads, m.score(), slab.positions.data(), s.dq + m.nope, query, true, threads_);
  rope_.rotate(T, 1, 0, slab.positions.data(), s.dlatent + turned, ldl, true, threads_);

  linear_weight(T, m.query_rank, query, s.dq, query, b.query_latent, m.query_rank, dw(at.query), threads_);
  linear_backward(T, m.query_rank, query, s.dq, query, w(at.query), s.dquery_latent, m.query_rank, false, threads_);
  linear_weight(T, m.kv_rank, kv, s.dkv, kv, b.kv_latent, m.kv_rank, dw(at.kv), threads_);
  linear_backward(T, m.kv_rank, kv, s.dkv, kv, w(at.kv), s.dkv_latent, m.kv_rank, false, threads_);
  rmsnorm_backward(T, m.query_rank, s.dquery_latent, m.query_rank, b.latent, ldl, w(at.query_norm), query_scale_, b.query_rstd, s.dlatent, ldl,
                   false, dw(at.query_norm), threads_);
  rmsnorm_backward(T, m.kv_rank, s.dkv_latent, m.kv_rank, b.latent + m.query_rank, ldl, w(at.kv_norm), kv_scale_, b.kv_rstd,
                   s.dlatent + m.query_rank, ldl, false, dw(at.kv_norm), threads_);
  linear_weight(T, D, ldl, s.dlatent, ldl, b.input, D, dw(at.latent), threads_);
  linear_backward(T, D, ldl, s.dlatent, ldl, w(at.latent), dnorm, D, false, threads_);
  rmsnorm_backward(T, D, dnorm, D, x, D, w(norm), 1, b.rstd, gradient, D, true, dw(norm), threads_);
}

#define INSTANTIATE(Real)                                                                                                  \
  template void Model<Real>::backward(const Slab&);                                                                        \
  template void Model<Real>::moe_backward_block(const Slab&, size_t, LayerActivations<Real>&);                             \
  template void Model<Real>::dense_backward_block(const Slab&, const FfnOffsets&, const Real*, FfnActivations<Real>&, Real*, bool); \
  template void Model<Real>::attention_backward_block(const Slab&, const AttentionOffsets&, size_t, const Real*,           \
                                                      AttentionActivations<Real>&, Real*, Real*);
INSTANTIATE(float)
INSTANTIATE(double)
#undef INSTANTIATE

}  // namespace millrace::trainer
