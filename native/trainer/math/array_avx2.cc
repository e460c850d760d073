#include "native/trainer/math/loops.h"

namespace millrace::trainer {

extern const ArrayKernels array_kernels_avx2 = array_kernels<Float8>;

}  // namespace millrace::trainer
