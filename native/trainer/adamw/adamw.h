#pragma once
#include <cstdint>
#include <span>

#include "native/base/error.h"

namespace millrace::trainer {

// AdamW (Loshchilov & Hutter 2019, algorithm 2, decay scaled by the learning rate as in torch.optim.AdamW):
//   g' = g · grad_scale
//   m  = beta1 · m + (1 - beta1) · g'            v = beta2 · v + (1 - beta2) · g'²
//   p  = p · (1 - lr · decay) - (lr / (1 - beta1^step)) · m / (sqrt(v) / sqrt(1 - beta2^step) + eps)
// Where the denominator is 0 (v = 0 and eps = 0) the second term is 0. eps 1e-16 is LongCat-Flash's.
struct AdamW {
  double lr = 0;
  double beta1 = 0.9;
  double beta2 = 0.95;
  double eps = 1e-16;
  double decay = 0;       // weight decay
  double grad_scale = 1;  // global clip · 1 / count of labels
  int64_t step = 1;       // counted from 1, for the bias correction
};

// One step over a flat span, in place; p, g, m, v have one length. Scalars are formed in double and rounded to float once (the powers by
// repeated squaring); every element goes through one fixed sequence of float operations, so neither instruction set, nor threads, nor
// how a tensor is cut into spans changes a bit. Non-finite gradients go through into m, v and p: look before you step.
// Errors: kShape if lengths differ; kArgument for step < 1, a beta outside [0, 1), or a scalar that is negative or not finite.
Error adamw_step(std::span<float> p, std::span<const float> g, std::span<float> m, std::span<float> v, const AdamW& options, int threads = 1);

}  // namespace millrace::trainer
