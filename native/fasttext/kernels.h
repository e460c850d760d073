#pragma once
#include <cstddef>
#include <cstdint>

// Loops over rows of floats, one set an instruction set. All give the same bits: a lane is a column, and nothing is fused.
namespace millrace::fasttext {

// Rows are padded with zeros to a multiple of this.
inline constexpr size_t kLanes = 16;

struct Kernels {
  // sum += rows[ids[0]], then rows[ids[1]], …: in this order for every column, which is fastText's.
  void (*add_rows)(const float* rows, size_t stride, const uint32_t* ids, size_t count, float* sum);
  // Column c adds to lane c mod 16; the lanes are folded by halves: l and l + 8, then l + 4, l + 2, l + 1.
  float (*dot)(const float* a, const float* b, size_t stride);
  // to += scale * from
  void (*add_scaled)(const float* from, float scale, size_t stride, float* to);
};

extern const Kernels scalar_kernels, avx2_kernels, avx512_kernels;

// Those of the active instruction set.
const Kernels& kernels();

}  // namespace millrace::fasttext
