#pragma once
#include <type_traits>

#include "native/trainer/kernels/blocks.h"
#include "native/trainer/kernels/kernels.h"

namespace millrace::trainer {

// What an op computes in where tensors are stored as Low.
template <class Low>
using Wide = std::conditional_t<std::is_same_v<Low, Bf16>, float, Low>;

// SwiGLU (Shazeer 2020):  h = silu(gate) · up.   gate_up [rows, 2·width] = [gate | up], h [rows, width]
template <class Low>
void swiglu_forward(size_t rows, size_t width, const Low* gate_up, Low* h, int threads) {
  in_blocks(rows, threads, [&](size_t a, size_t b) {
    kernels<Wide<Low>, Low>().swiglu_forward(b - a, width, gate_up + a * 2 * width, h + a * width);
  });
}

// gate_up becomes its own gradient; h is computed again, for the gradient of the matrix behind it.
template <class Low>
void swiglu_backward(size_t rows, size_t width, Low* gate_up, const Low* dh, Low* h, int threads) {
  in_blocks(rows, threads, [&](size_t a, size_t b) {
    kernels<Wide<Low>, Low>().swiglu_backward(b - a, width, gate_up + a * 2 * width, dh + a * width, nullptr, nullptr, h + a * width);
  });
}

// For rows whose output is weighted by a gate w: dh is the gradient before the weight. dweights[r] = Σ dh·h; gate_up's gradient and h
// are times w. On the calling thread: an expert's rows belong to one thread.
template <class Low>
void swiglu_backward_weighted(size_t rows, size_t width, Low* gate_up, const Low* dh, const Wide<Low>* weights, Wide<Low>* dweights, Low* h) {
  kernels<Wide<Low>, Low>().swiglu_backward(rows, width, gate_up, dh, weights, dweights, h);
}

}  // namespace millrace::trainer
