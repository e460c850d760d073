#include "native/trainer/rope/rope.h"

#include <type_traits>

#include "native/trainer/kernels/blocks.h"
#include "native/trainer/math/bf16.h"
#include "native/trainer/rope/angle.h"

namespace millrace::trainer {
namespace {

double to_float(double x) { return x; }

template <class Low, class Real>
Low stored(Real x) {
  if constexpr (std::is_same_v<Low, Bf16>) return to_bf16(x);
  else return x;
}

}  // namespace

template <class Real>
void rope_table(double base, size_t width, size_t count, Real* cosines, Real* sines) {
  const size_t half = width / 2;
  for (size_t i = 0; i < half; ++i) {
    const double frequency = rope_frequency(base, i, width);
    for (size_t position = 0; position < count; ++position) {
      const auto [cosine, sine] = cosine_and_sine(static_cast<double>(position) * frequency);
      cosines[position * half + i] = static_cast<Real>(cosine);
      sines[position * half + i] = static_cast<Real>(sine);
    }
  }
}

template <class Real, class Low>
void rope_rotate(size_t rows, size_t heads, size_t stride, size_t width, const int32_t* positions, const Real* cosines, const Real* sines, Low* x,
                 size_t ldx, bool back, int threads) {
  const size_t half = width / 2;
  const Real sign = back ? Real(-1) : Real(1);
  in_blocks(rows, threads, [&](size_t a, size_t b) {
    for (size_t r = a; r < b; ++r) {
      const Real* c = cosines + static_cast<size_t>(positions[r]) * half;
      const Real* s = sines + static_cast<size_t>(positions[r]) * half;
      for (size_t head = 0; head < heads; ++head) {
        Low* v = x + r * ldx + head * stride;
        for (size_t i = 0; i < half; ++i) {
          const Real even = to_float(v[2 * i]), odd = to_float(v[2 * i + 1]), sine = sign * s[i];
          v[2 * i] = stored<Low>(even * c[i] - odd * sine);
          v[2 * i + 1] = stored<Low>(even * sine + odd * c[i]);
        }
      }
    }
  });
}

template void rope_table(double, size_t, size_t, float*, float*);
template void rope_table(double, size_t, size_t, double*, double*);
#define INSTANTIATE(Real, Low)                                                                                                             \
  template void rope_rotate(size_t, size_t, size_t, size_t, const int32_t*, const Real*, const Real*, Low*, size_t, bool, int);
INSTANTIATE(float, float)
INSTANTIATE(float, Bf16)
INSTANTIATE(double, double)
#undef INSTANTIATE

}  // namespace millrace::trainer
