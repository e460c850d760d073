// One layer backward: layer_forward.cc read from the end. scratch_.gradient holds ∂L/∂(residual stream) throughout; scratch_.du collects
// what reaches u, which FFN 0 and the MoE branch both read. Buffers that layers share hold the last layer's values at first; for the
// others they are filled again (Keep in activations.h): the same calls on the same numbers, so the same bits.
#include "native/trainer/model/graph.h"

namespace millrace::trainer {

void Graph::backward(const Slab& slab) {
  const size_t T = slab.size(), D = config_.hidden;
  Scratch& s = scratch_;
  for (size_t l = config_.layers; l-- > 0;) {
    LayerActivations& a = acts_[l];
    const LayerOffsets& at = layout_.layers[l];
    if (l + 1 < config_.layers && recompute_ == 1) norms_again(slab, l, a);
    if (l + 1 < config_.layers && recompute_ == 2) again(slab, l, a);
    const auto through_post_norm = [&](int block, Buf dy) {
      rmsnorm_back(T, D, dy, D, a.stream[2 * block + 1], D, at.post_norm[block], 1, a.dense[block].rstd, s.gradient, D, true);
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

void Graph::moe_backward_block(const Slab& slab, size_t l, LayerActivations& a) {
  const size_t T = slab.size(), D = config_.hidden, routes = config_.routes();
  Scratch& s = scratch_;
  const LayerOffsets& at = layout_.layers[l];
  run(device_->zero, {T * D, s.du});
  run(device_->moe_backward,
      {moe_of(slab, l, a, Buf()), s.gradient, s.du, s.dgates, dw(at.experts), s.dy_rows, s.expert_dh, s.row_gates, s.row_dgates});
  run(device_->route_backward, {router_of(router_), T, s.rows, slab.rows.size(), a.scores, a.selected, s.dgates, optimizer_.balance_alpha,
                                balance(l), s.dscores});
  run(device_->linear_weight, {T, D, routes, types_.wide, s.dscores, routes, a.dense[0].input, D, dw(at.router)});
  run(device_->linear_backward, {T, D, routes, types_.wide, s.dscores, routes, w(at.router), s.du, D, 1});
}

void Graph::dense_backward_block(const Slab& slab, const FfnOffsets& at, Buf gradient, FfnActivations& f, Buf dinput, bool accumulate) {
  const size_t T = slab.size(), D = config_.hidden, F = config_.dense_width;
  Scratch& s = scratch_;
  linear_input(T, F, D, gradient, at.down, s.dh);
  run(device_->swiglu_backward, {T, F, f.gate_up, s.dh, s.h});
  linear_weights(T, F, D, gradient, s.h, at.down);
  linear_weights(T, D, 2 * F, f.gate_up, f.input, at.gate_up);
  linear_input(T, D, 2 * F, f.gate_up, at.gate_up, dinput, accumulate);
}

void Graph::attention_backward_block(const Slab& slab, const AttentionOffsets& at, size_t norm, Buf x, AttentionActivations& b, Buf gradient,
                                     Buf dnorm) {
  const ModelConfig& m = config_;
  const size_t T = slab.size(), D = m.hidden, ldl = m.latents(), query = m.heads * m.score(), kv = m.heads * (m.nope + m.value);
  const size_t values = m.heads * m.value, turned = m.query_rank + m.kv_rank;
  Scratch& s = scratch_;

  linear_input(T, values, D, gradient, at.out, s.dattention);
  linear_weights(T, values, D, gradient, b.out, at.out);
  run(device_->attention_backward, {attention_of(slab, b), s.dattention, s.dq, s.dkv, s.dk_rope, s.dlatent + turned, ldl});
  rotate(T, m.heads, m.score(), s.dq + m.nope, query, true);
  rotate(T, 1, 0, s.dlatent + turned, ldl, true);

  linear_weights(T, m.query_rank, query, s.dq, b.query_latent, at.query);
  linear_input(T, m.query_rank, query, s.dq, at.query, s.dquery_latent);
  linear_weights(T, m.kv_rank, kv, s.dkv, b.kv_latent, at.kv);
  linear_input(T, m.kv_rank, kv, s.dkv, at.kv, s.dkv_latent);
  rmsnorm_back(T, m.query_rank, s.dquery_latent, m.query_rank, b.latent, ldl, at.query_norm, query_scale_, b.query_rstd, s.dlatent, ldl, false);
  rmsnorm_back(T, m.kv_rank, s.dkv_latent, m.kv_rank, b.latent + m.query_rank, ldl, at.kv_norm, kv_scale_, b.kv_rstd, s.dlatent + m.query_rank, ldl,
               false);
  linear_weights(T, D, ldl, s.dlatent, b.input, at.latent);
  linear_input(T, D, ldl, s.dlatent, at.latent, dnorm);
  rmsnorm_back(T, D, dnorm, D, x, D, norm, 1, b.rstd, gradient, D, true);
}

}  // namespace millrace::trainer
