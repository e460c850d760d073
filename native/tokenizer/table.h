#pragma once
#include <bit>
#include <cstdint>
#include <cstring>
#include <string_view>
#include <vector>

namespace millrace::tokenizer {

// 64 bits of a piece, for tables only: it reaches no output. Multiply and fold, eight bytes a step.
inline uint64_t hash_bytes(std::string_view bytes) {
  const auto fold = [](uint64_t a, uint64_t b) {
    const auto product = static_cast<unsigned __int128>(a) * b;
    return static_cast<uint64_t>(product) ^ static_cast<uint64_t>(product >> 64);
  };
  uint64_t h = bytes.size() ^ 0x9E3779B97F4A7C15u;
  const char* p = bytes.data();
  size_t left = bytes.size();
  for (uint64_t word; left >= 8; p += 8, left -= 8) {
    std::memcpy(&word, p, 8);
    h = fold(h ^ word, 0xA0761D6478BD642Fu);
  }
  uint64_t word = 0;
  if (left) std::memcpy(&word, p, left);
  return fold(h ^ word, 0xE7037ED1A0B428DBu) ^ h;
}

inline uint64_t pair_key(uint32_t left, uint32_t right) { return static_cast<uint64_t>(left) << 32 | right; }
inline uint64_t hash_pair(uint64_t key) {
  key *= 0x9E3779B97F4A7C15u;
  return key ^ (key >> 32);
}

// Open addressing from a pair of ids to V. The key (0, 0) cannot be stored: no pair holds an id below kFirstByte.
template <class V>
class PairTable {
 public:
  explicit PairTable(size_t expected = 16) : slots_(std::bit_ceil(expected * 2 + 16)) {}

  V* find(uint64_t key) {
    for (size_t i = hash_pair(key);; ++i) {
      Slot& slot = slots_[i & (slots_.size() - 1)];
      if (slot.key == key) return &slot.value;
      if (slot.key == 0) return nullptr;
    }
  }
  const V* find(uint64_t key) const { return const_cast<PairTable*>(this)->find(key); }

  // The value of `key`, V{} if it is new. References last until the next call.
  V& operator[](uint64_t key) {
    if (V* found = find(key)) return *found;
    if (++size_ * 4 > slots_.size() * 3) {
      std::vector<Slot> old(slots_.size() * 2);
      old.swap(slots_);
      for (Slot& slot : old)
        if (slot.key) place(slot.key) = std::move(slot);
    }
    Slot& slot = place(key);
    slot.key = key;
    return slot.value;
  }

 private:
  struct Slot {
    uint64_t key = 0;
    V value{};
  };
  Slot& place(uint64_t key) {
    size_t i = hash_pair(key);
    while (slots_[i & (slots_.size() - 1)].key) ++i;
    return slots_[i & (slots_.size() - 1)];
  }

  std::vector<Slot> slots_;
  size_t size_ = 0;
};

// Distinct pieces with a count each. Memory: the bytes of the distinct pieces + 40 bytes a piece.
class PieceTable {
 public:
  PieceTable() : slots_(1 << 12) {}

  void add(std::string_view piece, uint64_t count) {
    const uint64_t hash = hash_bytes(piece);
    for (size_t i = hash;; ++i) {
      uint32_t& slot = slots_[i & (slots_.size() - 1)];
      if (slot == 0) {
        slot = insert(piece, hash, count);
        if (entries_.size() * 2 > slots_.size()) grow();
        return;
      }
      Entry& entry = entries_[slot - 1];
      if (entry.hash == hash && view(entry) == piece) {
        entry.count += count;
        return;
      }
    }
  }
  size_t size() const { return entries_.size(); }
  uint64_t bytes() const { return arena_.size(); }
  std::string_view piece(size_t i) const { return view(entries_[i]); }
  uint64_t count(size_t i) const { return entries_[i].count; }

 private:
  struct Entry {
    uint64_t hash, at, count;
    uint32_t length;
  };
  std::string_view view(const Entry& entry) const { return {arena_.data() + entry.at, entry.length}; }
  uint32_t insert(std::string_view piece, uint64_t hash, uint64_t count) {
    entries_.push_back({hash, arena_.size(), count, static_cast<uint32_t>(piece.size())});
    arena_.insert(arena_.end(), piece.begin(), piece.end());
    return static_cast<uint32_t>(entries_.size());
  }
  void grow() {
    slots_.assign(slots_.size() * 2, 0);
    for (size_t e = 0; e < entries_.size(); ++e) {
      size_t i = entries_[e].hash;
      while (slots_[i & (slots_.size() - 1)]) ++i;
      slots_[i & (slots_.size() - 1)] = static_cast<uint32_t>(e + 1);
    }
  }

  std::vector<uint32_t> slots_;  // 1 + index of an entry
  std::vector<Entry> entries_;
  std::vector<char> arena_;
};

}  // namespace millrace::tokenizer
