#pragma once
#include <cstdint>

namespace millrace::trainer {

inline constexpr int64_t kSumChunk = 1024;  // elements: part of the numerics
inline constexpr int kSumLanes = 16;        // likewise

enum class Reduction { sum, squares, dot };

// One chunk, n <= kSumChunk; y is read by `dot` only. One function an instruction set.
float reduce_chunk_avx2(Reduction kind, const float* x, const float* y, int64_t n);
float reduce_chunk_avx512(Reduction kind, const float* x, const float* y, int64_t n);

}  // namespace millrace::trainer
