// GCC 12's _mm512_undefined_epi32 (inside the shift intrinsics) warns about itself.
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#pragma GCC diagnostic ignored "-Wuninitialized"
#include "native/trainer/kernels/table.h"

namespace millrace::trainer::avx512 {
extern constexpr Kernels<float> floats = table<float, float>();
extern constexpr Kernels<float, Bf16> mixed = table<float, Bf16>();
}  // namespace millrace::trainer::avx512
