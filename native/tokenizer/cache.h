#pragma once
#include <array>
#include <bit>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "native/tokenizer/huge.h"
#include "native/tokenizer/table.h"

namespace millrace::tokenizer {

// Short pieces and their ids: a table of buckets of one cache line with two entries. Fixed size; a new entry drives out the older one
// of its bucket. Pieces above 15 bytes and those of more than 4 ids are for LongCache.
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
  static constexpr size_t kMaxPiece = 15, kMaxIds = 4;
  static constexpr uint32_t kMaxId = (1 << 24) - 1;  // of the first id, which shares its word with their number
  struct Key {
    uint64_t low, high;  // the bytes, then zeros; the length in the topmost byte
    bool operator==(const Key&) const = default;
  };
  struct Entry {
    Key key;
    uint32_t ids[kMaxIds];  // their number in the topmost byte of the first

    // Appends the ids at `to`, where there is room for kMaxIds: their number.
    size_t copy(uint32_t* to) const {
      std::memcpy(to, ids, sizeof ids);
      to[0] &= kMaxId;
      return ids[0] >> 24;
    }
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

  // The entry of `key`, or null. Which of the two it is, is no branch: nobody could predict it.
  const Entry* find(size_t index, const Key& key) const {
    const Entry* entries = buckets_[index].entries;
    const uint64_t first = (entries[0].key.low ^ key.low) | (entries[0].key.high ^ key.high);
    const uint64_t second = (entries[1].key.low ^ key.low) | (entries[1].key.high ^ key.high);
    if (first != 0 && second != 0) return nullptr;
    return entries + (first != 0);
  }

  void put(size_t index, const Key& key, const uint32_t* ids, size_t count) {
    Bucket& bucket = buckets_[index];
    bucket.entries[1] = bucket.entries[0];
    Entry& entry = bucket.entries[0];
    entry.key = key;
    std::memcpy(entry.ids, ids, count * sizeof(uint32_t));
    entry.ids[0] |= static_cast<uint32_t>(count) << 24;
  }

 private:
  struct alignas(64) Bucket {
    Entry entries[2];
  };
  LargeTable<Bucket> buckets_;
};

// Pieces of up to 63 bytes and up to 14 ids: one entry of two cache lines for each hash, a new one in place of the old. One of them costs as
// much to encode as dozens of short ones, so that the few in text would take half of the time.
class LongCache {
 public:
  static constexpr size_t kMaxPiece = 63, kMaxIds = 14;
  struct Entry {
    uint32_t ids[kMaxIds];
    uint8_t count;
    uint8_t length;  // 0: none
    char bytes[kMaxPiece];
  };

  explicit LongCache(size_t bytes) : entries_(std::bit_floor(bytes < 2 * sizeof(Slot) ? 2 * sizeof(Slot) : bytes) / sizeof(Slot)) {}

  // Where the piece with this hash_bytes would be. The entry there is to be read if it `holds` the piece and else to be filled.
  size_t index(uint64_t hash) const { return hash & (entries_.size() - 1); }
  Entry& operator[](size_t index) { return entries_[index].entry; }
  void fetch(size_t index) const {
    __builtin_prefetch(&entries_[index]);
    __builtin_prefetch(reinterpret_cast<const char*>(&entries_[index]) + 64);
  }
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
  LargeTable<Slot> entries_;
};

// Which pieces have lately been seen, by 16 bits of a hash: a piece that is seen once is not worth an entry of LongCache, whose memory is far.
// Text that no cache has seen consists of such pieces.
class Seen {
 public:
  explicit Seen(size_t bytes) : tags_(std::bit_floor(bytes < 128 ? 128 : bytes) / sizeof(uint16_t)) {}

  bool has(uint64_t hash) const { return tags_[hash & (tags_.size() - 1)] == tag(hash); }
  void put(uint64_t hash) { tags_[hash & (tags_.size() - 1)] = tag(hash); }

 private:
  static uint16_t tag(uint64_t hash) { return static_cast<uint16_t>(hash >> 48 | 1); }
  LargeTable<uint16_t> tags_;
};

// What a thread keeps, `bytes` in all and 1/256 more.
struct Caches {
  explicit Caches(size_t bytes) : pieces(bytes / 2), longer(bytes / 2), seen(bytes / 256) {}
  PieceCache pieces;
  LongCache longer;
  Seen seen;  // pieces that are short, but of many ids
};

}  // namespace millrace::tokenizer
