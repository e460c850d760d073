#pragma once
#include <algorithm>

#include "native/trainer/kernels/blocks.h"
#include "native/trainer/kernels/kernels.h"
#include "native/trainer/linear/linear.h"

namespace millrace::trainer {

// Rows whose logits exist at once; a multiple of the GEMM's block of 256, so that chunks give the bits of one call.
inline constexpr size_t kLossChunk = 256;

// Cross-entropy of the untied output layer:  losses[t] = log Σ_v exp(logit[t,v]) - logit[t, target[t]], nats; 0 where target < 0.
// Sums, never means: the optimizer divides once by the number of targets.
//
//   x [tokens, width] after the final norm; weight [vocabulary, width]; logits: scratch [kLossChunk, vocabulary]
//   with dx: dx = coefficient · ∂Σ/∂x, dweight += coefficient · ∂Σ/∂weight; the coefficient is multiplied into the logits' gradient
//   Low = Bf16: the three products follow dot32, which rounds the logits' gradient to bfloat16; the logits themselves stay float
template <class Low, class Real>
void cross_entropy(size_t tokens, size_t width, size_t vocabulary, const Real* x, const Real* weight, const int32_t* targets, Real* logits,
                   Real* losses, Real* dx, Real* dweight, int threads, double coefficient = 1) {
  for (size_t first = 0; first < tokens; first += kLossChunk) {
    const size_t rows = std::min(kLossChunk, tokens - first);
    linear_forward<Low>(rows, width, vocabulary, x + first * width, width, weight, logits, vocabulary, false, threads);
    in_blocks(rows, threads, [&](size_t a, size_t b) {
      kernels<Real>().cross_entropy(b - a, vocabulary, logits + a * vocabulary, targets + first + a, losses + first + a, dx != nullptr);
      for (size_t i = a * vocabulary; dx && coefficient != 1 && i < b * vocabulary; ++i) logits[i] *= Real(coefficient);
    }, 8);
    if (!dx) continue;
    linear_backward<Low>(rows, width, vocabulary, logits, vocabulary, weight, dx + first * width, width, false, threads);
    linear_weight<Low>(rows, width, vocabulary, logits, vocabulary, x + first * width, width, dweight, threads);
  }
}

// Hidden z-loss (longcat-flash.md 4.1), of positions that have a target, so that one divisor serves every loss:
//   values[t] = (log Σ_i exp|z[t,i]|)² or 0;  largest[t] = max_i |z[t,i]|;  dz = lambda · ∂Σ values/∂z where `gradient`, else scratch
template <class Real>
void hidden_z_loss(size_t tokens, size_t width, const Real* z, const int32_t* targets, double lambda, Real* dz, Real* values, Real* largest,
                   bool gradient, int threads) {
  in_blocks(tokens, threads, [&](size_t a, size_t b) {
    kernels<Real>().hidden_z(b - a, width, z + a * width, targets + a, Real(lambda), dz + a * width, values + a, largest + a, gradient);
  });
}

}  // namespace millrace::trainer
