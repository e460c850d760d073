#include "native/trainer/trainer/trainer.h"

#include <cmath>

#include "native/hash/xxh3.h"
#include "native/trainer/philox/philox.h"

namespace millrace::trainer {
namespace {

template <class T>
std::string_view bytes_of(std::span<T> values) {
  return {reinterpret_cast<const char*>(values.data()), values.size_bytes()};
}

double deviation(const InitStd& init, const Parameter& p) {
  const double by_width = 1 / std::sqrt(static_cast<double>(p.columns ? p.columns : 1));
  switch (p.kind) {
    case Class::embedding: return init.embedding;
    case Class::hidden: return init.hidden * by_width;
    case Class::residual: return init.residual * by_width;
    case Class::router: return init.router * by_width;
    case Class::output: return init.output * by_width;
    case Class::norm: return 0;
  }
  return 0;
}

// By name, so that a tensor's first values depend on neither its place nor its neighbours. All 64 bits: of a large model's 43,000 names two
// would share 32 in one model of five.
Stream stream_of(uint64_t seed, const std::string& name) {
  const uint64_t id = hash::xxh3_64(name);
  return {seed, static_cast<uint32_t>(id), static_cast<uint32_t>(id >> 32)};
}

}  // namespace

Error Trainer::allocate(const ModelConfig& model, const OptimizerConfig& optimizer, const Resources& resources, std::unique_ptr<Trainer>& out) {
  MILLRACE_TRY(validate(model, optimizer, resources));
  const MemoryPlan plan = memory_plan(model, resources);
  if (plan.total() > resources.max_memory)
    return {kMemory, "expected a plan within maxMemory = " + std::to_string(resources.max_memory) + " bytes, found " +
                         std::to_string(plan.total()) + ". Lower rowsPerSlab or the model's widths, or raise maxMemory:\n" + plan.table()};
  std::unique_ptr<Trainer> trainer(new Trainer);
  trainer->config_ = model;
  trainer->optimizer_ = optimizer;
  trainer->resources_ = resources;
  MILLRACE_TRY(Model<float>::create(model, optimizer, resources, trainer->model_));
  trainer->first_.assign(trainer->model_->gradients().size(), 0);
  trainer->second_.assign(trainer->model_->gradients().size(), 0);
  trainer->begin();
  out = std::move(trainer);
  return Error::none();
}

Error Trainer::create(const ModelConfig& model, const OptimizerConfig& optimizer, const Resources& resources, uint64_t seed,
                      std::unique_ptr<Trainer>& out) {
  MILLRACE_TRY(allocate(model, optimizer, resources, out));
  out->init(seed);
  return Error::none();
}

void Trainer::init(uint64_t seed) {
  for (const Parameter& p : model_->layout().parameters) {
    const auto values = model_->weights().subspan(p.offset, p.size());
    if (p.kind == Class::norm) std::fill(values.begin(), values.end(), 1.0f);
    else fill_normal(stream_of(seed, p.name), 0, 0, static_cast<float>(deviation(config_.init, p)), values);
  }
}

Error Trainer::check(const Batch& batch, double rope_base) const {
  if (!(rope_base > 1 && rope_base < 1e12)) return {kArgument, "ropeBase: expected a number above 1 and below 1e12, found " + std::to_string(rope_base)};
  return validate(batch, config_.vocabulary, resources_.max_row_length);
}

void Trainer::begin(double mtp_weight) {
  mtp_weight_ = config_.mtp ? mtp_weight : 0;
  model_->zero_gradients();
  model_->zero_sums();
  batch_targets_ = batch_tokens_ = 0;
}

Error Trainer::accumulate(const Batch& batch, double rope_base) {
  if (resources_.inference) return {kArgument, "step: expected a trainer made for training, found one made with inference = true"};
  if (!(mtp_weight_ >= 0 && mtp_weight_ <= 100)) return {kArgument, "mtpWeight: expected 0 to 100, found " + std::to_string(mtp_weight_)};
  MILLRACE_TRY(check(batch, rope_base));
  for (size_t row = 0; row < batch.rows; row += resources_.rows_per_slab) {
    const Slab slab = slab_of(batch, row, std::min(resources_.rows_per_slab, batch.rows - row));
    if (slab.size() == 0) continue;
    model_->accumulate(slab, rope_base, mtp_weight_);
    batch_targets_ += slab.target_count;
    batch_tokens_ += slab.size();
  }
  return Error::none();
}

Error Trainer::finish(const StepOptions& options, StepMetrics& metrics) {
  if (batch_targets_ == 0) return {kArgument, "targets: expected one or more in a batch, found none"};
  if (!(options.learning_rate >= 0 && std::isfinite(options.learning_rate)))
    return {kArgument, "learningRate: expected a number >= 0, found " + std::to_string(options.learning_rate)};
  const double targets = static_cast<double>(batch_targets_), layers = static_cast<double>(config_.layers);
  if (saving_) saving_->before_change();
  mr_step_params params{};
  params.updates = updates_ + 1, params.head_updates = mtp_updates_ + 1;
  params.learning_rate = options.learning_rate, params.bias_rate = options.bias_rate, params.head_scale = mtp_weight_;
  params.targets = targets, params.tokens = static_cast<double>(batch_tokens_);
  params.clip = optimizer_.clip, params.max_loss = options.max_loss, params.max_gradient_norm = options.max_gradient_norm;
  const mr_metrics sums = model_->update(params, {first_.data()}, {second_.data()});
  metrics = {};
  metrics.applied = sums.applied;
  metrics.loss = sums.mean_loss;
  metrics.z_loss = sums.z / targets;
  metrics.balance_loss = sums.balance / targets / layers;
  metrics.gradient_norm = sums.gradient_norm;
  if (sums.head_targets) metrics.mtp_loss = sums.head_loss / static_cast<double>(sums.head_targets);
  metrics.targets = batch_targets_;
  metrics.tokens = batch_tokens_;
  metrics.expert_counts = model_->training_counts();
  metrics.max_hidden = sums.largest;
  uint64_t ffn = 0;
  for (size_t i = 0; i < metrics.expert_counts.size(); ++i) ffn += i % config_.routes() < config_.experts ? metrics.expert_counts[i] : 0;
  metrics.mean_experts = static_cast<double>(ffn) / (static_cast<double>(batch_tokens_) * layers);
  step_ += 1;
  tokens_ += batch_tokens_;
  if (metrics.applied) updates_ += 1;
  if (metrics.applied && mtp_weight_ > 0) mtp_updates_ += 1;
  for (float b : model_->biases()) metrics.max_bias = std::max(metrics.max_bias, std::abs(static_cast<double>(b)));
  return Error::none();
}

Error Trainer::step(const Batch& batch, const StepOptions& options, StepMetrics& metrics) {
  begin(options.mtp_weight);
  MILLRACE_TRY(accumulate(batch, options.rope_base));
  return finish(options, metrics);
}

Error Trainer::evaluate(const Batch& batch, double rope_base, Evaluation& out) {
  MILLRACE_TRY(check(batch, rope_base));
  out = {std::vector<double>(batch.rows), std::vector<uint32_t>(batch.rows), 0, 0};
  uint64_t pairs = 0, sum = 0, squares = 0;  // over (token, layer)
  for (size_t row = 0; row < batch.rows; row += resources_.rows_per_slab) {
    const Slab slab = slab_of(batch, row, std::min(resources_.rows_per_slab, batch.rows - row));
    if (slab.size() == 0) continue;
    model_->evaluate(slab, rope_base);
    const auto losses = model_->losses(slab);
    for (size_t r = 0; r < slab.rows.size(); ++r) {
      out.targets[row + r] = static_cast<uint32_t>(slab.rows[r].targets);
      for (size_t t = slab.rows[r].begin; t < slab.rows[r].end; ++t) out.loss_sums[row + r] += static_cast<double>(losses[t]);
    }
    const auto histogram = model_->histogram();
    for (size_t n = 0; n < histogram.size(); ++n) pairs += histogram[n], sum += n * histogram[n], squares += n * n * histogram[n];
  }
  if (pairs) {
    const double count = static_cast<double>(pairs);
    out.expert_mean = static_cast<double>(sum) / count;
    out.expert_std = std::sqrt(std::max(0.0, static_cast<double>(squares) / count - out.expert_mean * out.expert_mean));
  }
  return Error::none();
}

Error Trainer::logits(std::span<const uint32_t> tokens, double rope_base, std::span<float> out) {
  const int32_t zero = 0, length = static_cast<int32_t>(tokens.size());
  const Batch batch{tokens, {}, {&zero, 1}, {&zero, 1}, {&length, 1}, 1, tokens.size()};
  MILLRACE_TRY(check(batch, rope_base));
  if (out.size() != config_.vocabulary) return {kShape, "logits: expected room for " + std::to_string(config_.vocabulary) + " values, found " + std::to_string(out.size())};
  if (!resources_.inference) {
    model_->logits(slab_of(batch, 0, 1), rope_base, tokens.size() - 1, out);
    return Error::none();
  }
  size_t same = 0;
  while (rope_base == cached_base_ && same < cached_.size() && same + 1 < tokens.size() && cached_[same] == tokens[same]) ++same;
  model_->append(same, tokens.subspan(same), rope_base, out);
  cached_.assign(tokens.begin(), tokens.end());
  cached_base_ = rope_base;
  return Error::none();
}

Trainer::State Trainer::state() const {
  std::lock_guard lock(config_mutex_);
  return {counters(), config_, layout_of(config_).size, memory_plan(config_, resources_).total()};
}

std::string Trainer::weight_hash() {
  uint64_t parts[2] = {hash::xxh3_64(bytes_of(model_->weights())), hash::xxh3_64(bytes_of(model_->biases()))};
  return spelled(hash::xxh3_64(bytes_of(std::span<uint64_t>(parts))));
}

std::string Trainer::gradient_hash() { return spelled(hash::xxh3_64(bytes_of(model_->gradients()))); }

}  // namespace millrace::trainer
