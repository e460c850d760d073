#pragma once
#include <cstddef>
#include <cstdint>

namespace millrace::text {

// Which bytes of a block of 64 are what; bit i is byte i. Bytes behind the end of the text are white space and nothing else.
struct NemoMasks {
  uint64_t space;     // ASCII white space of str.split()
  uint64_t newline;
  uint64_t high;      // above ASCII
  uint64_t inner;     // 10xxxxxx: inside a character
  uint64_t phrase;    // where "oki", "vac", "ms " or "psu" begins, of any case
  uint64_t colon;     // where ":/" begins
  uint64_t letters;   // of ASCII
  uint64_t hash;      // "#"
  uint64_t look;      // where "..." begins; see nemo_blind
  uint64_t inner_before;  // how many inner bytes stand before the block
};

struct NemoTotals {
  uint64_t newlines = 0, plain = 0, digits = 0, white = 0, parentheses = 0, inner = 0, high = 0;
  uint64_t nonspace = 0;  // characters that are no ASCII white space
};

// One pass over size bytes; blocks has (size + 63) / 64 of them.
void nemo_masks(const char* text, size_t size, NemoMasks* blocks, NemoTotals& totals);
void nemo_masks_avx2(const char* text, size_t size, NemoMasks* blocks, NemoTotals& totals);
void nemo_masks_avx512(const char* text, size_t size, NemoMasks* blocks, NemoTotals& totals);

// Where white space begins and ends: first byte and end of each word, one after the other; `to` has room for size + 32. Returns how many it wrote.
size_t nemo_bounds(const NemoMasks* blocks, size_t count, size_t size, uint32_t* to);
size_t nemo_bounds_avx2(const NemoMasks* blocks, size_t count, size_t size, uint32_t* to);
size_t nemo_bounds_avx512(const NemoMasks* blocks, size_t count, size_t size, uint32_t* to);

// Places of "\n", one after the other; `to` has room for two more.
void nemo_breaks(const NemoMasks* blocks, size_t count, uint32_t* to);
void nemo_breaks_avx2(const NemoMasks* blocks, size_t count, uint32_t* to);
void nemo_breaks_avx512(const NemoMasks* blocks, size_t count, uint32_t* to);

// How many words have neither an ASCII letter nor a byte above ASCII. Where others have to be looked at joins `look` of their blocks: the first
// byte above ASCII of a word, where no ASCII letter stands before it, and the first byte of a word that begins with #.
uint64_t nemo_blind(NemoMasks* blocks, size_t count);
uint64_t nemo_blind_avx2(NemoMasks* blocks, size_t count);
uint64_t nemo_blind_avx512(NemoMasks* blocks, size_t count);

// str.count: places of `needle` (three bytes or more) in text that do not overlap.
size_t nemo_count(const char* text, size_t size, const char* needle, size_t needle_size);
size_t nemo_count_avx2(const char* text, size_t size, const char* needle, size_t needle_size);
size_t nemo_count_avx512(const char* text, size_t size, const char* needle, size_t needle_size);

}  // namespace millrace::text
