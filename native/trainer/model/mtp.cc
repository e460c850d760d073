// The MTP head (longcat-flash.md 1.6): one dense layer that predicts the token after the next,
//   h' = W [norm_e(embedding of the next token) ; norm_h(the main model's state behind its final norm)]
//   y = b + FFN(norm(b)),  b = h' + Attention(norm(h'));  logits of norm(y) by the main output matrix
// with two readings where the report is silent: the head shares the embedding with the main model in training, as DeepSeek-V3 does, and it
// reads the state behind the final norm, as engines do. A run's last token has no next one: it is given itself, predicts nothing, and
// nothing attends to it, so the head never crosses a document's border. Forward and backward are one call, because the main model's own
// backward pass has not begun: its scratch is free, but its gradients on their way are not, hence the head's own.
#include "native/trainer/embedding/embedding.h"
#include "native/trainer/linear/linear.h"
#include "native/trainer/loss/loss.h"
#include "native/trainer/model/model.h"
#include "native/trainer/rmsnorm/rmsnorm.h"

namespace millrace::trainer {

template <class Real>
void Model<Real>::mtp(const Slab& slab, double weight, SlabLosses& sums) {
  const size_t T = slab.size(), D = config_.hidden;
  const MtpOffsets& at = layout_.mtp;
  MtpActivations<Real>& a = mtp_;
  Scratch<Real>& s = scratch_;
  mtp_tokens_.assign(slab.tokens.begin(), slab.tokens.end());
  mtp_targets_.assign(T, -1);
  for (const Run& run : slab.runs)
    for (size_t t = run.begin; t + 1 < run.begin + run.length; ++t) mtp_tokens_[t] = slab.tokens[t + 1], mtp_targets_[t] = slab.targets[t + 1];

  embedding_forward(T, D, mtp_tokens_.data(), w(layout_.embedding), a.next, threads_);
  rmsnorm_forward(T, D, a.next, D, w(at.embedding_norm), config_.norm_eps, 1, a.joined, 2 * D, a.embedding_rstd, threads_);
  rmsnorm_forward(T, D, s.normed, D, w(at.hidden_norm), config_.norm_eps, 1, a.joined + D, 2 * D, a.hidden_rstd, threads_);
  linear_forward(T, 2 * D, D, a.joined, 2 * D, w(at.join), a.stream[0], D, false, threads_);
  attention_block(slab, at.attention, at.input_norm, a.stream[0], a.attention, a.stream[1]);
  dense_block(slab, at.dense, at.post_norm, a.stream[1], a.dense, a.last);
  rmsnorm_forward(T, D, a.last, D, w(at.norm), config_.norm_eps, 1, a.normed, D, a.rstd, threads_);
  cross_entropy(T, D, config_.vocabulary, a.normed, w(layout_.output), mtp_targets_.data(), s.logits, a.losses, a.dnorm, dw(layout_.output),
                threads_, weight);
  for (size_t t = 0; t < T; ++t) sums.mtp += static_cast<double>(a.losses[t]), sums.mtp_targets += mtp_targets_[t] >= 0;

  rmsnorm_backward(T, D, a.dnorm, D, a.last, D, w(at.norm), 1, a.rstd, a.gradient, D, false, dw(at.norm), threads_);
  dense_backward_block(slab, at.dense, a.gradient, a.dense, a.dnorm, false);
  rmsnorm_backward(T, D, a.dnorm, D, a.stream[1], D, w(at.post_norm), 1, a.dense.rstd, a.gradient, D, true, dw(at.post_norm), threads_);
  attention_backward_block(slab, at.attention, at.input_norm, a.stream[0], a.attention, a.gradient, a.dnorm);
  linear_weight(T, 2 * D, D, a.gradient, D, a.joined, 2 * D, dw(at.join), threads_);
  linear_backward(T, 2 * D, D, a.gradient, D, w(at.join), a.djoined, 2 * D, false, threads_);
  rmsnorm_backward(T, D, a.djoined + D, 2 * D, s.normed, D, w(at.hidden_norm), 1, a.hidden_rstd, s.dnorm, D, true, dw(at.hidden_norm), threads_);
  rmsnorm_backward(T, D, a.djoined, 2 * D, a.next, D, w(at.embedding_norm), 1, a.embedding_rstd, a.dnorm, D, false, dw(at.embedding_norm),
                   threads_);
  embedding_backward(T, D, mtp_tokens_.data(), a.dnorm, dw(layout_.embedding), threads_);
}

template void Model<float>::mtp(const Slab&, double, SlabLosses&);
template void Model<double>::mtp(const Slab&, double, SlabLosses&);

}  // namespace millrace::trainer
