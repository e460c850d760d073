#include "native/trainer/reduce/lanes.h"

namespace millrace::trainer {

float reduce_chunk_avx512(Reduction kind, const float* x, const float* y, int64_t n) { return reduce_chunk_lanes<Float16>(kind, x, y, n); }

}  // namespace millrace::trainer
