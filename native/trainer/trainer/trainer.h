#pragma once
#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "native/trainer/checkpoint/writer.h"
#include "native/trainer/model/model.h"

namespace millrace::trainer {

struct StepOptions {
  double learning_rate = 0, rope_base = 1e6;
  double bias_rate = 0;  // mu of Eq. 2
  double max_loss = 0, max_gradient_norm = 0;  // the update is left out above; 0 = no bound
  double mtp_weight = 0;       // of the MTP head's loss; 0: the head neither runs nor changes
};

struct StepMetrics {
  bool applied = false;
  double loss = 0;                // mean, nats per target
  double z_loss = 0, balance_loss = 0;  // means without their coefficient; the balance loss over layers too: 1 at perfect balance
  double gradient_norm = 0;       // of the mean loss, before clipping
  uint64_t targets = 0, tokens = 0;
  std::vector<uint64_t> expert_counts;  // [layers, routes]
  double mean_experts = 0;        // FFN experts per token and layer
  double max_bias = 0, max_hidden = 0;
  double mtp_loss = 0;            // mean over its own targets, nats; 0 where the head does not run
};

struct Evaluation {
  std::vector<double> loss_sums;   // [rows]
  std::vector<uint32_t> targets;   // [rows]
  double expert_mean = 0, expert_std = 0;  // FFN experts per (token, layer)
};

// Counted since the first init. `updates` is Adam's step count: steps that were not left out; `mtp_updates` that of the MTP head.
struct Counters {
  uint64_t step = 0, tokens = 0, updates = 0, mtp_updates = 0;
};

// XXH3 of a checkpoint's tensors by name, those of moments too.
using Hashes = std::map<std::string, uint64_t>;

// A model in training. One call at a time, from any thread. Gradients are sums over slabs in order, so any cut of a batch into
// `accumulate` calls of whole slabs gives the same bits (training-engine.md 7.3, rule 6).
class Trainer {
 public:
  // Seeded init: normal by class, norms 1, biases 0. kArgument, or kMemory with the plan's table.
  static Error create(const ModelConfig& model, const OptimizerConfig& optimizer, const Resources& resources, uint64_t seed,
                      std::unique_ptr<Trainer>& out);
  // From the files of save(); without `optimizer_path` moments start at 0 and so does Adam's step count. With `given` the weights are
  // those of another program, which wrote names and shapes of longcat-flash.md 1.5 in float32: that shape, counters at 0. With `hashes`
  // every tensor is held against its own.
  static Error load(const std::string& weights_path, const std::string& optimizer_path, const OptimizerConfig& optimizer,
                    const Resources& resources, std::unique_ptr<Trainer>& out, const ModelConfig* given = nullptr, const Hashes& hashes = {});
  ~Trainer();  // waits for a save under way

  Error save(const std::string& weights_path, const std::string& optimizer_path, SaveReport* report = nullptr);
  // The same state, written while steps go on; `out` has the end of it. One at a time: waits for the one before.
  Error begin_save(const std::string& weights_path, const std::string& optimizer_path, std::shared_ptr<CheckpointWriter>& out);

  // Weights alone, as a Transformers model's file: `hub` as Meituan publishes them; `transformers5` with rows of zeros for the gate and up
  // of zero experts, which version 5 allocates and will not load without. The MTP head's copy of the embedding is written in both.
  enum class Dialect { hub, transformers5 };
  Error export_weights(const std::string& path, Dialect dialect);

  // Sums of the last step's gradients, under the names of the weights.
  Error export_gradients(const std::string& path);

  // Layers 1 … n, 1 … n, …: weights, moments and biases (longcat-flash.md 5.2). kMemory leaves everything as it was.
  Error grow(size_t factor);

  Error step(const Batch& batch, const StepOptions& options, StepMetrics& metrics);

  // The halves of step(): begin, any number of accumulate, finish.
  void begin(double mtp_weight = 0);
  Error accumulate(const Batch& batch, double rope_base);
  Error finish(const StepOptions& options, StepMetrics& metrics);

  // Touches no weight, bias, count or counter.
  Error evaluate(const Batch& batch, double rope_base, Evaluation& out);
  // [vocabulary] behind the last token. Made for inference, it keeps keys and values: a call whose tokens begin like the last call's costs
  // the new tokens alone, with the same bits.
  Error logits(std::span<const uint32_t> tokens, double rope_base, std::span<float> out);

  std::string weight_hash();    // weights and biases: XXH3, 16 hex digits
  std::string gradient_hash();  // sums of the last step

  Model<float>& model() { return *model_; }
  std::span<float> first_moments() { return first_; }
  std::span<float> second_moments() { return second_; }
  Counters counters() const { return {step_.load(), tokens_.load(), updates_.load(), mtp_updates_.load()}; }
  const ModelConfig& config() const { return config_; }

  struct State {
    Counters counters;
    ModelConfig model;
    size_t parameters, bytes;
  };
  // May be asked while another call runs: counters are those of the last finished step, the model that of before or after a growth.
  State state() const;

 private:
  Trainer() = default;
  static Error allocate(const ModelConfig& model, const OptimizerConfig& optimizer, const Resources& resources, std::unique_ptr<Trainer>& out);
  void init(uint64_t seed);
  void wait_for_save();
  Error check(const Batch& batch, double rope_base) const;

  ModelConfig config_;
  mutable std::mutex config_mutex_;  // for state() against grow()
  OptimizerConfig optimizer_;
  Resources resources_;
  std::unique_ptr<Model<float>> model_;
  std::vector<float> first_, second_;
  std::atomic<uint64_t> step_{0}, tokens_{0}, updates_{0}, mtp_updates_{0};  // read by state() while a step runs

  // Of inference: what the last call of logits() left. Weights stand still there, so only tokens and base decide whether it fits.
  std::vector<uint32_t> cached_;  // tokens whose keys and values the model holds
  double cached_base_ = 0;

  // Of the batch under way.
  double mtp_weight_ = 0;
  uint64_t batch_targets_ = 0, batch_tokens_ = 0;

  std::shared_ptr<CheckpointWriter> saving_;  // reads weights, biases and moments until update() tells it that they change
};

}  // namespace millrace::trainer
