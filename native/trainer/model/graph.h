#pragma once
#include <memory>
#include <span>
#include <string>
#include <type_traits>
#include <vector>

#include "native/trainer/backend.h"
#include "native/trainer/config/config.h"
#include "native/trainer/model/activations.h"
#include "native/trainer/model/slab.h"
#include "native/trainer/parameters/parameters.h"

namespace millrace::trainer {

// Bytes by purpose, before anything is allocated.
struct MemoryPlan {
  size_t weights, gradients, moments, activations, scratch, cache;  // inference has no gradients and moments; training no cache
  size_t total() const { return weights + gradients + moments + activations + scratch + cache; }
  std::string table() const;  // one line a purpose, and the total
};

// bytes_per_real: 4, or 8 for the oracle.
MemoryPlan memory_plan(const ModelConfig& model, const Resources& resources, size_t bytes_per_real = 4);

// What one pass over a slab gives. Sums over positions with a target; nothing is divided.
struct SlabLosses {
  double loss = 0, z = 0, balance = 0;  // z and balance without their coefficient; balance summed over layers
  double largest = 0;                   // max |h| behind the last layer
  double mtp = 0;                       // of the MTP head, without its weight, over mtp_targets positions
  size_t mtp_targets = 0;
};

// LongCat-Flash (longcat-flash.md 1) as a sequence of a backend's ops (backend.h): which op reads and writes which buffer, once for every
// device and storage type. Holds everything in arenas of the backend that are handed out before the first pass.
class Graph {
 public:
  ~Graph();
  Graph(const Graph&) = delete;
  Graph& operator=(const Graph&) = delete;

  const ModelConfig& config() const { return config_; }
  const Layout& layout() const { return layout_; }

  void zero_gradients();
  void zero_sums();  // of training: metrics, counts, histogram

  // Forward and backward; gradients of  loss + lambda · z + alpha · balance + mtp_weight · mtp  are added to the gradients, sums to the metrics.
  // The MTP head runs where the model has one and mtp_weight > 0.
  void accumulate(const Slab& slab, double rope_base, double mtp_weight);

  // The optimizer's step, where the metrics allow it; moments as the weights. Returns the metrics of the batch, the step's one download.
  mr_metrics update(const mr_step_params& params, Buf first, Buf second);

  // accumulate() alone with sums of its own.
  SlabLosses train(const Slab& slab, double rope_base, double mtp_weight = 0);

  // Forward alone, in one layer's activations.
  SlabLosses evaluate(const Slab& slab, double rope_base);

  // Of training since zero_sums(), or of the last evaluate(), whichever ran last: how often each route was chosen, [layers, routes]; and in how
  // many (token, layer) n FFN experts were, [top_k + 1].
  const std::vector<uint64_t>& counts();
  const std::vector<uint64_t>& training_counts() { return training_last_ = true, counts(); }
  const std::vector<uint64_t>& histogram();

  // Holds the choice of the last pass fixed, for finite differences.
  void freeze_routing(bool frozen) { frozen_ = frozen; }

 protected:
  Graph() = default;
  Error make(const mr_backend& device, const ModelConfig& model, const OptimizerConfig& optimizer, const Resources& resources, Types types);
  void logits(const Slab& slab, double rope_base, size_t token, void* out);
  void append(size_t past, std::span<const uint32_t> tokens, double rope_base, void* out);

  template <class Args>
  void run(void (*op)(mr_stream*, const Args*), const std::type_identity_t<Args>& args) const {
    op(stream_, &args);
  }
  void download(Buf from, size_t n, void* to) const { device_->download(stream_, from, n * mr_size(from.type), to); }

  void place(const Slab& slab, double rope_base);
  void forward(const Slab& slab, bool training);
  // y = x + block(norm(x)); the FFN's y may be null: then its activations are all that is wanted.
  void attention_block(const Slab& slab, const AttentionOffsets& at, size_t norm, Buf x, AttentionActivations& b, Buf y);
  void dense_block(const Slab& slab, const FfnOffsets& at, size_t norm, Buf x, FfnActivations& f, Buf y);
  void moe_block(const Slab& slab, size_t l, LayerActivations& a, Buf next, bool training);
  void again(const Slab& slab, size_t l, LayerActivations& a);
  void norms_again(const Slab& slab, size_t l, LayerActivations& a);
  void attend(const Slab& slab, AttentionActivations& b);
  void backward(const Slab& slab);
  // gradient: of the residual stream behind the block, then before it. dense: dinput (+)= what reaches the normed input.
  void attention_backward_block(const Slab& slab, const AttentionOffsets& at, size_t norm, Buf x, AttentionActivations& b, Buf gradient, Buf dnorm);
  void dense_backward_block(const Slab& slab, const FfnOffsets& at, Buf gradient, FfnActivations& f, Buf dinput, bool accumulate);
  void moe_backward_block(const Slab& slab, size_t l, LayerActivations& a);
  void output(const Slab& slab, bool training, bool head);
  void mtp(const Slab& slab);
  SlabLosses fetch(bool training);

  void rmsnorm(size_t rows, size_t width, Buf x, size_t ldx, size_t weight, double eps, double scale, Buf y, size_t ldy, Buf rstd) const;
  void rmsnorm_back(size_t rows, size_t width, Buf dy, size_t lddy, Buf x, size_t ldx, size_t weight, double scale, Buf rstd, Buf dx, size_t lddx,
                    bool accumulate) const;
  void linear(size_t rows, size_t in, size_t out, Buf x, size_t weight, Buf y, bool accumulate = false) const;
  void linear_input(size_t rows, size_t in, size_t out, Buf dy, size_t weight, Buf dx, bool accumulate = false) const;
  void linear_weights(size_t rows, size_t in, size_t out, Buf dy, Buf x, size_t weight) const;
  void rotate(size_t rows, size_t heads, size_t stride, Buf x, size_t ldx, bool back) const;
  mr_attention attention_of(const Slab& slab, const AttentionActivations& b) const;
  mr_dispatch dispatch_of(const Slab& slab, const LayerActivations& a) const;
  mr_moe moe_of(const Slab& slab, size_t l, const LayerActivations& a, Buf y) const;

  Buf w(size_t offset) const { return weights_ + offset; }
  Buf dw(size_t offset) const { return gradients_ + offset; }
  Buf bias(size_t l) const { return blocks_.biases + l * config_.routes(); }
  Buf balance(size_t l) const { return blocks_.balance_weights + l * rows_ * (router_.groups + 1); }

  const mr_backend* device_ = nullptr;
  mr_stream* stream_ = nullptr;
  ModelConfig config_;
  OptimizerConfig optimizer_;
  Layout layout_;
  RouterShape router_{};
  Types types_;
  bool frozen_ = false, training_last_ = true;
  double query_scale_ = 1, kv_scale_ = 1;
  int recompute_ = 0;
  size_t rows_ = 0, longest_ = 0;
  std::vector<void*> arenas_;
  Buf weights_, gradients_;
  std::vector<LayerActivations> acts_;
  MtpActivations mtp_{};
  Scratch scratch_{};
  Blocks blocks_{};
  double rope_base_ = 0;  // of the table, which has rope_count_ positions
  size_t rope_count_ = 0;
  size_t past_ = 0, block_ = 0;  // while append runs: tokens in the cache, and the attention blocks that have been passed
  bool cached_ = false;
  std::vector<uint64_t> counts_, histogram_;
};

}  // namespace millrace::trainer
