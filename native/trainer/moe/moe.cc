#include "native/trainer/moe/moe.h"

#include <algorithm>

#include "native/trainer/kernels/blocks.h"
#include "native/trainer/kernels/kernels.h"
#include "native/trainer/linear/linear.h"
#include "native/trainer/swiglu/swiglu.h"

namespace millrace::trainer {

void dispatch(const MoeShape& s, size_t tokens, const int32_t* selected, const Dispatch& to) {
  std::fill_n(to.offsets, s.experts + 1, size_t{0});
  const size_t slots = tokens * s.top_k;
  const auto is_ffn = [&](size_t slot) { return static_cast<size_t>(selected[slot]) < s.experts; };
  for (size_t slot = 0; slot < slots; ++slot)
    if (is_ffn(slot)) ++to.offsets[selected[slot] + 1];
  for (size_t e = 0; e < s.experts; ++e) to.offsets[e + 1] += to.offsets[e];
  // Filling moves every offset to its segment's end, which is the next one's start: shift back afterwards.
  for (size_t slot = 0; slot < slots; ++slot) {
    to.row_of[slot] = -1;
    if (!is_ffn(slot)) continue;
    const size_t row = to.offsets[selected[slot]]++;
    to.token_of[row] = static_cast<int32_t>(slot / s.top_k);
    to.slot_of[row] = static_cast<int32_t>(slot);
    to.row_of[slot] = static_cast<int32_t>(row);
  }
  for (size_t e = s.experts; e > 0; --e) to.offsets[e] = to.offsets[e - 1];
  to.offsets[0] = 0;
}

namespace {

// Rows of one expert gathered, and their gate and up.
template <class Real>
void gate_up_of(const MoeShape& s, const MoeData<Real>& d, size_t e, size_t first, size_t rows) {
  const size_t D = s.hidden, I = s.width;
  Real* x = d.gathered + first * D;
  for (size_t r = 0; r < rows; ++r) std::copy_n(d.u + static_cast<size_t>(d.at.token_of[first + r]) * D, D, x + r * D);
  linear_forward(rows, D, 2 * I, x, D, d.weights + e * s.stride(), d.gate_up + first * 2 * I, 2 * I, false, 1);
}

}  // namespace

template <class Real>
void moe_again(const MoeShape& s, const MoeData<Real>& d, int threads) {
  parallel_for(s.experts, threads, [&](size_t e) {
    const size_t first = d.at.offsets[e], rows = d.at.offsets[e + 1] - first;
    if (rows) gate_up_of(s, d, e, first, rows);
  });
}

template <class Real>
void moe_forward(const MoeShape& s, size_t tokens, const MoeData<Real>& d, Real* y, int threads) {
  const size_t D = s.hidden, I = s.width;
  parallel_for(s.experts, threads, [&](size_t e) {
    const size_t first = d.at.offsets[e], rows = d.at.offsets[e + 1] - first;
    if (rows == 0) return;
    const Real* down = d.weights + e * s.stride() + 2 * I * D;
    Real* h = d.h + first * I;
    gate_up_of(s, d, e, first, rows);
    swiglu_forward(rows, I, d.gate_up + first * 2 * I, h, 1);
    linear_forward(rows, I, D, h, I, down, d.out + first * D, D, false, 1);
  });
  in_blocks(tokens, threads, [&](size_t a, size_t b) {
    for (size_t t = a; t < b; ++t)
      for (size_t slot = t * s.top_k; slot < (t + 1) * s.top_k; ++slot) {
        const int32_t row = d.at.row_of[slot];
        kernels<Real>().add_scaled(D, d.gates[slot], row < 0 ? d.u + t * D : d.out + static_cast<size_t>(row) * D, y + t * D);
      }
  });
}

template <class Real>
void moe_backward(const MoeShape& s, size_t tokens, const MoeData<Real>& d, const MoeGradients<Real>& g, int threads) {
  const size_t D = s.hidden, I = s.width;
  parallel_for(s.experts, threads, [&](size_t e) {
    const size_t first = d.at.offsets[e], rows = d.at.offsets[e + 1] - first;
    if (rows == 0) return;  // an expert without tokens writes nothing
    const Real *gate_up = d.weights + e * s.stride(), *down = gate_up + 2 * I * D;
    Real *dgate_up = g.dweights + e * s.stride(), *ddown = dgate_up + 2 * I * D;
    Real *x = d.gathered + first * D, *gu = d.gate_up + first * 2 * I, *h = d.h + first * I;
    Real *dx = g.dgathered + first * D, *dh = g.dh + first * I, *dy = d.out + first * D;
    for (size_t r = 0; r < rows; ++r) {
      const size_t token = static_cast<size_t>(d.at.token_of[first + r]);
      std::copy_n(d.u + token * D, D, x + r * D);
      std::copy_n(g.dy + token * D, D, dy + r * D);
      g.row_gates[first + r] = d.gates[d.at.slot_of[first + r]];
    }
    linear_backward(rows, I, D, dy, D, down, dh, I, false, 1);
    swiglu_backward_weighted(rows, I, gu, dh, g.row_gates + first, g.row_dgates + first, h);
    linear_weight(rows, I, D, dy, D, h, I, ddown, 1);
    linear_weight(rows, D, 2 * I, gu, 2 * I, x, D, dgate_up, 1);
    linear_backward(rows, D, 2 * I, gu, 2 * I, gate_up, dx, D, false, 1);
  });
  in_blocks(tokens, threads, [&](size_t a, size_t b) {
    for (size_t t = a; t < b; ++t)
      for (size_t slot = t * s.top_k; slot < (t + 1) * s.top_k; ++slot) {
        const int32_t row = d.at.row_of[slot];
        if (row >= 0) {
          kernels<Real>().add(D, g.dgathered + static_cast<size_t>(row) * D, g.du + t * D);
          g.dgates[slot] = g.row_dgates[row];
        } else {
          kernels<Real>().add_scaled(D, d.gates[slot], g.dy + t * D, g.du + t * D);
          g.dgates[slot] = kernels<Real>().dot(D, g.dy + t * D, d.u + t * D);
        }
      }
  });
}

#define INSTANTIATE(Real)                                                                              \
  template void moe_again(const MoeShape&, const MoeData<Real>&, int);                                 \
  template void moe_forward(const MoeShape&, size_t, const MoeData<Real>&, Real*, int);                \
  template void moe_backward(const MoeShape&, size_t, const MoeData<Real>&, const MoeGradients<Real>&, int);
INSTANTIATE(float)
INSTANTIATE(double)
#undef INSTANTIATE

}  // namespace millrace::trainer
