#pragma once
#include <cstddef>
#include <cstdint>
#include <vector>

namespace millrace::trainer {

// Rotary position embedding (Su et al. 2021), pairs interleaved as in DeepSeek's and LongCat's layout: elements (2i, 2i+1) turn by
// position · base^(-2i/width). Transformers then moves the even elements to the front; a score does not see that, so we leave them.
// Frequencies and angles are formed in double and rounded once (Transformers' table is off by up to 1.2e-7 in a third of its entries).
template <class Real>
class RopeTable {
 public:
  // For positions [0, count). Keeps what it has where base and width are the same and count is not larger.
  void prepare(double base, size_t width, size_t count);

  // x[r] + stride · head, head in [0, heads), are vectors of `width` elements; row r is at positions[r]. `back` turns the other way,
  // which is the gradient.
  void rotate(size_t rows, size_t heads, size_t stride, const int32_t* positions, Real* x, size_t ldx, bool back, int threads) const;

  static size_t bytes(size_t width, size_t count) { return width * count * sizeof(Real); }

 private:
  double base_ = 0;
  size_t width_ = 0, count_ = 0;
  std::vector<Real> cosines_, sines_;  // [count, width / 2]
};

}  // namespace millrace::trainer
