#pragma once
#include <cstddef>
#include <cstdint>

// The inner loop of MinHash, one function an instruction set; minhash.cc chooses. All give the same bits.
namespace millrace::dedup {

// Lowers minima[c] to the smallest of ((shingle * a[c] + b[c]) mod 2^64) mod (2^61 - 1) over the shingles. `columns` is a multiple of
// kColumnBlock; the caller has set minima to at least 2^61 - 1.
using MinhashKernel = void (*)(const uint64_t* shingles, size_t count, const uint64_t* a, const uint64_t* b, size_t columns, uint64_t* minima);

inline constexpr size_t kColumnBlock = 16;
inline constexpr uint64_t kMersenne61 = (uint64_t{1} << 61) - 1;

void minhash_scalar(const uint64_t* shingles, size_t count, const uint64_t* a, const uint64_t* b, size_t columns, uint64_t* minima);
void minhash_avx2(const uint64_t* shingles, size_t count, const uint64_t* a, const uint64_t* b, size_t columns, uint64_t* minima);
void minhash_avx512(const uint64_t* shingles, size_t count, const uint64_t* a, const uint64_t* b, size_t columns, uint64_t* minima);

}  // namespace millrace::dedup
