#include "native/trainer/kernels/kernels.h"

#include "native/base/cpu.h"

namespace millrace::trainer {

template <>
const Kernels<float>& kernels<float>() {
  switch (active_isa()) {
    case Isa::avx512: return avx512::floats;
    case Isa::avx2: return avx2::floats;
    default: return scalar::floats;
  }
}

template <>
const Kernels<double>& kernels<double>() {
  return scalar::doubles;
}

}  // namespace millrace::trainer
