// What tests of the trainer share: a model small enough for finite differences, and batches with several runs a row.
#pragma once
#include <gtest/gtest.h>

#include <cmath>
#include <memory>
#include <random>
#include <vector>

#include "native/trainer/model/model.h"

#define ASSERT_OK(expression)                                                    \
  do {                                                                           \
    const ::millrace::Error error_ = (expression);                               \
    ASSERT_FALSE(error_) << error_.code() << ": " << error_.message();           \
  } while (0)

namespace millrace::trainer::testing {

// Every width differs from every other, so that a swapped dimension cannot go unseen.
inline ModelConfig tiny_model(size_t layers = 2) {
  ModelConfig m;
  m.vocabulary = 17, m.hidden = 12, m.layers = layers, m.heads = 2, m.query_rank = 7, m.kv_rank = 5;
  m.nope = 3, m.rope = 4, m.value = 6, m.dense_width = 14, m.expert_width = 9;
  m.experts = 4, m.zero_experts = 2, m.top_k = 3, m.expected_experts = 2, m.routed_scale = 1.5;
  return m;
}

// Wide enough that vectors, their tails, several query blocks and several blocks of 256 along K all occur.
inline ModelConfig wide_model() {
  ModelConfig m = tiny_model(1);
  m.vocabulary = 67, m.hidden = 72, m.heads = 3, m.query_rank = 40, m.kv_rank = 24;
  m.nope = 20, m.rope = 16, m.value = 24, m.dense_width = 131, m.expert_width = 33;
  m.experts = 6, m.zero_experts = 3, m.top_k = 4, m.expected_experts = 2.5;
  return m;
}

// Coefficients so large that an error in an auxiliary loss shows.
inline OptimizerConfig tiny_optimizer() {
  OptimizerConfig o;
  o.hidden_z_loss = 0.05, o.balance_alpha = 0.5, o.balance_groups = 2;
  return o;
}

struct TestBatch {
  std::vector<uint32_t> tokens;
  std::vector<int32_t> targets, run_rows, run_starts, run_lengths;
  size_t rows, length;

  Batch view() const { return {tokens, targets, run_rows, run_starts, run_lengths, rows, length}; }
};

// Rows of random ids in runs of random lengths, with padding behind the last; the last position of a run has no target.
inline TestBatch random_batch(size_t rows, size_t length, size_t vocabulary, uint32_t seed) {
  std::mt19937 random(seed);
  TestBatch b{std::vector<uint32_t>(rows * length), std::vector<int32_t>(rows * length, -1), {}, {}, {}, rows, length};
  for (size_t row = 0; row < rows; ++row) {
    for (size_t start = 0; start + 2 < length;) {
      const size_t run = std::min<size_t>(2 + random() % (length / 2), length - start);
      b.run_rows.push_back(static_cast<int32_t>(row));
      b.run_starts.push_back(static_cast<int32_t>(start));
      b.run_lengths.push_back(static_cast<int32_t>(run));
      for (size_t p = 0; p < run; ++p) {
        const size_t at = row * length + start + p;
        b.tokens[at] = static_cast<uint32_t>(random() % vocabulary);
        if (p) b.targets[at - 1] = static_cast<int32_t>(b.tokens[at]);
      }
      start += run;
    }
  }
  return b;
}

// Matrices with variance 1.2 / fan-in, norms near 1, biases of a spread that changes choices.
template <class Real>
void fill_random(Model<Real>& model, uint32_t seed) {
  std::mt19937 random(seed);
  std::normal_distribution<double> normal;
  for (const Parameter& p : model.layout().parameters) {
    const double deviation = p.kind == Class::embedding ? 1.0 : p.columns ? std::sqrt(1.2 / static_cast<double>(p.columns)) : 0.2;
    for (Real& x : model.weights().subspan(p.offset, p.size())) x = static_cast<Real>((p.columns ? 0 : 1) + deviation * normal(random));
  }
  for (float& b : model.biases()) b = static_cast<float>(0.02 * normal(random));
}

template <class Real>
std::unique_ptr<Model<Real>> make_model(const ModelConfig& config, const OptimizerConfig& optimizer, const Resources& resources) {
  std::unique_ptr<Model<Real>> model;
  const Error error = Model<Real>::create(config, optimizer, resources, model);
  EXPECT_FALSE(error) << error.message();
  return model;
}

}  // namespace millrace::trainer::testing
