#include "native/trainer/moe/moe.h"

#include <algorithm>
#include <type_traits>

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

template <class Real, class Low>
void gather(size_t width, const Real* from, const int32_t* rows, size_t count, Low* to) {
  for (size_t r = 0; r < count; ++r, to += width) {
    const Real* row = from + static_cast<size_t>(rows[r]) * width;
    if constexpr (std::is_same_v<Real, Low>) std::copy_n(row, width, to);
    else kernels<Real, Low>().scale(width, Real(1), row, to);
  }
}

// Rows of one expert gathered, and their gate and up. `first`: of the segment; `local`: of the segment within its chunk.
template <class Real, class Low>
void gate_up_of(const MoeShape& s, const MoeData<Real, Low>& d, size_t e, size_t first, size_t local, size_t rows) {
  const size_t D = s.hidden, I = s.width;
  Low* x = d.gathered + local * D;
  gather(D, d.u, d.at.token_of + first, rows, x);
  linear_forward<Low>(rows, D, 2 * I, x, D, d.weights + e * s.stride(), d.gate_up + first * 2 * I, 2 * I, false, 1);
}

// body(expert, first row, first row within the chunk, rows) for every expert that has rows: chunk by chunk, a chunk's experts on all threads.
template <class Body>
void each_segment(const MoeShape& s, const Dispatch& at, size_t capacity, int threads, Body body) {
  for (size_t begin = 0; begin < s.experts;) {
    const size_t base = at.offsets[begin];
    size_t end = begin + 1;
    while (end < s.experts && at.offsets[end + 1] - base <= capacity) ++end;
    parallel_for(end - begin, threads, [&](size_t i) {
      const size_t e = begin + i, first = at.offsets[e], rows = at.offsets[e + 1] - first;
      if (rows) body(e, first, first - base, rows);  // an expert without tokens writes nothing
    });
    begin = end;
  }
}

}  // namespace

template <class Real, class Low>
void moe_again(const MoeShape& s, const MoeData<Real, Low>& d, int threads) {
  each_segment(s, d.at, d.capacity, threads, [&](size_t e, size_t first, size_t local, size_t rows) { gate_up_of(s, d, e, first, local, rows); });
}

template <class Real, class Low>
void moe_forward(const MoeShape& s, size_t tokens, const MoeData<Real, Low>& d, Real* y, int threads) {
  const size_t D = s.hidden, I = s.width;
  each_segment(s, d.at, d.capacity, threads, [&](size_t e, size_t first, size_t local, size_t rows) {
    Low* h = d.h + local * I;
    gate_up_of(s, d, e, first, local, rows);
    swiglu_forward(rows, I, d.gate_up + first * 2 * I, h, 1);
    linear_forward<Low>(rows, I, D, h, I, d.weights + e * s.stride() + 2 * I * D, d.out + first * D, D, false, 1);
  });
  in_blocks(tokens, threads, [&](size_t a, size_t b) {
    for (size_t t = a; t < b; ++t)
      for (size_t slot = t * s.top_k; slot < (t + 1) * s.top_k; ++slot) {
        const int32_t row = d.at.row_of[slot];
        kernels<Real>().add_scaled(D, d.gates[slot], row < 0 ? d.u + t * D : d.out + static_cast<size_t>(row) * D, y + t * D);
      }
  });
}

template <class Real, class Low>
void moe_backward(const MoeShape& s, size_t tokens, const MoeData<Real, Low>& d, const MoeGradients<Real, Low>& g, int threads) {
  const size_t D = s.hidden, I = s.width;
  each_segment(s, d.at, d.capacity, threads, [&](size_t e, size_t first, size_t local, size_t rows) {
    const Real *gate_up = d.weights + e * s.stride(), *down = gate_up + 2 * I * D;
    Real *dgate_up = g.dweights + e * s.stride(), *ddown = dgate_up + 2 * I * D, *dx = d.out + first * D;
    Low *x = d.gathered + local * D, *gu = d.gate_up + first * 2 * I, *h = d.h + local * I, *dh = g.dh + local * I, *dy = g.dy_rows + local * D;
    gather(D, d.u, d.at.token_of + first, rows, x);
    gather(D, g.dy, d.at.token_of + first, rows, dy);
    for (size_t r = first; r < first + rows; ++r) g.row_gates[r] = d.gates[d.at.slot_of[r]];
    linear_backward<Low>(rows, I, D, dy, D, down, dh, I, false, 1);
    swiglu_backward_weighted(rows, I, gu, dh, g.row_gates + first, g.row_dgates + first, h);
    linear_weight<Low>(rows, I, D, dy, D, h, I, ddown, 1);
    linear_weight<Low>(rows, D, 2 * I, gu, 2 * I, x, D, dgate_up, 1);
    linear_backward<Low>(rows, D, 2 * I, gu, 2 * I, gate_up, dx, D, false, 1);
  });
  in_blocks(tokens, threads, [&](size_t a, size_t b) {
    for (size_t t = a; t < b; ++t)
      for (size_t slot = t * s.top_k; slot < (t + 1) * s.top_k; ++slot) {
        const int32_t row = d.at.row_of[slot];
        if (row >= 0) {
          kernels<Real>().add(D, d.out + static_cast<size_t>(row) * D, g.du + t * D);
          g.dgates[slot] = g.row_dgates[row];
        } else {
          kernels<Real>().add_scaled(D, d.gates[slot], g.dy + t * D, g.du + t * D);
          g.dgates[slot] = kernels<Real>().dot(D, g.dy + t * D, d.u + t * D);
        }
      }
  });
}

#define INSTANTIATE(Real, Low)                                                                                     \
  template void moe_again(const MoeShape&, const MoeData<Real, Low>&, int);                                        \
  template void moe_forward(const MoeShape&, size_t, const MoeData<Real, Low>&, Real*, int);                       \
  template void moe_backward(const MoeShape&, size_t, const MoeData<Real, Low>&, const MoeGradients<Real, Low>&, int);
INSTANTIATE(float, float)
INSTANTIATE(float, Bf16)
INSTANTIATE(double, double)
#undef INSTANTIATE

}  // namespace millrace::trainer
