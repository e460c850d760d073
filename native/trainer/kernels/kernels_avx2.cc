#include "native/trainer/kernels/table.h"

namespace millrace::trainer::avx2 {
extern constexpr Kernels<float> floats = table<float, float>();
extern constexpr Kernels<float, Bf16> mixed = table<float, Bf16>();
}  // namespace millrace::trainer::avx2
