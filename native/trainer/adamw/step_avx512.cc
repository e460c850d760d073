#include "native/trainer/adamw/step.h"

namespace millrace::trainer {

void adamw_span_avx512(float* p, const float* g, float* m, float* v, int64_t n, const AdamWScalars& s) { adamw_loop<Float16>(p, g, m, v, n, s); }

}  // namespace millrace::trainer
