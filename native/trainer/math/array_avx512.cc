#include "native/trainer/math/loops.h"

namespace millrace::trainer {

extern const ArrayKernels array_kernels_avx512 = array_kernels<Float16>;

}  // namespace millrace::trainer
