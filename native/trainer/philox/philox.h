#pragma once
#include <array>
#include <cstdint>
#include <span>

namespace millrace::trainer {

// Philox4x32-10 (Salmon, Moraes, Dror, Shaw 2011, "Parallel random numbers: as easy as 1, 2, 3"): a bijection of 128-bit counters
// under a 64-bit key. No state, so any element of any tensor is drawn alone, in any order, on any thread.
std::array<uint32_t, 4> philox4x32(const std::array<uint32_t, 4>& counter, const std::array<uint32_t, 2>& key);

// Names one stream: what is drawn does not depend on who draws it. key = seed (low, high word); counter = (element / 4 low, high,
// tensor, step); element % 4 picks the word.
struct Stream {
  uint64_t seed = 0;
  uint32_t tensor = 0;
  uint32_t step = 0;
};

// Uniform in [0, 1): the word's upper 24 bits · 2^-24.
float uniform(const Stream& stream, uint64_t element);

// Standard normal by Box-Muller: words (0,1) of a counter give elements 0 and 1 (cosine, sine), words (2,3) give 2 and 3.
// r = sqrt(-2 log u), u in (0, 1], so |normal| <= 5.77.
float normal(const Stream& stream, uint64_t element);

// out[i] = the draw of element first + i; the normal one is mean + deviation · draw (one fma).
void fill_uniform(const Stream& stream, uint64_t first, std::span<float> out);
void fill_normal(const Stream& stream, uint64_t first, float mean, float deviation, std::span<float> out);

}  // namespace millrace::trainer
