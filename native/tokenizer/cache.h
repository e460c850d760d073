#pragma once
#include <array>
#include <bit>
#include <cstdint>
#include <cstring>
#include <string_view>
#include <vector>

#include "native/tokenizer/table.h"

namespace millrace::tokenizer {

// Short pieces and their ids: a table of buckets of one cache line with two entries. Fixed size; a new entry drives out the older one
// of its bucket. Pieces above 15 bytes are for LongCache; those of more than 3 ids are not kept: text that no cache has seen is made of them.
class PieceCache {
  struct Mask {
    uint64_t low, high;
  };
  static constexpr std::array<Mask, 16> masks() {
    std::array<Mask, 16> of{};
    for (unsigned n = 0; n < 16; ++n)
      of[n] = {n >= 8 ? ~uint64_t{0} : (uint64_t{1} << 8 * n) - 1, n <= 8 ? 0 : (uint64_t{1} << 8 * (n - 8)) - 1};
    return of;
  }

 public:
  static constexpr size_t kMaxPiece = 15, kMaxIds = 3;
  struct Key {
    uint64_t low, high;  // the bytes, then zeros; the length in the topmost byte
    bool operator==(const Key&) const = default;
  };
  struct Entry {
    Key key{0, 0};
    uint32_t count = 0, ids[kMaxIds] = {};
  };

  explicit PieceCache(size_t bytes) : buckets_(std::bit_floor(bytes < 2 * sizeof(Bucket) ? 2 * sizeof(Bucket) : bytes) / sizeof(Bucket)) {}

  // The key of text[at, end), 1 to kMaxPiece bytes.
  static Key key(std::string_view text, size_t at, size_t end) {
    const size_t length = end - at;
    Key key{0, 0};
    if (at + 16 <= text.size()) {
      std::memcpy(&key, text.data() + at, 16);
      static constexpr std::array<Mask, 16> kMasks = masks();
      key.low &= kMasks[length & 15].low;
      key.high &= kMasks[length & 15].high;
    } else {
      std::memcpy(&key, text.data() + at, length);
    }
    key.high |= static_cast<uint64_t>(length) << 56;
    return key;
  }

  // Where `key` would be; for `find`, `put` and `fetch`.
  size_t index(const Key& key) const {
    uint64_t h = (key.low ^ (key.high * 0x9E3779B97F4A7C15u)) * 0xA0761D6478BD642Fu;
    h ^= h >> 32;
    return h & (buckets_.size() - 1);
  }

  // Brings a bucket near, so that a block of pieces waits for memory once.
  void fetch(size_t index) const { __builtin_prefetch(&buckets_[index]); }

  const Entry* find(size_t index, const Key& key) const {
    const Bucket& bucket = buckets_[index];
    if (bucket.entries[0].key == key) return &bucket.entries[0];
    if (bucket.entries[1].key == key) return &bucket.entries[1];
    return nullptr;
  }

  void put(size_t index, const Key& key, const uint32_t* ids, size_t count) {
    Bucket& bucket = buckets_[index];
    bucket.entries[1] = bucket.entries[0];
    bucket.entries[0].key = key;
    bucket.entries[0].count = static_cast<uint32_t>(count);
    std::memcpy(bucket.entries[0].ids, ids, count * sizeof(uint32_t));
  }

 private:
  struct alignas(64) Bucket {
    Entry entries[2];
  };
  std::vector<Bucket> buckets_;
};

// Pieces of 16 to 63 bytes and up to 14 ids: one entry of two cache lines for each hash, a new one in place of the old. One of them costs as
// much to encode as dozens of short ones, so that the few in text would take half of the time.
class LongCache {
 public:
  static constexpr size_t kMaxPiece = 63, kMaxIds = 14;
  struct Entry {
    uint32_t ids[kMaxIds] = {};
    uint8_t count = 0;
    uint8_t length = 0;  // 0: none
    char bytes[kMaxPiece] = {};
  };

  explicit LongCache(size_t bytes) : entries_(std::bit_floor(bytes < 2 * sizeof(Slot) ? 2 * sizeof(Slot) : bytes) / sizeof(Slot)) {}

  // The entry of `piece`, to be read if `holds` and else to be filled.
  Entry& entry(std::string_view piece) { return entries_[hash_bytes(piece) & (entries_.size() - 1)].entry; }
  static bool holds(const Entry& entry, std::string_view piece) {
    return entry.length == piece.size() && std::memcmp(entry.bytes, piece.data(), piece.size()) == 0;
  }
  static void put(Entry& entry, std::string_view piece, const uint32_t* ids, size_t count) {
    std::memcpy(entry.ids, ids, count * sizeof(uint32_t));
    std::memcpy(entry.bytes, piece.data(), piece.size());
    entry.count = static_cast<uint8_t>(count);
    entry.length = static_cast<uint8_t>(piece.size());
  }

 private:
  struct alignas(64) Slot {
    Entry entry;
  };
  std::vector<Slot> entries_;
};

// What a thread keeps, `bytes` in all.
struct Caches {
  explicit Caches(size_t bytes) : pieces(bytes / 2), longer(bytes / 2) {}
  PieceCache pieces;
  LongCache longer;
};

}  // namespace millrace::tokenizer
