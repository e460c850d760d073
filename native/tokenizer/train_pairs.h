#pragma once
#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>

#include "native/tokenizer/train_memory.h"

namespace millrace::tokenizer {

inline uint64_t pair_key(uint32_t left, uint32_t right) { return static_cast<uint64_t>(left) << 32 | right; }

// Open addressing from a pair of ids to V. The key (0, 0) cannot be stored: no pair holds an id below kFirstByte.
template <class V>
class PairTable {
 public:
  explicit PairTable(Budget& budget) : budget_(&budget), region_(budget) {}

  V* find(uint64_t key) {
    if (!mask_) return nullptr;
    Slot& slot = place(key);
    return slot.key ? &slot.value : nullptr;
  }

  // The value of `key`, V{} if it is new; until the next call. Null, with the reason in the budget, where it cannot grow.
  V* at(uint64_t key) {
    if (mask_) {
      Slot& slot = place(key);
      if (slot.key) return &slot.value;
    }
    if ((size_ + 1) * 4 > (mask_ ? mask_ + 1 : 0) * 3 && !grow()) return nullptr;
    ++size_;
    Slot& slot = place(key);
    slot.key = key;
    slot.value = V{};
    return &slot.value;
  }

 private:
  struct Slot {
    uint64_t key;
    V value;
  };

  // The slot of the key, or the free one where it belongs.
  Slot& place(uint64_t key) {
    Slot* slots = static_cast<Slot*>(region_.data());
    uint64_t hash = key * 0x9E3779B97F4A7C15u;
    hash ^= hash >> 32;
    for (size_t i = hash;; ++i) {
      Slot& slot = slots[i & mask_];
      if (slot.key == key || slot.key == 0) return slot;
    }
  }

  bool grow() {
    const size_t slots = mask_ ? (mask_ + 1) * 2 : 1 << 10;
    Region larger(*budget_);
    if (!larger.grow(slots * sizeof(Slot))) return false;
    const size_t before = mask_ ? mask_ + 1 : 0;
    region_.swap(larger);
    mask_ = slots - 1;
    const Slot* old = static_cast<const Slot*>(larger.data());
    for (size_t i = 0; i < before; ++i)
      if (old[i].key) place(old[i].key) = old[i];
    return true;
  }

  Budget* budget_;
  Region region_;
  size_t mask_ = 0, size_ = 0;
};

}  // namespace millrace::tokenizer
