// How much memory a model takes, from the same lists of buffers that the allocation walks.
#include <algorithm>
#include <cstdio>

#include "native/trainer/model/model.h"

namespace millrace::trainer {

AttentionShape attention_shape(const ModelConfig& m) { return {m.heads, m.nope, m.rope, m.value}; }

RouterShape router_shape(const ModelConfig& m, size_t groups) {
  return {m.experts, m.zero_experts, m.top_k, groups, m.expected_experts, m.routed_scale};
}

MoeShape moe_shape(const ModelConfig& m) { return {m.hidden, m.expert_width, m.experts, m.top_k}; }

size_t expert_rows(const ModelConfig& m, size_t tokens) { return tokens * std::min(m.top_k, m.experts); }

MemoryPlan memory_plan(const ModelConfig& m, const Resources& r, size_t real) {
  const Extent extent{r.rows_per_slab * r.max_row_length, r.rows_per_slab, r.max_row_length, r.threads};
  const size_t size = layout_of(m).size;
  size_t layer = 0, once = 0, head = 0, scratch = 0;  // of every layer; what layers share; the MTP head's
  LayerActivations<float> a{};
  MtpActivations<float> mtp{};
  Scratch<float> s{};
  each_buffer(m, extent, a, [&](float*&, size_t n, Keep keep) { (shared(keep, r.recompute) ? once : layer) += n + 16; });
  if (m.mtp) each_buffer(m, extent, mtp, [&](float*&, size_t n, Keep) { head += n + 16; });
  each_buffer(m, extent, !r.inference, s, [&](float*&, size_t n) { scratch += n + 16; });
  const size_t integers = (2 * extent.tokens * m.top_k + 2 * expert_rows(m, extent.tokens)) * 4, layers = r.inference ? 1 : m.layers;
  const size_t weights = size * real + m.layers * m.routes() * 4, tables = RopeTable<float>::bytes(m.rope, r.max_row_length) / 4 * real;
  if (r.inference) return {weights, 0, 0, (layer + once) * real + integers, scratch * real + tables, cache_width(m) * r.max_row_length * real};
  return {
      weights,
      size * real,
      2 * size * real,
      layers * (layer * real + integers) + (once + head) * real + (m.mtp ? 8 * extent.tokens : 0),
      scratch * real + tables,
      0,
  };
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

}  // namespace millrace::trainer
