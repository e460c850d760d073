#pragma once
#include <vector>

namespace millrace {

// Instruction sets that kernels are written for. Scalar is for tests; running needs AVX2 and FMA.
enum class Isa { scalar = 0, avx2 = 1, avx512 = 2 };

const char* name(Isa isa);

// What this CPU and operating system grant, weakest first.
const std::vector<Isa>& available_isas();

// The strongest one, unless MILLRACE_ISA=scalar|avx2|avx512 or set_isa asks for a weaker one. A stronger one than the CPU has is ignored.
Isa active_isa();
void set_isa(Isa isa);

}  // namespace millrace
