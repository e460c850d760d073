#include "native/trainer/kernels/table.h"

namespace millrace::trainer::scalar {
extern constexpr Kernels<float> floats = table<float>();
extern constexpr Kernels<double> doubles = table<double>();
}  // namespace millrace::trainer::scalar
