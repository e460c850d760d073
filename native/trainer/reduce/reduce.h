#pragma once
#include <cstdint>

namespace millrace::trainer {

// Sums in one fixed order, for float and double (docs/numerics.md, rule 4). A chunk is 1,024 elements counted from 0: lane l of 16 adds
// its elements l, l + 16, … in ascending order from +0 (products by fma), then the lanes are added in ascending order. Chunks are joined
// by a binary tree over their index: neighbours (0,1), (2,3), …, an odd last one moves up unchanged. n = 0 gives +0.
// The same bits on any instruction set and any number of threads; `threads` > 1 pays from some 100,000 elements on.
template <class Real>
Real sum(const Real* x, int64_t n, int threads = 1);

template <class Real>
Real sum_squares(const Real* x, int64_t n, int threads = 1);  // Σ x²

template <class Real>
Real dot(const Real* x, const Real* y, int64_t n, int threads = 1);  // Σ x·y

}  // namespace millrace::trainer
