#include "native/fasttext/kernels.h"

#include "native/base/cpu.h"

namespace millrace::fasttext {
namespace {

void add_rows(const float* rows, size_t stride, const uint32_t* ids, size_t count, float* sum) {
  for (size_t i = 0; i < count; ++i) {
    const float* row = rows + stride * ids[i];
    for (size_t c = 0; c < stride; ++c) sum[c] += row[c];
  }
}

float dot(const float* a, const float* b, size_t stride) {
  float lanes[kLanes] = {};
  for (size_t c = 0; c < stride; ++c) lanes[c % kLanes] += a[c] * b[c];
  for (size_t half = kLanes / 2; half >= 1; half /= 2)
    for (size_t l = 0; l < half; ++l) lanes[l] += lanes[l + half];
  return lanes[0];
}

void add_scaled(const float* from, float scale, size_t stride, float* to) {
  for (size_t c = 0; c < stride; ++c) to[c] += scale * from[c];
}

}  // namespace

const Kernels scalar_kernels = {add_rows, dot, add_scaled};

const Kernels& kernels() {
  switch (active_isa()) {
    case Isa::avx512: return avx512_kernels;
    case Isa::avx2: return avx2_kernels;
    default: return scalar_kernels;
  }
}

}  // namespace millrace::fasttext
