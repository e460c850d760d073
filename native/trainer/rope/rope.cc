#include "native/trainer/rope/rope.h"

#include "native/trainer/kernels/blocks.h"
#include "native/trainer/rope/angle.h"

namespace millrace::trainer {

template <class Real>
void RopeTable<Real>::prepare(double base, size_t width, size_t count) {
  if (base == base_ && width == width_ && count <= count_) return;
  base_ = base, width_ = width, count_ = count;
  const size_t half = width / 2;
  cosines_.resize(count * half);
  sines_.resize(count * half);
  for (size_t i = 0; i < half; ++i) {
    const double frequency = rope_frequency(base, i, width);
    for (size_t position = 0; position < count; ++position) {
      const auto [cosine, sine] = cosine_and_sine(static_cast<double>(position) * frequency);
      cosines_[position * half + i] = static_cast<Real>(cosine);
      sines_[position * half + i] = static_cast<Real>(sine);
    }
  }
}

template <class Real>
void RopeTable<Real>::rotate(size_t rows, size_t heads, size_t stride, const int32_t* positions, Real* x, size_t ldx, bool back,
                             int threads) const {
  const size_t half = width_ / 2;
  const Real sign = back ? Real(-1) : Real(1);
  in_blocks(rows, threads, [&](size_t a, size_t b) {
    for (size_t r = a; r < b; ++r) {
      const Real* c = cosines_.data() + static_cast<size_t>(positions[r]) * half;
      const Real* s = sines_.data() + static_cast<size_t>(positions[r]) * half;
      for (size_t head = 0; head < heads; ++head) {
        Real* v = x + r * ldx + head * stride;
        for (size_t i = 0; i < half; ++i) {
          const Real even = v[2 * i], odd = v[2 * i + 1], sine = sign * s[i];
          v[2 * i] = even * c[i] - odd * sine;
          v[2 * i + 1] = even * sine + odd * c[i];
        }
      }
    }
  });
}

template class RopeTable<float>;
template class RopeTable<double>;

}  // namespace millrace::trainer
