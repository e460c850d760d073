#pragma once
#include <memory>
#include <span>
#include <vector>

#include "native/trainer/model/graph.h"

namespace millrace::trainer {

// The graph on the CPU, whose memory the host may look at. Real = float is the product, in either precision; double is the same graph as the
// oracle of finite differences. A token's result depends on its run alone, bit for bit: not on the other runs of the slab, not on threads or
// instruction set.
template <class Real>
class Model : public Graph {
 public:
  // Allocates everything. The configs have been validated and the plan found small enough. kMemory if the system refuses.
  static Error create(const ModelConfig& model, const OptimizerConfig& optimizer, const Resources& resources, std::unique_ptr<Model>& out);

  std::span<Real> weights() { return {static_cast<Real*>(weights_.at), layout_.size}; }
  std::span<Real> gradients() { return {static_cast<Real*>(gradients_.at), gradients_.at ? layout_.size : 0}; }
  std::span<float> biases() { return {static_cast<float*>(blocks_.biases.at), config_.layers * config_.routes()}; }  // [layers, experts + zero_experts]

  // [vocabulary] of one of the slab's tokens; a forward pass of its own.
  void logits(const Slab& slab, double rope_base, size_t token, std::span<Real> out) { Graph::logits(slab, rope_base, token, out.data()); }

  // The same logits, of the last of `tokens`, which go on behind the `past` ones whose keys and values the last calls left. Made for inference. The
  // bits are those of a pass over the whole run. Tokens at most max_row_length in all and what one slab may have at once.
  void append(size_t past, std::span<const uint32_t> tokens, double rope_base, std::span<Real> out) { Graph::append(past, tokens, rope_base, out.data()); }

  // Of the last pass, per token; 0 without a target.
  std::span<const Real> losses(const Slab& slab) const { return {static_cast<const Real*>(scratch_.losses.at), slab.size()}; }

  // [tokens, top_k] of a layer of the last train().
  std::span<int32_t> selected(size_t layer, const Slab& slab) {
    return {static_cast<int32_t*>(acts_[layer].selected.at), slab.size() * config_.top_k};
  }
};

}  // namespace millrace::trainer
