#pragma once
// The fast loop of the inflater, compiled once for any x86-64 and once with BMI2 (shifts by a register without the flags).
#include <cstring>

#include "native/warc/inflate.h"

namespace millrace::warc {

// Entries of the decoding tables. Bits 0-7: bits to take. A literal: bit 31, its byte in 16-23. A length or distance: base in 16-30, the
// code's own bits in 8-13, so that the extra bits are those between. Exceptions: bit 15; with bit 14 a second level (start in 16-30, its
// width in 8-13), with bit 13 the end of the block, else a code that stands for nothing. Bit 14 of a length: a literal precedes it, whose
// code is among its own bits and whose byte lies beside the table; two of three matches of a page behind a literal are found so.
inline constexpr uint32_t kLiteral = 1u << 31, kException = 1u << 15, kSecond = 1u << 14, kPrefixed = 1u << 14, kEnd = 1u << 13;

// Input that a turn may read: two look-aheads of 8 bytes, and one before the first.
inline constexpr ptrdiff_t kInflateIn = 24;

// Puts a literal and the length behind it into one entry, where both codes fit into the table's bits.
void join_literals(uint32_t* literals, uint8_t* prefixes);
void join_literals_avx2(uint32_t* literals, uint8_t* prefixes);

struct InflateLoop {
  // Reads up to 8 bytes beyond what it takes and writes up to 64 beyond what it makes; entered with kInflateIn and Inflater::kSpare in hand.
  [[gnu::always_inline]] static inline bool run(Inflater& s, const uint8_t*& in_ref, const uint8_t* in_end, const uint8_t* history, uint8_t*& out_ref,
                                                uint8_t* out_end, bool& block_over) {
    const uint8_t* in = in_ref;
    uint8_t* out = out_ref;
    const uint8_t* const in_stop = in_end - kInflateIn;
    uint8_t* const out_stop = out_end - Inflater::kSpare;
    uint64_t bits = s.bits_;
    uint32_t count = s.count_;  // its low 8 bits: what is borrowed above them never matters
    constexpr uint64_t literal_mask = (1u << Inflater::kLiteralBits) - 1, distance_mask = (1u << Inflater::kDistanceBits) - 1;
    const uint32_t* const literals = s.literals_;
    const uint8_t* const prefixes = s.prefixes_;
    const uint32_t* const distances = s.distances_;
    bool good = true;

    // 56 bits or more are in hand then. Bits above `count` hold true input that is read again: or-ing the same bits twice changes nothing.
    const auto refill = [&] {
      uint64_t word;
      std::memcpy(&word, in, 8);
      bits |= word << (count & 63);
      in += 7 - ((count >> 3) & 7);
      count |= 56;
    };
    const auto drop = [&](uint32_t entry) {
      bits >>= entry & 63;
      count -= entry;
    };
    const auto varying = [](uint64_t from, uint32_t entry) {
      return static_cast<uint32_t>((from & ((uint64_t{1} << (entry & 63)) - 1)) >> ((entry >> 8) & 63));
    };

    refill();
    uint32_t entry = literals[bits & literal_mask];
    uint8_t prefix = prefixes[bits & literal_mask];
    // Each turn begins with an entry looked up and at least 56 bits behind the look-up, less the 11 that it may take.
    do {
      uint64_t saved = bits;
      drop(entry);
      if (entry & kLiteral) {
        uint8_t literal = static_cast<uint8_t>(entry >> 16);
        entry = literals[bits & literal_mask];
        prefix = prefixes[bits & literal_mask];
        saved = bits;
        drop(entry);
        *out++ = literal;
        if (entry & kLiteral) {
          literal = static_cast<uint8_t>(entry >> 16);
          entry = literals[bits & literal_mask];
          prefix = prefixes[bits & literal_mask];
          saved = bits;
          drop(entry);
          *out++ = literal;
          if (entry & kLiteral) {
            *out++ = static_cast<uint8_t>(entry >> 16);
            entry = literals[bits & literal_mask];
            prefix = prefixes[bits & literal_mask];
            refill();
            continue;
          }
        }
      }
      if (__builtin_expect(entry & kException, 0)) {
        if (entry & kSecond) {
          entry = literals[(entry >> 16) + (bits & ((1u << ((entry >> 8) & 63)) - 1))];
          saved = bits;
          drop(entry);
          if (entry & kLiteral) {
            *out++ = static_cast<uint8_t>(entry >> 16);
            refill();
            entry = literals[bits & literal_mask];
            prefix = prefixes[bits & literal_mask];
            continue;
          }
        }
        if (entry & kException) {
          good = (entry & kEnd) != 0;
          block_over = good;
          break;
        }
      }
      *out = prefix;
      out += (entry >> 14) & 1;
      const uint32_t length = (entry >> 16) + varying(saved, entry);
      // 56 less two literals of 11 and a length of up to 20: enough for the look-up, not always for all of the distance.
      entry = distances[bits & distance_mask];
      if (__builtin_expect((count & 0xff) < 15 + 13 + Inflater::kLiteralBits, 0)) refill();
      if (__builtin_expect(entry & kException, 0)) {
        if (!(entry & kSecond)) {
          good = false;
          break;
        }
        drop(entry);
        entry = distances[(entry >> 16) + (bits & ((1u << ((entry >> 8) & 63)) - 1))];
        if (entry & kException) {
          good = false;
          break;
        }
      }
      saved = bits;
      drop(entry);
      const uint32_t distance = (entry >> 16) + varying(saved, entry);
      if (__builtin_expect(distance > static_cast<size_t>(out - history), 0)) {
        good = false;
        break;
      }
      // The next look-up goes ahead of the copy, which nothing waits for.
      entry = literals[bits & literal_mask];
      prefix = prefixes[bits & literal_mask];
      refill();
      copy(out, distance, length);
      out += length;
    } while (in <= in_stop && out <= out_stop);
    // Whole bytes of look-ahead go back; the bits above `count` with them.
    count &= 0xff;
    in -= count >> 3;
    count &= 7;
    s.bits_ = bits & ((uint64_t{1} << count) - 1);
    s.count_ = count;
    in_ref = in;
    out_ref = out;
    return good;
  }

