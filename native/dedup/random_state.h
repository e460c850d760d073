#pragma once
#include <array>
#include <cstddef>
#include <cstdint>

namespace millrace::dedup {

// numpy.random.RandomState(seed) as far as MinHash needs it: MT19937 seeded by one 32-bit number (Matsumoto and Nishimura 2002) and the
// legacy randint for uint64. datatrove draws its hash parameters from it, so equal signatures need an equal generator.
class RandomState {
 public:
  explicit RandomState(uint32_t seed);
  uint32_t next();
  // Uniform in [low, high) by masked rejection over 64-bit draws, as randint(low, high, dtype=uint64) does for ranges above 2^32.
  uint64_t randint(uint64_t low, uint64_t high);

 private:
  void refill();
  std::array<uint32_t, 624> state_;
  size_t position_ = 624;
};

}  // namespace millrace::dedup
