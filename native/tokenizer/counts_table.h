#pragma once
#include <cstdint>
#include <string_view>
#include <vector>

#include "native/tokenizer/table.h"

namespace millrace::tokenizer {

// Distinct pieces with a count each, in memory.
class PieceTable {
 public:
  PieceTable() : slots_(1 << 8) {}

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
  std::string_view piece(size_t i) const { return view(entries_[i]); }
  uint64_t count(size_t i) const { return entries_[i].count; }
  // Bytes held, with those of an order of all pieces (counts_runs.h) and room to grow: the most that the next piece can make of it, but for
  // the piece itself.
  uint64_t memory() const { return 3 * (arena_.capacity() + entries_.capacity() * sizeof(Entry) + slots_.size() * sizeof(uint32_t)); }

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
