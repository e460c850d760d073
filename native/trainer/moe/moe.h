#pragma once
#include <cstddef>
#include <cstdint>

#include "native/trainer/math/bf16.h"

namespace millrace::trainer {

struct MoeShape {
  size_t hidden, width, experts, top_k;
  size_t stride() const { return 3 * width * hidden; }  // elements of one expert: [gate; up] then down
};

// Where each selection went. Rows are sorted by (expert, token); zero experts have none.
struct Dispatch {
  size_t* offsets;     // [experts + 1] first row of each expert
  int32_t* token_of;   // [rows] at most tokens · min(top_k, experts)
  int32_t* slot_of;    // [rows] token · top_k + slot
  int32_t* row_of;     // [tokens, top_k] -1 for a zero expert
};

// Dropless: every selection of an FFN expert gets a row, by counting sort.
void dispatch(const MoeShape& shape, size_t tokens, const int32_t* selected, const Dispatch& to);

// y[t] += Σ over t's slots in order of choice of gate · E(u[t]);  E = SwiGLU FFN of the expert's rows, or u[t] itself for a zero expert
// (longcat-flash.md 1.3). One expert's products run on one thread, each over the expert's whole segment.
//
// Experts are taken in chunks: as many whole segments, in order, as `capacity` rows hold, at least the number of tokens, which the longest
// segment cannot exceed. So what lies between a gather and the down projection needs room for a chunk, not for tokens · top_k rows.
//
//   u, y     [tokens, hidden]
//   weights  of expert 0; gate_up [rows, 2·width] is kept for the backward pass
//   scratch  gathered [capacity, hidden], h [capacity, width], out [rows, hidden]: slots are added in order of choice, so `out` waits for all experts
template <class Real, class Low = Real>
struct MoeData {
  const Real *u, *weights, *gates;
  Dispatch at;
  Low *gate_up, *gathered, *h;
  Real* out;
  size_t capacity;
};

template <class Real, class Low>
void moe_forward(const MoeShape& shape, size_t tokens, const MoeData<Real, Low>& data, Real* y, int threads);

// gate_up alone, as the forward pass made it: what the backward pass needs of it.
template <class Real, class Low>
void moe_again(const MoeShape& shape, const MoeData<Real, Low>& data, int threads);

// From dy: du += ∂L/∂u through the experts, dgates [tokens, top_k] replaced, dweights +=. gate_up is used up; data.out holds ∂L/∂x of a row.
//   scratch  dy_rows [capacity, hidden] (gate-free dy of the row's token), dh [capacity, width], row_gates, row_dgates [rows]
template <class Real, class Low = Real>
struct MoeGradients {
  const Real* dy;
  Real *du, *dgates, *dweights;
  Low *dy_rows, *dh;
  Real *row_gates, *row_dgates;
};

template <class Real, class Low>
void moe_backward(const MoeShape& shape, size_t tokens, const MoeData<Real, Low>& data, const MoeGradients<Real, Low>& gradients, int threads);

}  // namespace millrace::trainer
