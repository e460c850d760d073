#pragma once
#include <cstdint>
#include <vector>

#include "native/base/error.h"
#include "native/base/span.h"
#include "native/tokenizer/presplit.h"

namespace millrace::tokenizer {

// Distinct pieces, ascending by their bytes, and how often each occurs: the only thing that training sees of a corpus. Tables of parts of
// a corpus add up (merge_counts) to the table of the whole, in any order.
struct Counts {
  std::vector<int32_t> offsets = {0};
  std::vector<uint8_t> bytes;
  std::vector<uint64_t> counts;
  uint64_t pieces = 0;   // occurrences counted
  uint64_t skipped = 0;  // occurrences of pieces above max_piece

  TextColumn column() const { return {offsets, bytes}; }
};

// Pieces of all texts. A piece above max_piece bytes is skipped: one such run teaches nothing and would cost training its square.
// kFormat with text and byte if a text is not UTF-8, kMemory above 2 GiB of distinct pieces. The same on any number of threads.
Error count_pieces(const TextColumn& texts, Pattern pattern, size_t max_piece, int threads, Counts& out);

// Sums equal pieces. `pieces` need not be sorted; kShape if counts has another length, kMemory as above.
Error merge_counts(const TextColumn& pieces, std::span<const uint64_t> counts, Counts& out);

// Which of `partitions` (at least 1) each piece belongs to, by a hash of its bytes that is fixed for good: FNV-1a in 64 bits, spread by
// MurmurHash3's finaliser, scaled to the range. Empty if offsets are wrong.
std::vector<uint32_t> partitions_of(const TextColumn& pieces, uint32_t partitions);

}  // namespace millrace::tokenizer
