#pragma once
#include <cstddef>
#include <cstdint>

namespace millrace::warc {

// A raw DEFLATE stream (RFC 1951), decoded piece by piece into memory that the caller owns.
//
// Ours rather than a library's: a fresh clone has no libdeflate, Node's zlib is 40 % slower on pages, and libdeflate wants a whole stream
// and its size at once, where a member of a WARC may hold the whole file. The tables and the loop follow libdeflate's design (64 bits of
// look-ahead, 11-bit and 8-bit tables with second levels, wide copies); what it accepts and rejects is what zlib does (tested against it).
class Inflater {
 public:
  enum class Result {
    need_input,   // all usable input is taken; call again with more, or the stream is cut short
    need_output,  // fewer than kSpare bytes of room are left
    done,         // the last block has ended; `in` points behind its last byte
    bad           // not a DEFLATE stream
  };

  // Room that a call must offer to be sure of progress: a longest match and what wide copies write beyond it.
  static constexpr size_t kSpare = 352;
  // Input that is certainly enough for the next step, block header or symbol. Offer more, or have none left in the source.
  static constexpr size_t kInput = 1024;
  static constexpr unsigned kLiteralBits = 11, kDistanceBits = 8;  // of the tables' first levels

  void reset();

  // Decodes from [in, in_end) into [out, out_end) and moves both on. Input that is not taken must be offered again, with more behind it.
  // `history` is the first byte before `out` that the stream may refer to: its own beginning, or at least 32 KiB back. Bytes between the
  // new `out` and `out_end` may have been written over.
  Result run(const uint8_t*& in, const uint8_t* in_end, const uint8_t* history, uint8_t*& out, uint8_t* out_end);

 private:
  friend struct InflateLoop;
  enum class Stage : uint8_t { header, stored, codes, done };

  Result header(const uint8_t*& in, const uint8_t* in_end);
  Result slow(const uint8_t*& in, const uint8_t* in_end, const uint8_t* history, uint8_t*& out, uint8_t* out_end, bool& block_over);
  void refill(const uint8_t*& in, const uint8_t* in_end);
  bool take(unsigned count, uint32_t& value);

  uint64_t bits_ = 0;   // look-ahead, lowest bit next; none set above count_
  unsigned count_ = 0;
  Stage stage_ = Stage::header;
  bool last_ = false;
  bool fixed_ = false;   // the tables hold the fixed codes
  bool joined_ = false;  // entries of `literals_` are joined (inflate_loop.h)
  uint32_t stored_ = 0;  // bytes left of a stored block
  // Sizes that no code exceeds: zlib's `enough` gives 2,342 and 402 for these widths.
  uint32_t literals_[2400];
  uint8_t prefixes_[1 << kLiteralBits] = {};  // bytes of the literals that lengths in `literals_` bring along
  uint32_t distances_[512];
};

// The fast loop: as `slow`, while there is room for its wide reads and writes. Returns false where the stream is bad.
bool inflate_loop(Inflater& state, const uint8_t*& in, const uint8_t* in_end, const uint8_t* history, uint8_t*& out, uint8_t* out_end,
                  bool& block_over);
bool inflate_loop_avx2(Inflater& state, const uint8_t*& in, const uint8_t* in_end, const uint8_t* history, uint8_t*& out, uint8_t* out_end,
                       bool& block_over);

// CRC-32 (ISO 3309, as gzip's), continued from `crc` (0 to begin).
uint32_t crc32(uint32_t crc, const uint8_t* bytes, size_t size);

}  // namespace millrace::warc