  // By sixteens, so that it also repeats what it has just written.
  [[gnu::always_inline]] static inline void copy64(uint8_t* to, const uint8_t* from) {
    std::memcpy(to, from, 16);
    std::memcpy(to + 16, from + 16, 16);
    std::memcpy(to + 32, from + 32, 16);
    std::memcpy(to + 48, from + 48, 16);
  }

  // Writes up to 63 bytes beyond `length`.
  [[gnu::always_inline]] static inline void copy(uint8_t* out, uint32_t distance, uint32_t length) {
    const uint8_t* from = out - distance;
    uint8_t* const end = out + length;
    if (__builtin_expect(distance >= 16, 1)) {
      copy64(out, from);
      if (__builtin_expect(length <= 64, 1)) return;
      do {
        out += 64;
        from += 64;
        copy64(out, from);
      } while (out + 64 < end);
    } else if (distance >= 8) {
      do {
        std::memcpy(out, from, 8);
        std::memcpy(out + 8, from + 8, 8);
        out += 16;
        from += 16;
      } while (out < end);
    } else if (distance == 1) {
      const uint64_t word = 0x0101010101010101u * *from;
      do {
        std::memcpy(out, &word, 8);
        std::memcpy(out + 8, &word, 8);
        out += 16;
      } while (out < end);
    } else {
      // The first 8 bytes one by one; then the pattern repeats at a multiple of `distance` that is at least 8.
      for (int i = 0; i < 8; ++i) out[i] = from[i];
      const uint32_t step = distance * ((7 + distance) / distance);
      for (uint8_t* at = out + 8; at < end; at += 8) {
        uint64_t word;
        std::memcpy(&word, at - step, 8);
        std::memcpy(at, &word, 8);
      }
    }
  }
};

}  // namespace millrace::warc
