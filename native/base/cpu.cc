#include "native/base/cpu.h"

#include <atomic>
#include <cstdlib>
#include <cstring>

namespace millrace {

const char* name(Isa isa) {
  switch (isa) {
    case Isa::scalar: return "scalar";
    case Isa::avx2: return "avx2";
    case Isa::avx512: return "avx512";
  }
  return "unknown";
}

const std::vector<Isa>& available_isas() {
  static const std::vector<Isa> isas = [] {
    std::vector<Isa> found = {Isa::scalar};
    __builtin_cpu_init();
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) found.push_back(Isa::avx2);
    if (found.size() == 2 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl") &&
        __builtin_cpu_supports("avx512dq"))
      found.push_back(Isa::avx512);
    return found;
  }();
  return isas;
}

static Isa choose() {
  Isa best = available_isas().back();
  if (const char* wish = std::getenv("MILLRACE_ISA"))
    for (Isa isa : available_isas())
      if (std::strcmp(wish, name(isa)) == 0) best = isa;
  return best;
}

static std::atomic<Isa>& current() {
  static std::atomic<Isa> isa{choose()};
  return isa;
}

Isa active_isa() { return current().load(std::memory_order_relaxed); }

void set_isa(Isa isa) {
  for (Isa available : available_isas())
    if (available == isa) current().store(isa, std::memory_order_relaxed);
}

}  // namespace millrace
