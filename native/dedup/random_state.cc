#include "native/dedup/random_state.h"

namespace millrace::dedup {

RandomState::RandomState(uint32_t seed) {
  state_[0] = seed;
  for (uint32_t i = 1; i < state_.size(); ++i) state_[i] = 1812433253u * (state_[i - 1] ^ (state_[i - 1] >> 30)) + i;
}

void RandomState::refill() {
  for (size_t i = 0; i < 624; ++i) {
    const uint32_t y = (state_[i] & 0x80000000u) | (state_[(i + 1) % 624] & 0x7FFFFFFFu);
    state_[i] = state_[(i + 397) % 624] ^ (y >> 1) ^ (y & 1 ? 0x9908B0DFu : 0);
  }
  position_ = 0;
}

uint32_t RandomState::next() {
  if (position_ == 624) refill();
  uint32_t y = state_[position_++];
  y ^= y >> 11;
  y ^= (y << 7) & 0x9D2C5680u;
  y ^= (y << 15) & 0xEFC60000u;
  return y ^ (y >> 18);
}

uint64_t RandomState::randint(uint64_t low, uint64_t high) {
  const uint64_t range = high - 1 - low;
  if (range == 0) return low;
  const uint64_t mask = ~uint64_t{0} >> __builtin_clzll(range);
  for (;;) {
    const uint64_t upper = next();
    const uint64_t drawn = (upper << 32 | next()) & mask;
    if (drawn <= range) return low + drawn;
  }
}

}  // namespace millrace::dedup
