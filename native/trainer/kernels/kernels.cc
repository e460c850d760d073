#include "native/trainer/kernels/kernels.h"

#include "native/base/cpu.h"

namespace millrace::trainer {

template <>
const Kernels<float>& kernels<float, float>() {
  switch (active_isa()) {
    case Isa::avx512: return avx512::floats;
    case Isa::avx2: return avx2::floats;
    default: return scalar::floats;
  }
}

template <>
const Kernels<float, Bf16>& kernels<float, Bf16>() {
  switch (active_isa()) {
    case Isa::avx512: return avx512::mixed;
    case Isa::avx2: return avx2::mixed;
    default: return scalar::mixed;
  }
}

template <>
const Kernels<double>& kernels<double, double>() {
  return scalar::doubles;
}

}  // namespace millrace::trainer
