// How much memory a model takes, and the handing out of it: one walk over the same lists of buffers for both.
#include <algorithm>
#include <cmath>
#include <cstdio>

#include "native/trainer/cpu/cpu.h"
#include "native/trainer/model/model.h"

namespace millrace::trainer {
namespace {

size_t padded(size_t n, int32_t type) { return (n * mr_size(type) + 63) / 64 * 64; }

Types types_of(const Resources& r, int32_t wide) { return {wide, r.precision == Precision::bf16 ? int32_t{MR_BF16} : wide}; }

Extent extent_of(const Resources& r, size_t groups) {
  return {r.rows_per_slab * r.max_row_length, r.rows_per_slab, r.max_row_length, groups, r.threads, !r.inference};
}

// take(buffer, elements, type, purpose) for everything but weights, gradients and moments. Layer 0 owns what layers share.
template <class Take>
void walk(const ModelConfig& m, const Resources& r, Types t, size_t groups, const mr_backend& device, std::vector<LayerActivations>& layers,
          MtpActivations& mtp, Scratch& scratch, Blocks& blocks, Take take) {
  const Extent e = extent_of(r, groups);
  for (size_t l = 0; l < layers.size(); ++l)
    each_buffer(m, e, t, layers[l], [&](Buf& b, size_t n, int32_t type, Keep keep) {
      if (l == 0 || !shared(keep, r.recompute)) take(b, n, type, &MemoryPlan::activations);
    });
  if (m.mtp && e.training) each_buffer(m, e, t, mtp, [&](Buf& b, size_t n, int32_t type, Keep) { take(b, n, type, &MemoryPlan::activations); });
  each_buffer(m, e, t, device, scratch, [&](Buf& b, size_t n, int32_t type) { take(b, n, type, &MemoryPlan::scratch); });
  each_cache(m, e, t, scratch, [&](Buf& b, size_t n, int32_t type) { take(b, n, type, &MemoryPlan::cache); });
  each_block(m, e, blocks, [&](Buf& b, size_t n, int32_t type) { take(b, n, type, &MemoryPlan::scratch); });
}

MemoryPlan plan_of(const ModelConfig& m, const Resources& r, Types t, size_t groups, const mr_backend& device) {
  std::vector<LayerActivations> layers(r.inference ? 1 : m.layers);
  MtpActivations mtp;
  Scratch scratch;
  Blocks blocks;
  const size_t weights = padded(layout_of(m).size, t.wide);
  MemoryPlan plan{weights, r.inference ? 0 : weights, r.inference ? 0 : 2 * weights, 0, 0, 0};
  walk(m, r, t, groups, device, layers, mtp, scratch, blocks, [&](Buf&, size_t n, int32_t type, size_t MemoryPlan::* of) { plan.*of += padded(n, type); });
  return plan;
}

}  // namespace

AttentionShape attention_shape(const ModelConfig& m) { return {m.heads, m.nope, m.rope, m.value}; }

RouterShape router_shape(const ModelConfig& m, size_t groups) {
  return {m.experts, m.zero_experts, m.top_k, groups, m.expected_experts, m.routed_scale};
}

mr_router router_of(const RouterShape& r) { return {r.experts, r.zero_experts, r.top_k, r.groups, r.expected_experts, r.routed_scale}; }

size_t expert_rows(const ModelConfig& m, size_t tokens) { return tokens * std::min(m.top_k, m.experts); }

// Groups of the balance loss take bytes, not megabytes: as many as there can be, so that the plan needs no optimizer.
MemoryPlan memory_plan(const ModelConfig& m, const Resources& r, size_t real) {
  return plan_of(m, r, types_of(r, real == 8 ? MR_F64 : MR_F32), m.experts, cpu_backend());
}

std::string MemoryPlan::table() const {
  std::string text;
  for (auto [name, bytes] : {std::pair{"weights", weights}, {"gradients", gradients}, {"moments", moments}, {"activations", activations},
                             {"scratch", scratch}, {"cache", cache}, {"total", total()}}) {
    if (!bytes) continue;
    char line[64];
    std::snprintf(line, sizeof line, "%-12s%12.1f MiB\n", name, static_cast<double>(bytes) / (1 << 20));
    text += line;
  }
  return text;
}

Graph::~Graph() {
  if (stream_) device_->stream_close(stream_);
  for (void* arena : arenas_)
    if (arena) device_->arena_close(arena);
}

Error Graph::make(const mr_backend& device, const ModelConfig& m, const OptimizerConfig& optimizer, const Resources& r, Types t) {
  device_ = &device;
  config_ = m, optimizer_ = optimizer, types_ = t;
  layout_ = layout_of(m);
  router_ = router_shape(m, optimizer.balance_groups);
  recompute_ = r.recompute;
  rows_ = r.rows_per_slab, longest_ = r.max_row_length;
  query_scale_ = std::sqrt(static_cast<double>(m.hidden) / static_cast<double>(m.query_rank));
  kv_scale_ = std::sqrt(static_cast<double>(m.hidden) / static_cast<double>(m.kv_rank));
  acts_.resize(r.inference ? 1 : m.layers);

  const MemoryPlan plan = plan_of(m, r, t, m.experts, device);
  stream_ = device.stream_open(r.threads);
  for (const size_t bytes : {plan.weights, plan.gradients, plan.activations + plan.scratch + plan.cache})
    arenas_.push_back(bytes ? device.arena_open(bytes) : nullptr);
  if (!stream_ || !arenas_[0] || (plan.gradients && !arenas_[1]) || !arenas_[2])
    return {kMemory, "the system refused the memory of the plan:\n" + plan.table()};
  weights_ = {arenas_[0], t.wide}, gradients_ = {arenas_[1], t.wide};

  char* next = static_cast<char*>(arenas_[2]);
  walk(m, r, t, m.experts, device, acts_, mtp_, scratch_, blocks_, [&](Buf& b, size_t n, int32_t type, size_t MemoryPlan::*) {
    b = {next, type};
    next += padded(n, type);
  });
  for (size_t l = 1; l < acts_.size(); ++l) {
    // What is shared is layer 0's: keep the layer's own buffers and take the others from there.
    const Extent e = extent_of(r, m.experts);
    std::vector<std::pair<Buf, Keep>> first;
    each_buffer(m, e, t, acts_[0], [&](Buf& b, size_t, int32_t, Keep keep) { first.push_back({b, keep}); });
    size_t i = 0;
    each_buffer(m, e, t, acts_[l], [&](Buf& b, size_t, int32_t, Keep) {
      if (shared(first[i].second, r.recompute)) b = first[i].first;
      ++i;
    });
  }
  run(device_->zero, {m.layers * m.routes(), blocks_.biases});
  zero_sums(), zero_gradients();
  return Error::none();
}

template <class Real>
Error Model<Real>::create(const ModelConfig& m, const OptimizerConfig& optimizer, const Resources& r, std::unique_ptr<Model>& out) {
  std::unique_ptr<Model> model(new Model);
  MILLRACE_TRY(model->make(cpu_backend(), m, optimizer, r, types_of(r, sizeof(Real) == 8 ? MR_F64 : MR_F32)));
  out = std::move(model);
  return Error::none();
}

template class Model<float>;
template class Model<double>;

}  // namespace millrace::trainer
