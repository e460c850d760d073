#pragma once
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "native/trainer/config/config.h"
#include "native/trainer/model/activations.h"
#include "native/trainer/model/slab.h"
#include "native/trainer/parameters/parameters.h"
#include "native/trainer/rope/rope.h"

namespace millrace::trainer {

// Bytes by purpose, before anything is allocated.
struct MemoryPlan {
  size_t weights, gradients, moments, activations, scratch, cache;  // inference has no gradients and moments; training no cache
  size_t total() const { return weights + gradients + moments + activations + scratch + cache; }
  std::string table() const;  // one line a purpose, and the total
};

MemoryPlan memory_plan(const ModelConfig& model, const Resources& resources, size_t bytes_per_real = 4);

// What one pass over a slab gives. Sums over positions with a target; nothing is divided.
struct SlabLosses {
  double loss = 0, z = 0, balance = 0;  // z and balance without their coefficient; balance summed over layers
  double largest = 0;                   // max |h| behind the last layer
  double mtp = 0;                       // of the MTP head, without its weight, over mtp_targets positions
  size_t mtp_targets = 0;
};

// LongCat-Flash (longcat-flash.md 1): weights, one slab's activations, forward and backward. Real = float is the product; double is the
// same code as the oracle of finite differences. A token's result depends on its run alone, bit for bit: not on the other runs of the
// slab, not on threads or instruction set.
template <class Real>
class Model {
 public:
  // Allocates everything. The configs have been validated and the plan found small enough. kMemory if the system refuses.
  static Error create(const ModelConfig& model, const OptimizerConfig& optimizer, const Resources& resources, std::unique_ptr<Model>& out);

  const ModelConfig& config() const { return config_; }
  const Layout& layout() const { return layout_; }
  std::span<Real> weights() { return {weights_.get(), layout_.size}; }
  std::span<Real> gradients() { return {gradients_.get(), gradients_ ? layout_.size : 0}; }
  std::span<float> biases() { return biases_; }  // [layers, experts + zero_experts]

  void zero_gradients();

  // Forward and backward; gradients of  loss + lambda · z + alpha · balance + mtp_weight · mtp  are added to gradients(). The MTP head
  // runs where the model has one and mtp_weight > 0. Not for a model made for inference.
  SlabLosses train(const Slab& slab, double rope_base, double mtp_weight = 0);

  // Forward alone, in one layer's activations. losses() has the loss per token.
  SlabLosses evaluate(const Slab& slab, double rope_base);

  // [vocabulary] of one of the slab's tokens; a forward pass of its own.
  void logits(const Slab& slab, double rope_base, size_t token, std::span<Real> out);

  // The same logits, of the last of `tokens`, which go on behind what the cache holds; it grows by them. The bits are those of a pass over the
  // whole run. Tokens at most `capacity` in all and what one slab may have at once.
  void append(KvCache<Real>& cache, std::span<const uint32_t> tokens, double rope_base, std::span<Real> out);

  std::span<const Real> losses(const Slab& slab) const { return {scratch_.losses, slab.size()}; }

  // Of the last pass: how often each route was chosen, [layers, routes]; and in how many (token, layer) n FFN experts were, [top_k + 1].
  std::span<const uint64_t> counts() const { return counts_; }
  std::span<const uint64_t> histogram() const { return histogram_; }

  // Holds the choice of the last pass fixed, for finite differences.
  void freeze_routing(bool frozen) { frozen_ = frozen; }

  // [tokens, top_k] of a layer of the last train().
  std::span<int32_t> selected(size_t layer, const Slab& slab) { return {acts_[layer].selected, slab.size() * config_.top_k}; }

 private:
  Model() = default;
  struct Free {
    void operator()(void* p) const;
  };
  using Buffer = std::unique_ptr<Real[], Free>;

  void forward(const Slab& slab, double rope_base, bool training);
  // y = x + block(norm(x)); the FFN's y may be null: then its activations are all that is wanted.
  void attention_block(const Slab& slab, const AttentionOffsets& at, size_t norm, const Real* x, AttentionActivations<Real>& b, Real* y);
  void dense_block(const Slab& slab, const FfnOffsets& at, size_t norm, const Real* x, FfnActivations<Real>& f, Real* y);
  void moe_block(const Slab& slab, size_t l, LayerActivations<Real>& a, Real* next);
  void again(const Slab& slab, size_t l, LayerActivations<Real>& a);
  void norms_again(const Slab& slab, size_t l, LayerActivations<Real>& a);
  void count(const Slab& slab, size_t l, const int32_t* selected);
  void attend(const Slab& slab, AttentionActivations<Real>& b);
  void backward(const Slab& slab);
  // gradient: of the residual stream behind the block, then before it. dense: dinput (+)= what reaches the normed input.
  void attention_backward_block(const Slab& slab, const AttentionOffsets& at, size_t norm, const Real* x, AttentionActivations<Real>& b,
                                Real* gradient, Real* dnorm);
  void dense_backward_block(const Slab& slab, const FfnOffsets& at, const Real* gradient, FfnActivations<Real>& f, Real* dinput, bool accumulate);
  void moe_backward_block(const Slab& slab, size_t l, LayerActivations<Real>& a);
  SlabLosses output(const Slab& slab, bool training, double mtp_weight);
  void mtp(const Slab& slab, double weight, SlabLosses& sums);
  MoeData<Real> moe_data(size_t l, LayerActivations<Real>& a);

  const Real* w(size_t offset) const { return weights_.get() + offset; }
  Real* dw(size_t offset) { return gradients_.get() + offset; }

  ModelConfig config_;
  OptimizerConfig optimizer_;
  Layout layout_;
  RouterShape router_;
  int threads_ = 1;
  bool frozen_ = false;
  double query_scale_ = 1, kv_scale_ = 1;
  Buffer weights_, gradients_, arena_;
  std::vector<int32_t> integers_;
  std::vector<size_t> offsets_;
  std::vector<float> biases_;
  int recompute_ = 0;
  KvCache<Real>* cache_ = nullptr;  // while append runs; block_ counts the attention blocks that it has passed
  size_t block_ = 0;
  std::vector<LayerActivations<Real>> acts_;
  MtpActivations<Real> mtp_{};
  std::vector<uint32_t> mtp_tokens_;
  std::vector<int32_t> mtp_targets_;
  Scratch<Real> scratch_{};
  RopeTable<Real> rope_;
  std::vector<uint64_t> counts_, histogram_;
  std::vector<double> balance_weights_;  // [layers, rows of the slab, groups + 1]
  double balance_ = 0;
};

}  // namespace millrace::trainer
