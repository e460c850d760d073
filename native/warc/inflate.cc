#include "native/warc/inflate.h"

#include <algorithm>
#include <bit>
#include <cstring>

#include "native/base/cpu.h"
#include "native/warc/inflate_loop.h"

namespace millrace::warc {
namespace {

constexpr unsigned kMaxBits = 15;
constexpr size_t kProbe = 16 << 10;

// What a symbol's entry holds besides its bits (RFC 1951 3.2.5). Symbols without a meaning are exceptions that end the stream.
struct Meanings {
  uint32_t literal[288], distance[32];
  constexpr Meanings() : literal{}, distance{} {
    constexpr uint16_t lengths[] = {3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31, 35, 43, 51, 59, 67, 83, 99, 115, 131, 163, 195, 227, 258};
    constexpr uint8_t length_extra[] = {0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0};
    for (uint32_t i = 0; i < 256; ++i) literal[i] = kLiteral | i << 16;
    literal[256] = kException | kEnd;
    for (uint32_t i = 0; i < 29; ++i) literal[257 + i] = uint32_t{lengths[i]} << 16 | length_extra[i];
    literal[286] = literal[287] = kException;
    uint32_t base = 1;
    for (uint32_t i = 0; i < 30; ++i) {
      const uint32_t extra = i < 4 ? 0 : i / 2 - 1;
      distance[i] = base << 16 | extra;
      base += 1u << extra;
    }
    distance[30] = distance[31] = kException;
  }
};
constexpr Meanings kMeanings;

// A symbol's entry for a code of `own` bits at this level of the table.
inline uint32_t entry_of(uint32_t meaning, unsigned own) {
  if (meaning & (kLiteral | kException)) return meaning | own;
  return (meaning & 0x7fff0000u) | own << 8 | (own + (meaning & 0xff));
}

// The decoding table of a canonical code. False where the lengths over-subscribe it, or leave it incomplete in a way that zlib rejects:
// only a single code of one bit, or no code at all, may be incomplete.
bool build(const uint8_t* lengths, unsigned symbols, const uint32_t* meanings, uint32_t* table, size_t table_size, unsigned table_bits) {
  uint16_t of_length[kMaxBits + 2] = {};
  for (unsigned i = 0; i < symbols; ++i) ++of_length[lengths[i]];
  of_length[0] = 0;
  unsigned longest = kMaxBits;
  while (longest > 0 && !of_length[longest]) --longest;
  int left = 1;
  for (unsigned length = 1; length <= kMaxBits; ++length) {
    left = 2 * left - of_length[length];
    if (left < 0) return false;
  }
  const uint32_t size = 1u << table_bits;
  if (left > 0) {
    if (longest > 1) return false;
    std::fill(table, table + size, kException);
    for (unsigned i = 0; i < symbols; ++i)
      if (lengths[i])
        for (uint32_t at = 0; at < size; at += 2) table[at] = entry_of(meanings[i], 1);
    return true;
  }

  uint16_t start[kMaxBits + 2] = {}, sorted[288];
  for (unsigned length = 1; length <= kMaxBits; ++length) start[length + 1] = static_cast<uint16_t>(start[length] + of_length[length]);
  for (unsigned i = 0; i < symbols; ++i)
    if (lengths[i]) sorted[start[lengths[i]]++] = static_cast<uint16_t>(i);

  // Codes in order, bit-reversed; the table is filled for the length at hand and doubled as lengths grow.
  const uint16_t* symbol = sorted;
  unsigned length = 1;
  while (!of_length[length]) ++length;
  uint32_t code = 0;
  const auto advance = [&](uint32_t all_ones) {
    const uint32_t bit = std::bit_floor(code ^ all_ones);
    code = (code & (bit - 1)) | bit;
  };
  uint32_t end = 1u << std::min(length, table_bits);
  while (length <= table_bits) {
    const uint32_t all_ones = (1u << length) - 1;
    for (unsigned left_here = of_length[length]; left_here > 0; --left_here) {
      table[code] = entry_of(meanings[*symbol++], length);
      if (code == all_ones) {
        for (; end < size; end <<= 1) std::memcpy(table + end, table, end * sizeof(uint32_t));
        return true;
      }
      advance(all_ones);
    }
    ++length;
    if (length <= table_bits) {
      std::memcpy(table + end, table, end * sizeof(uint32_t));
      end <<= 1;
    }
  }

  while (!of_length[length]) ++length;
  uint32_t next = size, prefix = ~0u, first = 0;
  unsigned width = 0, left_here = of_length[length];
  for (;;) {
    if ((code & (size - 1)) != prefix) {
      prefix = code & (size - 1);
      first = next;
      width = length - table_bits;
      // As wide as the codes that share this prefix need.
      for (uint32_t space = left_here; space < (1u << width) && table_bits + width < kMaxBits;) {
        ++width;
        space = 2 * space + of_length[table_bits + width];
      }
      next = first + (1u << width);
      if (next > table_size) return false;
      table[prefix] = kException | kSecond | first << 16 | width << 8 | table_bits;
    }
    const uint32_t entry = entry_of(meanings[*symbol++], length - table_bits);
    for (uint32_t at = first + (code >> table_bits); at < next; at += 1u << (length - table_bits)) table[at] = entry;
    const uint32_t all_ones = (1u << length) - 1;
    if (code == all_ones) return true;
    advance(all_ones);
    if (--left_here == 0) {
      do ++length;
      while (length <= kMaxBits && !of_length[length]);
      if (length > kMaxBits) return false;
      left_here = of_length[length];
    }
  }
}

using Loop = decltype(&inflate_loop);
bool has_bmi2() { return active_isa() >= Isa::avx2 && __builtin_cpu_supports("bmi2"); }

}  // namespace

void join_literals(uint32_t* literals, uint8_t* prefixes) {
  constexpr uint32_t kind = kLiteral | kException | kPrefixed;
  for (uint32_t i = 1; i < 1u << Inflater::kLiteralBits; ++i) {
    // Without branches, which nothing could predict. What is behind a literal lies at a lower index, and no entry that was joined is joined.
    const uint32_t literal = literals[i], own = literal & 63, next = literals[i >> own];
    const uint32_t both = own + ((next >> 8) & 63);
    const uint32_t joined = (next & 0x7fff0000u) | kPrefixed | both << 8 | (own + (next & 63));
    const bool joins = (literal >> 31) & ((next & kind) == 0) & (both <= Inflater::kLiteralBits);
    literals[i] = joins ? joined : literal;
    prefixes[i] = static_cast<uint8_t>(literal >> 16);
  }
}

bool inflate_loop(Inflater& state, const uint8_t*& in, const uint8_t* in_end, const uint8_t* history, uint8_t*& out, uint8_t* out_end,
                  bool& block_over) {
  return InflateLoop::run(state, in, in_end, history, out, out_end, block_over);
}

void Inflater::reset() {
  bits_ = 0;
  count_ = 0;
  stage_ = Stage::header;
  last_ = fixed_ = false;
  stored_ = 0;
}

inline void Inflater::refill(const uint8_t*& in, const uint8_t* in_end) {
  while (count_ <= 56 && in < in_end) {
    bits_ |= uint64_t{*in++} << count_;
    count_ += 8;
  }
}

inline bool Inflater::take(unsigned count, uint32_t& value) {
  if (count_ < count) return false;
  value = static_cast<uint32_t>(bits_ & ((uint64_t{1} << count) - 1));
  bits_ >>= count;
  count_ -= count;
  return true;
}

Inflater::Result Inflater::header(const uint8_t*& in, const uint8_t* in_end) {
  // A header is decoded whole or not at all: what it took is put back where input ends within it.
  const uint64_t bits = bits_;
  const unsigned count = count_;
  const uint8_t* const from = in;
  const auto put_back = [&] {
    bits_ = bits;
    count_ = count;
    in = from;
    return Result::need_input;
  };
  refill(in, in_end);
  uint32_t last, type;
  if (!take(1, last) || !take(2, type)) return put_back();
  if (type == 3) return Result::bad;
  if (type == 0) {
    uint32_t rest, size, check;
    if (!take(count_ & 7, rest)) return put_back();
    refill(in, in_end);
    if (!take(16, size) || !take(16, check)) return put_back();
    if ((size ^ check) != 0xffff) return Result::bad;
    in -= count_ >> 3;  // the look-ahead is whole bytes now
    bits_ = 0;
    count_ = 0;
    stored_ = size;
    stage_ = Stage::stored;
  } else if (type == 1) {
    if (!fixed_) {
      uint8_t lengths[288], distances[32];
      for (int i = 0; i < 288; ++i) lengths[i] = i < 144 ? 8 : i < 256 ? 9 : i < 280 ? 7 : 8;
      std::fill(distances, distances + 32, uint8_t{5});
      build(lengths, 288, kMeanings.literal, literals_, std::size(literals_), kLiteralBits);
      build(distances, 32, kMeanings.distance, distances_, std::size(distances_), kDistanceBits);
      fixed_ = joined_ = true;
    }
    stage_ = Stage::codes;
  } else {
    uint32_t literals, distances, precodes;
    if (!take(5, literals) || !take(5, distances) || !take(4, precodes)) return put_back();
    literals += 257;
    distances += 1;
    precodes += 4;
    if (literals > 286 || distances > 30) return Result::bad;
    constexpr uint8_t order[19] = {16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15};
    uint8_t pre_lengths[19] = {};
    for (uint32_t i = 0; i < precodes; ++i) {
      uint32_t length;
      refill(in, in_end);
      if (!take(3, length)) return put_back();
      pre_lengths[order[i]] = static_cast<uint8_t>(length);
    }
    uint32_t meanings[19], table[128];
    for (uint32_t i = 0; i < 19; ++i) meanings[i] = kLiteral | i << 16;
    if (!build(pre_lengths, 19, meanings, table, std::size(table), 7)) return Result::bad;
    uint8_t lengths[286 + 30 + 138] = {};
    const uint32_t total = literals + distances;
    for (uint32_t i = 0; i < total;) {
      refill(in, in_end);
      const uint32_t entry = table[bits_ & 127];
      if (entry & kException) return count_ < 7 && in == in_end ? put_back() : Result::bad;
      uint32_t dropped, more;
      if (!take(entry & 63, dropped)) return put_back();
      const uint32_t symbol = (entry >> 16) & 0xff;
      if (symbol < 16) {
        lengths[i++] = static_cast<uint8_t>(symbol);
        continue;
      }
      const unsigned extra = symbol == 16 ? 2 : symbol == 17 ? 3 : 7;
      if (!take(extra, more)) return put_back();
      if (symbol == 16 && i == 0) return Result::bad;
      const uint32_t repeat = more + (symbol == 18 ? 11 : 3);
      if (i + repeat > total) return Result::bad;
      std::fill_n(lengths + i, repeat, symbol == 16 ? lengths[i - 1] : uint8_t{0});
      i += repeat;
    }
    if (!lengths[256]) return Result::bad;
    fixed_ = false;
    if (!build(lengths, literals, kMeanings.literal, literals_, std::size(literals_), kLiteralBits)) return Result::bad;
    joined_ = false;
    if (!build(lengths + literals, distances, kMeanings.distance, distances_, std::size(distances_), kDistanceBits)) return Result::bad;
    stage_ = Stage::codes;
  }
  last_ = last != 0;
  return Result::done;
}

// One symbol at a time, each decoded whole or not at all: near the ends of input and output.
Inflater::Result Inflater::slow(const uint8_t*& in, const uint8_t* in_end, const uint8_t* history, uint8_t*& out, uint8_t* out_end,
                                bool& block_over) {
  refill(in, in_end);
  const auto entry_at = [](const uint32_t* table, unsigned width, uint64_t bits, unsigned& taken) {
    uint32_t entry = table[bits & ((1u << width) - 1)];
    taken = 0;
    if ((entry & kSecond) && (entry & kException) && !(entry & kLiteral)) {
      taken = entry & 63;
      entry = table[(entry >> 16) + ((bits >> taken) & ((1u << ((entry >> 8) & 63)) - 1))];
    }
    return entry;
  };
  const auto starved = [&](unsigned needed) { return needed > count_; };
  unsigned first;
  const uint32_t entry = entry_at(literals_, kLiteralBits, bits_, first);
  if (!(entry & kLiteral) && (entry & kException) && !(entry & kEnd)) return starved(kMaxBits) ? Result::need_input : Result::bad;
  unsigned needed = first + (entry & 63);
  if (starved(needed)) return Result::need_input;
  if (entry & kLiteral) {
    if (out == out_end) return Result::need_output;
    *out++ = static_cast<uint8_t>(entry >> 16);
  } else if (entry & kException) {
    block_over = true;
  } else {
    const size_t prefixed = entry & kPrefixed ? 1 : 0;
    const uint8_t prefix = prefixes_[bits_ & ((1u << kLiteralBits) - 1)];
    const uint64_t low = bits_ >> first;
    const uint32_t length = (entry >> 16) + static_cast<uint32_t>((low & ((uint64_t{1} << (entry & 63)) - 1)) >> ((entry >> 8) & 63));
    const uint64_t rest = bits_ >> needed;
    unsigned second;
    const uint32_t back = entry_at(distances_, kDistanceBits, rest, second);
    if (back & kException) return starved(needed + kMaxBits) ? Result::need_input : Result::bad;
    if (starved(needed + second + (back & 63))) return Result::need_input;
    const uint64_t low_back = rest >> second;
    const uint32_t distance = (back >> 16) + static_cast<uint32_t>((low_back & ((uint64_t{1} << (back & 63)) - 1)) >> ((back >> 8) & 63));
    needed += second + (back & 63);
    if (distance > static_cast<size_t>(out - history) + prefixed) return Result::bad;
    if (length + prefixed > static_cast<size_t>(out_end - out)) return Result::need_output;
    if (prefixed) *out++ = prefix;
    for (uint32_t i = 0; i < length; ++i) out[i] = out[static_cast<ptrdiff_t>(i) - static_cast<ptrdiff_t>(distance)];
    out += length;
  }
  bits_ >>= needed;
  count_ -= needed;
  return Result::done;
}

Inflater::Result Inflater::run(const uint8_t*& in, const uint8_t* in_end, const uint8_t* history, uint8_t*& out, uint8_t* out_end) {
  static const auto join = has_bmi2() ? join_literals_avx2 : join_literals;
  static const Loop loop = has_bmi2() ? inflate_loop_avx2 : inflate_loop;
  // Whole bytes of look-ahead always go back, so that all but 7 bits of the state are in the tables: the caller may move its input.
  const auto give_back = [&] {
    in -= count_ >> 3;
    count_ &= 7;
    bits_ &= (uint64_t{1} << count_) - 1;
  };
  const auto leave = [&](Result result) {
    give_back();
    return result;
  };
  for (;;) {
    switch (stage_) {
      case Stage::header:
        if (const Result result = header(in, in_end); result != Result::done) return leave(result);
        break;
      case Stage::stored: {
        const size_t size = std::min({size_t{stored_}, static_cast<size_t>(in_end - in), static_cast<size_t>(out_end - out)});
        if (size) std::memcpy(out, in, size);
        in += size;
        out += size;
        stored_ -= static_cast<uint32_t>(size);
        if (stored_) return in == in_end ? Result::need_input : Result::need_output;
        stage_ = last_ ? Stage::done : Stage::header;
        break;
      }
      case Stage::codes: {
        bool block_over = false;
        give_back();
        if (in_end - in >= kInflateIn && static_cast<size_t>(out_end - out) >= kSpare) {
          // Entries are joined once a block proves to be long: for a short one that costs more than it saves.
          const bool probing = !joined_ && static_cast<size_t>(out_end - out) > kSpare + kProbe;
          if (!loop(*this, in, in_end, history, out, probing ? out + kSpare + kProbe : out_end, block_over)) return leave(Result::bad);
          if (probing && !block_over) {
            join(literals_, prefixes_);
            joined_ = true;
          }
        } else {
          Result result = Result::done;
          while (result == Result::done && !block_over && !(in_end - in >= kInflateIn + 8 && static_cast<size_t>(out_end - out) >= kSpare))
            result = slow(in, in_end, history, out, out_end, block_over);
          if (result != Result::done) return leave(result);
        }
        if (block_over) stage_ = last_ ? Stage::done : Stage::header;
        break;
      }
      case Stage::done:
        give_back();
        bits_ = 0;
        count_ = 0;
        return Result::done;
    }
  }
}

}  // namespace millrace::warc
