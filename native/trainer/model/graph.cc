// What lies before and behind the layers, and the short forms in which layer_*.cc call ops.
#include "native/trainer/model/graph.h"

#include <cstring>

namespace millrace::trainer {

void Graph::zero_gradients() {
  if (gradients_.at) run(device_->zero, {layout_.size, gradients_});
}

void Graph::zero_sums() {
  const Blocks::Counts& c = blocks_.of[1];
  run(device_->zero, {sizeof(mr_metrics) / 8, c.metrics});
  run(device_->zero, {config_.layers * config_.routes(), c.counts});
  run(device_->zero, {config_.top_k + 1, c.histogram});
}

// The slab to the device; the rotary table where it does not reach.
void Graph::place(const Slab& slab, double rope_base) {
  const auto send = [&](const auto& values, Buf to) { device_->upload(stream_, values.data(), values.size() * sizeof(values[0]), to); };
  send(slab.tokens, scratch_.ids), send(slab.targets, scratch_.targets), send(slab.positions, scratch_.positions);
  send(slab.runs, scratch_.runs), send(slab.rows, scratch_.rows);
  if (rope_base == rope_base_ && slab.longest <= rope_count_) return;
  rope_base_ = rope_base, rope_count_ = slab.longest;
  run(device_->rope_table, {rope_base, config_.rope, slab.longest, scratch_.cosines, scratch_.sines});
}

void Graph::forward(const Slab& slab, bool training) {
  const size_t T = slab.size(), D = config_.hidden;
  training_last_ = training;
  if (!training) {
    const Blocks::Counts& c = blocks_.of[0];
    run(device_->zero, {sizeof(mr_metrics) / 8, c.metrics});
    run(device_->zero, {config_.layers * config_.routes(), c.counts});
    run(device_->zero, {config_.top_k + 1, c.histogram});
  }
  run(device_->embedding_forward, {T, D, scratch_.ids, w(layout_.embedding), acts_[0].stream[0]});
  for (size_t l = 0; l < config_.layers; ++l) {
    LayerActivations& a = acts_[training ? l : 0];
    const Buf next = training && l + 1 < config_.layers ? acts_[l + 1].stream[0] : scratch_.last;
    const LayerOffsets& at = layout_.layers[l];
    attention_block(slab, at.attention[0], at.input_norm[0], a.stream[0], a.attention[0], a.stream[1]);
    dense_block(slab, at.dense[0], at.post_norm[0], a.stream[1], a.dense[0], a.stream[2]);
    attention_block(slab, at.attention[1], at.input_norm[1], a.stream[2], a.attention[1], a.stream[3]);
    dense_block(slab, at.dense[1], at.post_norm[1], a.stream[3], a.dense[1], next);
    moe_block(slab, l, a, next, training);
    if (!training && l + 1 < config_.layers) run(device_->copy, {T * D, next, a.stream[0]});
  }
}

void Graph::output(const Slab& slab, bool training, bool head) {
  const size_t T = slab.size(), D = config_.hidden;
  Scratch& s = scratch_;
  run(device_->hidden_z, {T, D, s.last, s.targets, optimizer_.hidden_z_loss, training ? s.gradient : s.dnorm, s.z_values, s.largest, training});
  rmsnorm(T, D, s.last, D, layout_.final_norm, config_.norm_eps, 1, s.normed, D, s.rstd);
  run(device_->cross_entropy, {T, D, config_.vocabulary, types_.low, s.normed, w(layout_.output), s.targets, s.logits, s.losses,
                               training ? s.dnorm : Buf(), training ? dw(layout_.output) : Buf(), 0, blocks_.params});
  run(device_->sum_losses, {T, s.losses, s.z_values, s.largest, s.targets, 0, blocks_.of[training].metrics});
  if (head) mtp(slab);
  if (training) rmsnorm_back(T, D, s.dnorm, D, s.last, D, layout_.final_norm, 1, s.rstd, s.gradient, D, true);
}

void Graph::accumulate(const Slab& slab, double rope_base, double mtp_weight) {
  if (slab.size() == 0 || !gradients_.at) return;
  const bool head = config_.mtp && mtp_weight > 0;
  mr_step_params params{};
  params.head_scale = mtp_weight;
  if (head) device_->upload(stream_, &params, sizeof params, blocks_.params);
  place(slab, rope_base);
  forward(slab, true);
  output(slab, true, head);
  backward(slab);
  run(device_->embedding_backward, {slab.size(), config_.hidden, scratch_.ids, scratch_.gradient, dw(layout_.embedding)});
}

SlabLosses Graph::fetch(bool training) {
  mr_metrics m;
  download(blocks_.of[training].metrics, sizeof m / 8, &m);
  return {m.loss, m.z, m.balance, m.largest, m.head_loss, m.head_targets};
}

SlabLosses Graph::train(const Slab& slab, double rope_base, double mtp_weight) {
  zero_sums();
  accumulate(slab, rope_base, mtp_weight);
  return fetch(true);
}

SlabLosses Graph::evaluate(const Slab& slab, double rope_base) {
  if (slab.size() == 0) return {};
  place(slab, rope_base);
  forward(slab, false);
  output(slab, false, false);
  return fetch(false);
}

void Graph::logits(const Slab& slab, double rope_base, size_t token, void* out) {
  const size_t D = config_.hidden;
  place(slab, rope_base);
  forward(slab, false);
  rmsnorm(1, D, scratch_.last + token * D, D, layout_.final_norm, config_.norm_eps, 1, scratch_.normed, D, scratch_.rstd);
  linear(1, D, config_.vocabulary, scratch_.normed, layout_.output, scratch_.logits);
  download(scratch_.logits, config_.vocabulary, out);
}

void Graph::append(size_t past, std::span<const uint32_t> tokens, double rope_base, void* out) {
  const size_t n = tokens.size();
  Slab slab;
  slab.tokens.assign(tokens.begin(), tokens.end());
  slab.targets.assign(n, -1);
  for (size_t i = 0; i < n; ++i) slab.positions.push_back(static_cast<int32_t>(past + i));
  slab.runs = {{0, n}};
  slab.rows = {{0, n, 0}};
  slab.longest = longest_;  // the rotary table is made once, not for every token
  cached_ = true, past_ = past, block_ = 0;
  logits(slab, rope_base, n - 1, out);
  cached_ = false;
}

const std::vector<uint64_t>& Graph::counts() {
  counts_.resize(config_.layers * config_.routes());
  download(blocks_.of[training_last_].counts, counts_.size(), counts_.data());
  return counts_;
}

const std::vector<uint64_t>& Graph::histogram() {
  histogram_.resize(config_.top_k + 1);
  download(blocks_.of[training_last_].histogram, histogram_.size(), histogram_.data());
  return histogram_;
}

mr_metrics Graph::update(const mr_step_params& params, Buf first, Buf second) {
  const Buf metrics = blocks_.of[1].metrics;
  device_->upload(stream_, &params, sizeof params, blocks_.params);
  run(device_->judge, {layout_.size, gradients_, blocks_.params, metrics});
  const auto& parameters = layout_.parameters;
  const auto in_head = [&](const Parameter& p) { return p.offset >= layout_.mtp_begin; };
  const auto together = [&](const Parameter& a, const Parameter& b) {
    return optimizer_.rate_of(a.kind) == optimizer_.rate_of(b.kind) && optimizer_.decay_of(a.kind) == optimizer_.decay_of(b.kind) && in_head(a) == in_head(b);
  };
  // Neighbours that share rate and decay are one call: an element's bits do not depend on the cut.
  for (size_t i = 0; i < parameters.size();) {
    size_t end = i + 1;
    while (end < parameters.size() && together(parameters[end], parameters[i])) ++end;
    const bool head = in_head(parameters[i]);
    if (head && !(params.head_scale > 0)) break;  // it lies last
    const size_t offset = parameters[i].offset, size = parameters[end - 1].offset + parameters[end - 1].size() - offset;
    run(device_->adamw, {size, w(offset), dw(offset), first + offset, second + offset, optimizer_.beta1, optimizer_.beta2, optimizer_.eps,
                         optimizer_.rate_of(parameters[i].kind), optimizer_.decay_of(parameters[i].kind), head, blocks_.params, metrics});
    i = end;
  }
  for (size_t l = 0; l < config_.layers; ++l)
    run(device_->update_bias, {router_of(router_), blocks_.of[1].counts + l * config_.routes(), blocks_.params, metrics, bias(l)});
  mr_metrics out;
  download(metrics, sizeof out / 8, &out);
  return out;
}

void Graph::rmsnorm(size_t rows, size_t width, Buf x, size_t ldx, size_t weight, double eps, double scale, Buf y, size_t ldy, Buf rstd) const {
  run(device_->rmsnorm_forward, {rows, width, x, ldx, w(weight), eps, scale, y, ldy, rstd});
}

void Graph::rmsnorm_back(size_t rows, size_t width, Buf dy, size_t lddy, Buf x, size_t ldx, size_t weight, double scale, Buf rstd, Buf dx,
                         size_t lddx, bool accumulate) const {
  run(device_->rmsnorm_backward, {rows, width, dy, lddy, x, ldx, w(weight), scale, rstd, dx, lddx, accumulate, dw(weight)});
}

void Graph::linear(size_t rows, size_t in, size_t out, Buf x, size_t weight, Buf y, bool accumulate) const {
  run(device_->linear_forward, {rows, in, out, types_.low, x, in, w(weight), y, out, accumulate});
}

void Graph::linear_input(size_t rows, size_t in, size_t out, Buf dy, size_t weight, Buf dx, bool accumulate) const {
  run(device_->linear_backward, {rows, in, out, types_.low, dy, out, w(weight), dx, in, accumulate});
}

void Graph::linear_weights(size_t rows, size_t in, size_t out, Buf dy, Buf x, size_t weight) const {
  run(device_->linear_weight, {rows, in, out, types_.low, dy, out, x, in, dw(weight)});
}

void Graph::rotate(size_t rows, size_t heads, size_t stride, Buf x, size_t ldx, bool back) const {
  run(device_->rope_rotate, {rows, heads, stride, config_.rope, scratch_.positions, scratch_.cosines, scratch_.sines, x, ldx, back});
}

}  // namespace millrace::trainer
