#pragma once
#include <cstddef>
#include <cstdint>

namespace millrace::text {

// Which bytes of a block of 64 are what; bit i is byte i. Bytes behind the end of the text are zeros, and nothing.
struct ScanMasks {
  uint64_t space;     // ASCII white space
  uint64_t breaks;    // ASCII line breaks
  uint64_t high;      // bytes from 0x80
  uint64_t wide;      // lead bytes of what may be white space beyond ASCII: C2, E1, E2, E3
  uint64_t dots;
  uint64_t letters;   // ASCII; the next two as well
  uint64_t lowers;
  uint64_t digits;
  uint64_t opening;   // ( " ' [
  uint64_t closing;   // . , ; : ? ! ) ] " '
};

struct ScanTotals {
  uint64_t newlines = 0, hashes = 0, continuations = 0;
};

// One pass over size bytes; blocks has (size + 63) / 64 of them. Adds to the totals.
void scan_masks(const char* text, size_t size, ScanMasks* blocks, ScanTotals& totals);
void scan_masks_avx2(const char* text, size_t size, ScanMasks* blocks, ScanTotals& totals);
void scan_masks_avx512(const char* text, size_t size, ScanMasks* blocks, ScanTotals& totals);

}  // namespace millrace::text
