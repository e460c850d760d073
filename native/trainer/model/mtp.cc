// The MTP head (longcat-flash.md 1.6): one dense layer that predicts the token after the next,
//   h' = W [norm_e(embedding of the next token) ; norm_h(the main model's state behind its final norm)]
//   y = b + FFN(norm(b)),  b = h' + Attention(norm(h'));  logits of norm(y) by the main output matrix
// with two readings where the report is silent: the head shares the embedding with the main model in training, as DeepSeek-V3 does, and it
// reads the state behind the final norm, as engines do. A run's last token has no next one: it is given itself, predicts nothing, and
// nothing attends to it, so the head never crosses a document's border. Forward and backward are one call, because the main model's own
// backward pass has not begun: its scratch is free, but its gradients on their way are not, hence the head's own.
#include "native/trainer/model/graph.h"

namespace millrace::trainer {

void Graph::mtp(const Slab& slab) {
  const size_t T = slab.size(), D = config_.hidden;
  const MtpOffsets& at = layout_.mtp;
  MtpActivations& a = mtp_;
  Scratch& s = scratch_;
  run(device_->next_tokens, {s.runs, slab.runs.size(), T, s.ids, s.targets, a.ids, a.targets});
  run(device_->embedding_forward, {T, D, a.ids, w(layout_.embedding), a.next});
  rmsnorm(T, D, a.next, D, at.embedding_norm, config_.norm_eps, 1, a.joined, 2 * D, a.embedding_rstd);
  rmsnorm(T, D, s.normed, D, at.hidden_norm, config_.norm_eps, 1, a.joined + D, 2 * D, a.hidden_rstd);
  linear(T, 2 * D, D, a.joined, at.join, a.stream[0]);
  attention_block(slab, at.attention, at.input_norm, a.stream[0], a.attention, a.stream[1]);
  dense_block(slab, at.dense, at.post_norm, a.stream[1], a.dense, a.last);
  rmsnorm(T, D, a.last, D, at.norm, config_.norm_eps, 1, a.normed, D, a.rstd);
  run(device_->cross_entropy, {T, D, config_.vocabulary, types_.low, a.normed, w(layout_.output), a.targets, s.logits, a.losses, a.dnorm,
                               dw(layout_.output), 1, blocks_.params});
  run(device_->sum_losses, {T, a.losses, a.losses, a.losses, a.targets, 1, blocks_.of[1].metrics});

  rmsnorm_back(T, D, a.dnorm, D, a.last, D, at.norm, 1, a.rstd, a.gradient, D, false);
  dense_backward_block(slab, at.dense, a.gradient, a.dense, a.dnorm, false);
  rmsnorm_back(T, D, a.dnorm, D, a.stream[1], D, at.post_norm, 1, a.dense.rstd, a.gradient, D, true);
  attention_backward_block(slab, at.attention, at.input_norm, a.stream[0], a.attention, a.gradient, a.dnorm);
  linear_weights(T, 2 * D, D, a.gradient, a.joined, at.join);
  linear_input(T, 2 * D, D, a.gradient, at.join, a.djoined);
  rmsnorm_back(T, D, a.djoined + D, 2 * D, s.normed, D, at.hidden_norm, 1, a.hidden_rstd, s.dnorm, D, true);
  rmsnorm_back(T, D, a.djoined, 2 * D, a.next, D, at.embedding_norm, 1, a.embedding_rstd, a.dnorm, D, false);
  run(device_->embedding_backward, {T, D, a.ids, a.dnorm, dw(layout_.embedding)});
}

}  // namespace millrace::trainer
