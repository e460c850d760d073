#pragma once
#include "native/trainer/kernels/blocks.h"
#include "native/trainer/kernels/kernels.h"

namespace millrace::trainer {

// SwiGLU (Shazeer 2020):  h = silu(gate) · up.   gate_up [rows, 2·width] = [gate | up], h [rows, width]
template <class Real>
void swiglu_forward(size_t rows, size_t width, const Real* gate_up, Real* h, int threads) {
  in_blocks(rows, threads, [&](size_t a, size_t b) { kernels<Real>().swiglu_forward(b - a, width, gate_up + a * 2 * width, h + a * width); });
}

// gate_up becomes its own gradient; h is computed again, for the gradient of the matrix behind it.
template <class Real>
void swiglu_backward(size_t rows, size_t width, Real* gate_up, const Real* dh, Real* h, int threads) {
  in_blocks(rows, threads, [&](size_t a, size_t b) {
    kernels<Real>().swiglu_backward(b - a, width, gate_up + a * 2 * width, dh + a * width, nullptr, nullptr, h + a * width);
  });
}

// For rows whose output is weighted by a gate w: dh is the gradient before the weight. dweights[r] = Σ dh·h; gate_up's gradient and h
// are times w. On the calling thread: an expert's rows belong to one thread.
template <class Real>
void swiglu_backward_weighted(size_t rows, size_t width, Real* gate_up, const Real* dh, const Real* weights, Real* dweights, Real* h) {
  kernels<Real>().swiglu_backward(rows, width, gate_up, dh, weights, dweights, h);
}

}  // namespace millrace::trainer
