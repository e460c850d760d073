#include "native/trainer/kernels/table.h"

namespace millrace::trainer::scalar {
extern constexpr Kernels<float> floats = table<float, float>();
extern constexpr Kernels<float, Bf16> mixed = table<float, Bf16>();
extern constexpr Kernels<double> doubles = table<double, double>();
}  // namespace millrace::trainer::scalar
