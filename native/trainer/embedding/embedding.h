#pragma once
#include <algorithm>
#include <cstdint>

#include "native/trainer/kernels/blocks.h"

namespace millrace::trainer {

// x[t] = weight[ids[t]].   weight [vocabulary, width], x [tokens, width]; ids are below the vocabulary (the caller has looked).
template <class Real>
void embedding_forward(size_t tokens, size_t width, const uint32_t* ids, const Real* weight, Real* x, int threads) {
  in_blocks(tokens, threads, [&](size_t a, size_t b) {
    for (size_t t = a; t < b; ++t) std::copy_n(weight + ids[t] * width, width, x + t * width);
  });
}

// dweight[ids[t]] += dx[t] in ascending t. Threads share columns, never rows: ids that repeat need no sorting, and any cut of a batch
// into slabs gives the same bits.
template <class Real>
void embedding_backward(size_t tokens, size_t width, const uint32_t* ids, const Real* dx, Real* dweight, int threads) {
  in_blocks(width, threads, [&](size_t a, size_t b) {
    for (size_t t = 0; t < tokens; ++t)
      for (size_t i = a; i < b; ++i) dweight[ids[t] * width + i] += dx[t * width + i];
  }, 64);
}

}  // namespace millrace::trainer
