#pragma once
#include <array>
#include <cstddef>
#include <cstdint>

#include "native/base/error.h"

namespace millrace::trainer {

// Standard deviations of the normal init by class. Embedding: as it stands. The others: times 1 / sqrt(fan-in), so that the variance
// falls with the width as longcat-flash.md 5.1 wants; `residual` is for matrices that write to the residual stream (o_proj, down_proj).
struct InitStd {
  double embedding = 0.2, hidden = 0.5, residual = 0.5, router = 0.5, output = 0.5;
};

// Shape of the model (longcat-flash.md 1.1). One layer = 2 MLA blocks, 2 dense FFNs, 1 MoE.
struct ModelConfig {
  size_t vocabulary = 0, hidden = 0, layers = 0, heads = 0;
  size_t query_rank = 0, kv_rank = 0;
  size_t nope = 0, rope = 0, value = 0;  // head widths: without rotation, with rotation (even), of values
  size_t dense_width = 0, expert_width = 0;
  size_t experts = 0, zero_experts = 0, top_k = 0;
  size_t mtp = 0;               // 1: a head that predicts the token after the next (model/mtp.cc)
  double expected_experts = 0;  // K_e, what the bias controller aims at
  double routed_scale = 1;      // times every gate, of zero experts too
  double norm_eps = 1e-5;
  InitStd init;

  size_t score() const { return nope + rope; }        // width of a query or key head
  size_t routes() const { return experts + zero_experts; }
  size_t latents() const { return query_rank + kv_rank + rope; }  // rows of [q_a_proj; kv_a_proj_with_mqa]
};

// What a tensor is for: decides its init, and by what factor the learning rate and weight decay apply to it.
enum class Class { embedding, norm, hidden, residual, router, output };

// AdamW and the auxiliary losses. Defaults: longcat-flash.md 13.
struct OptimizerConfig {
  double beta1 = 0.9, beta2 = 0.95, eps = 1e-16, weight_decay = 0.1;
  std::array<double, 6> rates{1, 1, 1, 1, 1, 1};   // factors by Class: of the step's learning rate,
  std::array<double, 6> decays{0, 0, 1, 1, 1, 1};  // and of weight_decay
  double clip = 1;              // of the global gradient norm; 0 = none
  double hidden_z_loss = 1e-7;  // lambda
  double balance_alpha = 1e-4;
  size_t balance_groups = 8;    // D; divides `experts`

  double rate_of(Class kind) const { return rates[static_cast<size_t>(kind)]; }
  double decay_of(Class kind) const { return weight_decay * decays[static_cast<size_t>(kind)]; }
};

// What tensors are stored in and products multiply (docs/numerics.md, 1 and 9).
enum class Precision { fp32, bf16 };

// How much runs at once. `rows_per_slab` (training-engine.md 7.3, rule 6) and `precision` are part of a run's identity, the others are not.
struct Resources {
  int threads = 1;
  size_t rows_per_slab = 1, max_row_length = 0;
  size_t max_memory = 0;  // bytes
  // What the backward pass computes again rather than keeps: 0 nothing of size, 1 outputs of norms, 2 whole layers from their inputs.
  int recompute = 0;
  bool inference = false;  // no gradients and no moments: evaluate and logits alone
  Precision precision = Precision::fp32;
};

// RMSNorm eps of the two MLA latents: Transformers leaves its class default there, and so do we.
inline constexpr double kLatentEps = 1e-6;

// kArgument for a shape that cannot be, naming the field, what was expected and what was found.
Error validate(const ModelConfig& model);
Error validate(const ModelConfig& model, const OptimizerConfig& optimizer, const Resources& resources);

}  // namespace millrace::trainer
