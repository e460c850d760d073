#pragma once
#include <cstddef>
#include <cstdint>

namespace millrace::trainer {

// Rotary position embedding (Su et al. 2021), pairs interleaved as in DeepSeek's and LongCat's layout: elements (2i, 2i+1) turn by
// position · base^(-2i/width). Transformers then moves the even elements to the front; a score does not see that, so we leave them.
// Frequencies and angles are formed in double and rounded once (Transformers' table is off by up to 1.2e-7 in a third of its entries).

// cosines, sines [count, width / 2], for positions [0, count).
template <class Real>
void rope_table(double base, size_t width, size_t count, Real* cosines, Real* sines);

// x[r] + stride · head, head in [0, heads), are vectors of `width` elements, Real or Bf16; row r is at positions[r]. `back` turns the other
// way, which is the gradient. Computed in Real, rounded once where x is short.
template <class Real, class Low>
void rope_rotate(size_t rows, size_t heads, size_t stride, size_t width, const int32_t* positions, const Real* cosines, const Real* sines, Low* x,
                 size_t ldx, bool back, int threads);

}  // namespace millrace::trainer
