#include "native/trainer/kernels/table.h"

namespace millrace::trainer::avx2 {
extern constexpr Kernels<float> floats = table<float>();
}  // namespace millrace::trainer::avx2
