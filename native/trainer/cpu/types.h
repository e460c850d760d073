#pragma once
// From buffers that carry their type to the templates of the ops.
#include "native/trainer/cpu/cpu.h"
#include "native/trainer/math/bf16.h"

struct mr_stream {
  int threads;
};

namespace millrace::trainer {

template <class T>
T* as(mr_buffer b) {
  return static_cast<T*>(b.at);
}

// body.operator()<Real, Low>() for what is stored as `low`.
template <class Body>
void by_type(int32_t low, Body body) {
  switch (low) {
    case MR_BF16: return body.template operator()<float, Bf16>();
    case MR_F64: return body.template operator()<double, double>();
    default: return body.template operator()<float, float>();
  }
}

// The files of cpu/, each of which fills its part of the table.
void fill_memory(mr_backend& b);
void fill_dense(mr_backend& b);
void fill_attention(mr_backend& b);
void fill_experts(mr_backend& b);
void fill_losses(mr_backend& b);

}  // namespace millrace::trainer
