#pragma once
#include <cstdint>
#include <cstring>
#include <string_view>
#include <vector>

namespace millrace::text {

inline uint64_t fold(uint64_t a, uint64_t b) {
  const auto product = static_cast<unsigned __int128>(a) * b;
  return static_cast<uint64_t>(product) ^ static_cast<uint64_t>(product >> 64);
}

// A 64-bit hash for tables that compare in full on a hit: no result depends on its values.
inline uint64_t hash_bytes(std::string_view text, uint64_t key = 0xa0761d6478bd642full) {
  constexpr uint64_t k1 = 0xe7037ed1a0b428dbull, k2 = 0x8ebc6af09c88c6e3ull;
  const auto read8 = [](const char* p) { uint64_t v; std::memcpy(&v, p, 8); return v; };
  const auto read4 = [](const char* p) { uint32_t v; std::memcpy(&v, p, 4); return uint64_t{v}; };
  const char* p = text.data();
  const size_t size = text.size();
  uint64_t seed = key, a = 0, b = 0;
  if (size <= 16) {
    if (size >= 8) {
      a = read8(p);
      b = read8(p + size - 8);
    } else if (size >= 4) {
      a = read4(p);
      b = read4(p + size - 4);
    } else if (size > 0) {
      a = static_cast<uint8_t>(p[0]) << 16 | static_cast<uint8_t>(p[size / 2]) << 8 | static_cast<uint8_t>(p[size - 1]);
    }
  } else {
    size_t left = size;
    for (; left > 16; left -= 16, p += 16) seed = fold(read8(p) ^ k1, read8(p + 8) ^ seed);
    a = read8(p + left - 16);
    b = read8(p + left - 8);
  }
  return fold(k2 ^ size, fold(a ^ k1, b ^ seed));
}

// Bounds the work that chosen collisions can cause: probes per insertion, on average, before a table gives up. Honest text needs < 2.
inline constexpr uint64_t kProbesPerEntry = 64;

// Numbers distinct byte strings 0, 1, 2, … in the order of first sight. Equality is exact. The strings must outlive it.
class Interner {
 public:
  // Empties the table; at most `most` strings will be added. What is in it stays there, with numbers that count as none from here on.
  void reset(size_t most) {
    size_t size = 16;
    while (size < most + most / 2) size *= 2;
    if (slots_.size() < size) slots_.resize(size);
    if (strings_.size() < most) strings_.resize(most);
    mask_ = size - 1;
    base_ += count_;
    count_ = 0;
    if (base_ > UINT32_MAX / 2 || most > UINT32_MAX / 2) {
      base_ = 0;
      std::memset(slots_.data(), 0, slots_.size() * sizeof(Slot));
    }
    probes_left_ = kProbesPerEntry * (most + 64);
  }
  // The number of `text`; it is new if that equals the size() before the call.
  uint32_t add(std::string_view text) {
    const uint64_t hash = hash_bytes(text);
    const auto tag = static_cast<uint32_t>(hash >> 32);
    for (size_t i = hash & mask_;; i = (i + 1) & mask_) {
      Slot& slot = slots_[i];
      if (slot.number <= base_) {
        strings_[count_++] = text;
        slot = {tag, base_ + count_};
        return count_ - 1;
      }
      const uint32_t number = slot.number - base_ - 1;
      if (slot.tag == tag && strings_[number] == text) return number;
      if (probes_left_ == 0) return number;
      --probes_left_;
    }
  }
  bool add_is_new(std::string_view text) {
    const size_t before = size();
    return add(text) == before;
  }
  size_t size() const { return count_; }
  // True if collisions used up the budget: the numbers since then are wrong.
  bool exhausted() const { return probes_left_ == 0; }

 private:
  struct Slot {
    uint32_t tag, number;
  };
  std::vector<Slot> slots_;
  std::vector<std::string_view> strings_;
  uint32_t base_ = 0, count_ = 0;  // numbers in slots begin behind base_
  size_t mask_ = 0;
  uint64_t probes_left_ = 0;
};

// The same for pairs of numbers, with how often each pair was added.
class PairInterner {
 public:
  void reset(size_t most) {
    size_t size = 16;
    while (size < most + most / 2) size *= 2;
    if (slots_.size() < size) slots_.resize(size);
    if (counts_.size() < most) counts_.resize(most);
    mask_ = size - 1;
    base_ += count_;
    count_ = 0;
    if (base_ > UINT32_MAX / 2 || most > UINT32_MAX / 2) {
      base_ = 0;
      std::memset(slots_.data(), 0, slots_.size() * sizeof(Slot));
    }
    probes_left_ = kProbesPerEntry * (most + 64);
  }
  uint32_t add(uint32_t first, uint32_t second) {
    const uint64_t key = uint64_t{first} << 32 | second;
    for (size_t i = fold(key ^ 0xa0761d6478bd642full, 0xe7037ed1a0b428dbull) & mask_;; i = (i + 1) & mask_) {
      Slot& slot = slots_[i];
      if (slot.number <= base_) {
        counts_[count_++] = 1;
        slot = {key, base_ + count_};
        return count_ - 1;
      }
      if (slot.key == key || probes_left_ == 0) {
        ++counts_[slot.number - base_ - 1];
        return slot.number - base_ - 1;
      }
      --probes_left_;
    }
  }
  size_t size() const { return count_; }
  const uint32_t* counts() const { return counts_.data(); }
  bool exhausted() const { return probes_left_ == 0; }

 private:
  struct Slot {
    uint64_t key;
    uint32_t number;
  };
  std::vector<Slot> slots_;
  std::vector<uint32_t> counts_;
  uint32_t base_ = 0, count_ = 0;
  size_t mask_ = 0;
  uint64_t probes_left_ = 0;
};

}  // namespace millrace::text
