// Allocation, and what lies before and behind the layers.
#include "native/trainer/model/model.h"

#include <cmath>
#include <cstdlib>

#include "native/trainer/embedding/embedding.h"
#include "native/trainer/loss/loss.h"
#include "native/trainer/rmsnorm/rmsnorm.h"

namespace millrace::trainer {

template <class Real>
void Model<Real>::Free::operator()(void* p) const {
  std::free(p);
}

template <class Real>
Error Model<Real>::create(const ModelConfig& m, const OptimizerConfig& optimizer, const Resources& r, std::unique_ptr<Model>& out) {
  std::unique_ptr<Model> model(new Model);
  model->config_ = m;
  model->optimizer_ = optimizer;
  model->layout_ = layout_of(m);
  model->router_ = router_shape(m, optimizer.balance_groups);
  model->threads_ = r.threads;
  model->query_scale_ = std::sqrt(static_cast<double>(m.hidden) / static_cast<double>(m.query_rank));
  model->kv_scale_ = std::sqrt(static_cast<double>(m.hidden) / static_cast<double>(m.kv_rank));

  const auto allocate = [](size_t n) { return Buffer(static_cast<Real*>(std::aligned_alloc(64, (n * sizeof(Real) + 63) / 64 * 64))); };
  const Extent extent{r.rows_per_slab * r.max_row_length, r.rows_per_slab, r.max_row_length, r.threads};
  const auto padded = [](size_t n) { return (n + 15) / 16 * 16; };
  model->acts_.resize(m.layers);
  size_t total = 0;
  const auto size = [&](Real*&, size_t n) { total += padded(n); };
  for (auto& a : model->acts_) each_buffer(m, extent, a, size);
  each_buffer(m, extent, true, model->scratch_, size);

  model->weights_ = allocate(model->layout_.size);
  model->gradients_ = allocate(model->layout_.size);
  model->arena_ = allocate(total);
  if (!model->weights_ || !model->gradients_ || !model->arena_)
    return {kMemory, "the system refused the memory of the plan:\n" + memory_plan(m, r, sizeof(Real)).table()};

  Real* next = model->arena_.get();
  const auto hand_out = [&](Real*& p, size_t n) { p = next, next += padded(n); };
  for (auto& a : model->acts_) each_buffer(m, extent, a, hand_out);
  each_buffer(m, extent, true, model->scratch_, hand_out);

  const size_t slots = extent.tokens * m.top_k, rows = expert_rows(m, extent.tokens), each = 2 * slots + 2 * rows;
  model->integers_.resize(m.layers * each);
  model->offsets_.resize(m.layers * (m.experts + 1));
  for (size_t l = 0; l < m.layers; ++l) {
    int32_t* base = model->integers_.data() + l * each;
    model->acts_[l].selected = base;
    model->acts_[l].at = {model->offsets_.data() + l * (m.experts + 1), base + slots, base + slots + rows, base + slots + 2 * rows};
  }
  model->biases_.assign(m.layers * m.routes(), 0.0f);
  model->counts_.assign(m.layers * m.routes(), 0);
  model->zero_gradients();
  out = std::move(model);
  return Error::none();
}

template <class Real>
void Model<Real>::zero_gradients() {
  std::fill_n(gradients_.get(), layout_.size, Real(0));
}

template <class Real>
void Model<Real>::forward(const Slab& slab, double rope_base, bool training) {
  const size_t D = config_.hidden;
  rope_.prepare(rope_base, config_.rope, slab.longest);
  std::fill(counts_.begin(), counts_.end(), 0);
  histogram_.assign(config_.top_k + 1, 0);
  balance_weights_.assign(config_.layers * slab.rows.size() * (router_.groups + 1), 0);
  balance_ = 0;
  embedding_forward(slab.size(), D, slab.tokens.data(), w(layout_.embedding), acts_[0].stream[0], threads_);
  for (size_t l = 0; l < config_.layers; ++l) {
    LayerActivations<Real>& a = acts_[training ? l : 0];
    Real* next = training && l + 1 < config_.layers ? acts_[l + 1].stream[0] : scratch_.last;
    attention_block(slab, l, 0, a);
    dense_block(slab, l, 0, a, a.stream[2]);
    attention_block(slab, l, 1, a);
    dense_block(slab, l, 1, a, next);
    moe_block(slab, l, a, next);
    if (!training && l + 1 < config_.layers) std::copy_n(next, slab.size() * D, a.stream[0]);
  }
}

template <class Real>
SlabLosses Model<Real>::output(const Slab& slab, bool training) {
  const size_t T = slab.size(), D = config_.hidden;
  Scratch<Real>& s = scratch_;
  const int32_t* targets = slab.targets.data();
  hidden_z_loss(T, D, s.last, targets, optimizer_.hidden_z_loss, training ? s.gradient : s.dnorm, s.z_values, s.largest, training, threads_);
  rmsnorm_forward(T, D, s.last, D, w(layout_.final_norm), config_.norm_eps, 1, s.normed, D, s.rstd, threads_);
  cross_entropy(T, D, config_.vocabulary, s.normed, w(layout_.output), targets, s.logits, s.losses, training ? s.dnorm : nullptr,
                training ? dw(layout_.output) : nullptr, threads_);
  if (training)
    rmsnorm_backward(T, D, s.dnorm, D, s.last, D, w(layout_.final_norm), 1, s.rstd, s.gradient, D, true, dw(layout_.final_norm), threads_);
  SlabLosses sums;
  sums.balance = balance_;
  for (size_t t = 0; t < T; ++t) {
    sums.loss += static_cast<double>(s.losses[t]);
    sums.z += static_cast<double>(s.z_values[t]);
    if (static_cast<double>(s.largest[t]) > sums.largest) sums.largest = static_cast<double>(s.largest[t]);
  }
  return sums;
}

template <class Real>
SlabLosses Model<Real>::train(const Slab& slab, double rope_base) {
  if (slab.size() == 0) return {};
  forward(slab, rope_base, true);
  const SlabLosses sums = output(slab, true);
  backward(slab);
  embedding_backward(slab.size(), config_.hidden, slab.tokens.data(), scratch_.gradient, dw(layout_.embedding), threads_);
  return sums;
}

template <class Real>
SlabLosses Model<Real>::evaluate(const Slab& slab, double rope_base) {
  if (slab.size() == 0) return {};
  forward(slab, rope_base, false);
  return output(slab, false);
}

template <class Real>
void Model<Real>::logits(const Slab& slab, double rope_base, size_t token, std::span<Real> out) {
  const size_t D = config_.hidden;
  forward(slab, rope_base, false);
  rmsnorm_forward(1, D, scratch_.last + token * D, D, w(layout_.final_norm), config_.norm_eps, 1, scratch_.normed, D, scratch_.rstd, 1);
  linear_forward(1, D, config_.vocabulary, scratch_.normed, D, w(layout_.output), out.data(), config_.vocabulary, false, threads_);
}

template class Model<float>;
template class Model<double>;

}  // namespace millrace::trainer
