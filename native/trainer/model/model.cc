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
  model->recompute_ = r.recompute;
  model->query_scale_ = std::sqrt(static_cast<double>(m.hidden) / static_cast<double>(m.query_rank));
  model->kv_scale_ = std::sqrt(static_cast<double>(m.hidden) / static_cast<double>(m.kv_rank));

  const auto allocate = [](size_t n) { return Buffer(static_cast<Real*>(std::aligned_alloc(64, (n * sizeof(Real) + 63) / 64 * 64))); };
  const Extent extent{r.rows_per_slab * r.max_row_length, r.rows_per_slab, r.max_row_length, r.threads};
  const auto padded = [](size_t n) { return (n + 15) / 16 * 16; };
  const bool training = !r.inference;
  model->acts_.resize(training ? m.layers : 1);
  // Once to count, once to hand out. Layer 0 owns what layers share.
  const auto walk = [&](auto take) {
    for (size_t l = 0; l < model->acts_.size(); ++l)
      each_buffer(m, extent, model->acts_[l], [&](Real*& p, size_t n, Keep keep) {
        if (l == 0 || !shared(keep, r.recompute)) take(p, n);
      });
    if (m.mtp && training) each_buffer(m, extent, model->mtp_, [&](Real*& p, size_t n, Keep) { take(p, n); });
    each_buffer(m, extent, training, model->scratch_, take);
  };
  size_t total = 0;
  walk([&](Real*&, size_t n) { total += padded(n); });

  model->weights_ = allocate(model->layout_.size);
  if (training) model->gradients_ = allocate(model->layout_.size);
  model->arena_ = allocate(total);
  if (!model->weights_ || (training && !model->gradients_) || !model->arena_)
    return {kMemory, "the system refused the memory of the plan:\n" + memory_plan(m, r, sizeof(Real)).table()};

  Real* next = model->arena_.get();
  for (auto& a : model->acts_) a = model->acts_[0];
  walk([&](Real*& p, size_t n) { p = next, next += padded(n); });
  for (size_t l = 1; l < model->acts_.size(); ++l) {
    // What is shared is layer 0's, which has been handed out by now: keep the layer's own pointers and take the others from there.
    std::vector<std::pair<Real*, Keep>> first;
    each_buffer(m, extent, model->acts_[0], [&](Real*& p, size_t, Keep keep) { first.push_back({p, keep}); });
    size_t i = 0;
    each_buffer(m, extent, model->acts_[l], [&](Real*& p, size_t, Keep) {
      if (shared(first[i].second, r.recompute)) p = first[i].first;
      ++i;
    });
  }

  const size_t slots = extent.tokens * m.top_k, rows = expert_rows(m, extent.tokens), each = 2 * slots + 2 * rows;
  model->integers_.resize(model->acts_.size() * each);
  model->offsets_.resize(model->acts_.size() * (m.experts + 1));
  for (size_t l = 0; l < model->acts_.size(); ++l) {
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
  if (gradients_) std::fill_n(gradients_.get(), layout_.size, Real(0));
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
    const LayerOffsets& at = layout_.layers[l];
    attention_block(slab, at.attention[0], at.input_norm[0], a.stream[0], a.attention[0], a.stream[1]);
    dense_block(slab, at.dense[0], at.post_norm[0], a.stream[1], a.dense[0], a.stream[2]);
    attention_block(slab, at.attention[1], at.input_norm[1], a.stream[2], a.attention[1], a.stream[3]);
    dense_block(slab, at.dense[1], at.post_norm[1], a.stream[3], a.dense[1], next);
    moe_block(slab, l, a, next);
    if (!training && l + 1 < config_.layers) std::copy_n(next, slab.size() * D, a.stream[0]);
  }
}

template <class Real>
SlabLosses Model<Real>::output(const Slab& slab, bool training, double mtp_weight) {
  const size_t T = slab.size(), D = config_.hidden;
  Scratch<Real>& s = scratch_;
  const int32_t* targets = slab.targets.data();
  hidden_z_loss(T, D, s.last, targets, optimizer_.hidden_z_loss, training ? s.gradient : s.dnorm, s.z_values, s.largest, training, threads_);
  rmsnorm_forward(T, D, s.last, D, w(layout_.final_norm), config_.norm_eps, 1, s.normed, D, s.rstd, threads_);
  cross_entropy(T, D, config_.vocabulary, s.normed, w(layout_.output), targets, s.logits, s.losses, training ? s.dnorm : nullptr,
                training ? dw(layout_.output) : nullptr, threads_);
  SlabLosses sums;
  if (config_.mtp && mtp_weight > 0) mtp(slab, mtp_weight, sums);
  if (training)
    rmsnorm_backward(T, D, s.dnorm, D, s.last, D, w(layout_.final_norm), 1, s.rstd, s.gradient, D, true, dw(layout_.final_norm), threads_);
  sums.balance = balance_;
  for (size_t t = 0; t < T; ++t) {
    sums.loss += static_cast<double>(s.losses[t]);
    sums.z += static_cast<double>(s.z_values[t]);
    if (static_cast<double>(s.largest[t]) > sums.largest) sums.largest = static_cast<double>(s.largest[t]);
  }
  return sums;
}

template <class Real>
SlabLosses Model<Real>::train(const Slab& slab, double rope_base, double mtp_weight) {
  if (slab.size() == 0 || !gradients_) return {};
  forward(slab, rope_base, true);
  const SlabLosses sums = output(slab, true, mtp_weight);
  backward(slab);
  embedding_backward(slab.size(), config_.hidden, slab.tokens.data(), scratch_.gradient, dw(layout_.embedding), threads_);
  return sums;
}

template <class Real>
SlabLosses Model<Real>::evaluate(const Slab& slab, double rope_base) {
  if (slab.size() == 0) return {};
  forward(slab, rope_base, false);
  return output(slab, false, 0);
}

template <class Real>
void Model<Real>::logits(const Slab& slab, double rope_base, size_t token, std::span<Real> out) {
  const size_t D = config_.hidden;
  forward(slab, rope_base, false);
  rmsnorm_forward(1, D, scratch_.last + token * D, D, w(layout_.final_norm), config_.norm_eps, 1, scratch_.normed, D, scratch_.rstd, 1);
  linear_forward(1, D, config_.vocabulary, scratch_.normed, D, w(layout_.output), out.data(), config_.vocabulary, false, threads_);
}

template <class Real>
void Model<Real>::append(KvCache<Real>& cache, std::span<const uint32_t> tokens, double rope_base, std::span<Real> out) {
  const size_t n = tokens.size(), past = cache.length;
  Slab slab;
  slab.tokens.assign(tokens.begin(), tokens.end());
  slab.targets.assign(n, -1);
  for (size_t i = 0; i < n; ++i) slab.positions.push_back(static_cast<int32_t>(past + i));
  slab.runs = {{0, n}};
  slab.rows = {{0, n, 0}};
  slab.longest = cache.capacity;  // the rotary table is made once, not for every token
  cache_ = &cache, block_ = 0;
  logits(slab, rope_base, n - 1, out);
  cache_ = nullptr;
  cache.length += n;
}

template class Model<float>;
template class Model<double>;

}  // namespace millrace::trainer
