#pragma once
// The fast loop of the inflater, compiled once for any x86-64 and once with BMI2 (shifts by a register without the flags).
#include <cstring>

#include "native/warc/inflate.h"

namespace millrace::warc {

// Entries of the decoding tables. Bits 0-7: bits to take. A literal: bit 31, its byte in 16-23. A length or distance: base in 16-30, the
// code's own bits in 8-13, so that the extra bits are those between. Exceptions: bit 15; with bit 14 a second level (start in 16-30, its
// width in 8-13), with bit 13 the end of the block, else a code that stands for nothing.
inline constexpr uint32_t kLiteral = 1u << 31, kException = 1u << 15, kSecond = 1u << 14, kEnd = 1u << 13;

struct InflateLoop {
  // Reads up to 8 bytes beyond what it takes and writes up to 40 beyond what it makes; entered with 16 and Inflater::kSpare in hand.
  [[gnu::always_inline]] static inline bool run(Inflater& s, const uint8_t*& in_ref, const uint8_t* in_end, const uint8_t* history, uint8_t*& out_ref,
                         uint8_t* out_end, bool& block_over) {
    const uint8_t* in = in_ref;
    uint8_t* out = out_ref;
    const uint8_t* const in_stop = in_end - 16;
    uint8_t* const out_stop = out_end - Inflater::kSpare;
    uint64_t bits = s.bits_;
    unsigned count = s.count_;
    constexpr uint64_t literal_mask = (1u << Inflater::kLiteralBits) - 1, distance_mask = (1u << Inflater::kDistanceBits) - 1;
    const uint32_t* const literals = s.literals_;
    const uint32_t* const distances = s.distances_;
    bool good = true;

    // Bits above `count` hold true input that is read again: or-ing the same bits twice changes nothing.
    const auto refill = [&] {
      uint64_t word;
      std::memcpy(&word, in, 8);
      bits |= word << count;
      in += (63 - count) >> 3;
      count |= 56;
    };
    const auto drop = [&](uint32_t entry) {
      bits >>= entry & 63;
      count -= entry & 63;
    };

    while (in <= in_stop && out <= out_stop) {
      refill();
      uint32_t entry = literals[bits & literal_mask];
      // Up to three literals of at most 11 bits each leave 23 bits: enough for the next look-up, not for a match.
      if (entry & kLiteral) {
        drop(entry);
        *out++ = static_cast<uint8_t>(entry >> 16);
        entry = literals[bits & literal_mask];
        if (entry & kLiteral) {
          drop(entry);
          *out++ = static_cast<uint8_t>(entry >> 16);
          entry = literals[bits & literal_mask];
          if (entry & kLiteral) {
            drop(entry);
            *out++ = static_cast<uint8_t>(entry >> 16);
            continue;
          }
        }
        refill();
      }
      if (entry & kException) {
        if (entry & kSecond) {
          drop(entry);
          entry = literals[(entry >> 16) + (bits & ((1u << ((entry >> 8) & 63)) - 1))];
          if (entry & kLiteral) {
            drop(entry);
            *out++ = static_cast<uint8_t>(entry >> 16);
            continue;
          }
        }
        if (entry & kException) {
          if (!(entry & kEnd)) {
            good = false;
            break;
          }
          drop(entry);
          block_over = true;
          break;
        }
      }
      uint64_t saved = bits;
      drop(entry);
      const uint32_t length = (entry >> 16) + static_cast<uint32_t>((saved & ((uint64_t{1} << (entry & 63)) - 1)) >> ((entry >> 8) & 63));
      // 56 bits at least, less 15 + 5 for the length: 36 are left, and a distance takes up to 15 + 13.
      entry = distances[bits & distance_mask];
      if (entry & kException) {
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
      const uint32_t distance = (entry >> 16) + static_cast<uint32_t>((saved & ((uint64_t{1} << (entry & 63)) - 1)) >> ((entry >> 8) & 63));
      if (distance > static_cast<size_t>(out - history)) {
        good = false;
        break;
      }
      copy(out, distance, length);
      out += length;
    }
    // Whole bytes of look-ahead go back; the bits above `count` with them.
    in -= count >> 3;
    count &= 7;
    s.bits_ = bits & ((uint64_t{1} << count) - 1);
    s.count_ = count;
    in_ref = in;
    out_ref = out;
    return good;
  }

  // Writes up to 32 bytes beyond `length`.
  [[gnu::always_inline]] static inline void copy(uint8_t* out, uint32_t distance, uint32_t length) {
    const uint8_t* from = out - distance;
    uint8_t* const end = out + length;
    if (distance >= 16) {
      std::memcpy(out, from, 16);
      std::memcpy(out + 16, from + 16, 16);
      if (length <= 32) return;
      out += 32;
      from += 32;
      do {
        std::memcpy(out, from, 16);
        std::memcpy(out + 16, from + 16, 16);
        out += 32;
        from += 32;
      } while (out < end);
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
