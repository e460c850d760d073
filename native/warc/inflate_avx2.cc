// The fast loop with BMI2, which every CPU with AVX2 that we know of has; asked for at run time all the same (inflate.cc).
#pragma GCC target("bmi,bmi2")
#include "native/warc/inflate_loop.h"

namespace millrace::warc {

bool inflate_loop_avx2(Inflater& state, const uint8_t*& in, const uint8_t* in_end, const uint8_t* history, uint8_t*& out, uint8_t* out_end,
                       bool& block_over) {
  return InflateLoop::run(state, in, in_end, history, out, out_end, block_over);
}

}  // namespace millrace::warc
