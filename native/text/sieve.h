#pragma once
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <vector>

namespace millrace::text {

// Tells most of what occurs once from what may occur again, by one byte for each place that a hash can fall on: comparing is left for the rest.
// Equal things have equal hashes; which others share a place decides how much work is left, and no result.
class Sieve {
 public:
  // Empties it; at most `most` hashes will be added.
  void reset(size_t most) {
    shift_ = 64 - 6;
    while (size_t{1} << (64 - shift_) < 16 * most) --shift_;
    const size_t size = size_t{1} << (64 - shift_);
    if (seen_.size() < size) seen_.resize(size);
    std::memset(seen_.data(), 0, size);
  }
  // The table by value, as in a loop each byte written could be a member.
  struct Places {
    uint8_t* seen;
    int shift;
    // The high bits must be good.
    void add(uint64_t hash) const {
      uint8_t& bits = seen[hash >> shift];
      bits = static_cast<uint8_t>(bits << 1 | 1);
    }
    // False only if this hash was added once.
    bool again(uint64_t hash) const { return seen[hash >> shift] > 1; }
  };
  Places places() { return {seen_.data(), shift_}; }

 private:
  std::vector<uint8_t> seen_;
  int shift_ = 0;
};

}  // namespace millrace::text
