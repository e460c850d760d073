#include "native/trainer/cpu/cpu.h"

#include <cstdlib>
#include <cstring>
#include <new>

#include "native/trainer/cpu/types.h"

struct mr_event {};

namespace millrace::trainer {

void fill_memory(mr_backend& b) {
  b.stream_open = [](int32_t threads) { return new (std::nothrow) mr_stream{threads}; };
  b.stream_close = [](mr_stream* s) { delete s; };
  b.synchronize = [](mr_stream*) {};
  b.event_open = [] { return new (std::nothrow) mr_event; };
  b.event_close = [](mr_event* e) { delete e; };
  b.event_record = [](mr_stream*, mr_event*) {};
  b.event_wait = [](mr_stream*, mr_event*) {};
  b.arena_open = [](size_t bytes) { return std::aligned_alloc(64, (bytes + 63) / 64 * 64); };
  b.arena_close = [](void* arena) { std::free(arena); };
  b.upload = [](mr_stream*, const void* from, size_t bytes, mr_buffer to) { if (bytes) std::memcpy(to.at, from, bytes); };
  b.download = [](mr_stream*, mr_buffer from, size_t bytes, void* to) { if (bytes) std::memcpy(to, from.at, bytes); };
  b.copy = [](mr_stream*, const mr_copy* a) { std::memcpy(a->to.at, a->from.at, a->n * mr_size(a->to.type)); };
  b.zero = [](mr_stream*, const mr_zero* a) { std::memset(a->to.at, 0, a->n * mr_size(a->to.type)); };
}

const mr_backend& cpu_backend() {
  static const mr_backend backend = [] {
    mr_backend b{};
    b.abi = MR_BACKEND_ABI;
    b.name = "cpu";
    fill_memory(b), fill_dense(b), fill_attention(b), fill_experts(b), fill_losses(b);
    return b;
  }();
  return backend;
}

}  // namespace millrace::trainer
