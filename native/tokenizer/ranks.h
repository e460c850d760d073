#pragma once
#include <array>
#include <bit>
#include <cstdint>
#include <vector>

#include "native/tokenizer/huge.h"

namespace millrace::tokenizer {

// The rank of a pair of ids, for encoding: most questions are answered no, so a filter of bits that stays in the nearest caches comes before
// the table, and pairs of bytes, which every piece begins with, have a table of their own.
class Ranks {
 public:
  static constexpr uint32_t kNone = ~0u;

  explicit Ranks(size_t pairs = 0) : slots_(std::bit_ceil(pairs * 2 + 16)), filter_(std::bit_ceil(pairs * 8 + 64) / 64), bytes_(65536, kNone) {}

  uint32_t find(uint32_t left, uint32_t right) const { return find_by(key_of(left, right), hash_of(key_of(left, right))); }

  // Two pairs at once, of which neither waits for the other's memory; with right2 = kNone the second has no rank.
  struct Two {
    uint32_t first, second;
  };
  Two find(uint32_t left1, uint32_t right1, uint32_t left2, uint32_t right2) const {
    const uint64_t key1 = key_of(left1, right1), key2 = key_of(left2, right2), hash1 = hash_of(key1), hash2 = hash_of(key2);
    __builtin_prefetch(&slots_[hash1 >> 32 & (slots_.size() - 1)]);
    __builtin_prefetch(&slots_[hash2 >> 32 & (slots_.size() - 1)]);
    return {find_by(key1, hash1), find_by(key2, hash2)};
  }

  // At most as many different pairs as the constructor was told, ranks ascending.
  void put(uint32_t left, uint32_t right, uint32_t rank) {
    const uint64_t key = key_of(left, right), hash = hash_of(key);
    const uint64_t bit = hash & (filter_.size() * 64 - 1);
    filter_[bit >> 6] |= uint64_t{1} << (bit & 63);
    size_t i = hash >> 32;
    while (slots_[i & (slots_.size() - 1)].used) ++i;
    slots_[i & (slots_.size() - 1)] = {key, rank, 1};
    keys_.resize(rank + 1);
    keys_[rank] = key;
  }

  // After the last pair: ids of the bytes.
  void set_bytes(const std::array<uint32_t, 256>& ids) {
    for (size_t left = 0; left < 256; ++left)
      for (size_t right = 0; right < 256; ++right) bytes_[left << 8 | right] = find(ids[left], ids[right]);
  }
  uint32_t of_bytes(char left, char right) const { return bytes_[static_cast<size_t>(static_cast<uint8_t>(left)) << 8 | static_cast<uint8_t>(right)]; }

  // The ids of the pair that has `rank`.
  uint32_t left(uint32_t rank) const { return static_cast<uint32_t>(keys_[rank] >> 32); }
  uint32_t right(uint32_t rank) const { return static_cast<uint32_t>(keys_[rank]); }

 private:
  struct Slot {
    uint64_t key;
    uint32_t rank, used;
  };
  uint32_t find_by(uint64_t key, uint64_t hash) const {
    const uint64_t bit = hash & (filter_.size() * 64 - 1);
    if (!(filter_[bit >> 6] >> (bit & 63) & 1)) return kNone;
    for (size_t i = hash >> 32;; ++i) {
      const Slot& slot = slots_[i & (slots_.size() - 1)];
      if (!slot.used) return kNone;
      if (slot.key == key) return slot.rank;
    }
  }
  static uint64_t key_of(uint32_t left, uint32_t right) { return static_cast<uint64_t>(left) << 32 | right; }
  static uint64_t hash_of(uint64_t key) {
    key = (key + 1) * 0x9E3779B97F4A7C15u;
    return key ^ (key >> 29);
  }

  LargeTable<Slot> slots_;
  std::vector<uint64_t> keys_;  // by rank
  std::vector<uint64_t> filter_;
  std::vector<uint32_t> bytes_;
};

}  // namespace millrace::tokenizer
