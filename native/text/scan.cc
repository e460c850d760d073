#include "native/text/scan.h"

#include <algorithm>
#include <cstring>
#if defined(__SSE2__)
#include <emmintrin.h>
#endif

#include "native/text/characters.h"
#include "native/text/scan_masks.h"

namespace millrace::text {
namespace {

// Finds where simple chunks end, block by block. An addition carries from a chunk's beginning through a run of letters or digits to what is
// behind it: white space, or a mark before white space.
class SimpleChunks {
 public:
  // `chunk`: bytes of chunks; `starts`: their first ones. One bit behind each simple chunk; the next block has the one behind its last byte.
  uint64_t next(const ScanMasks& m, uint64_t chunk, uint64_t starts) {
    const uint64_t opened = starts & m.opening, first = (starts & ~opened) | opened << 1 | opening_;
    opening_ = opened >> 63;
    const uint64_t landed = behind(m.letters, first, letters_) | behind(m.digits, first, digits_);
    const uint64_t stoppable = m.digits | (m.lowers & ~first);
    const uint64_t mark = landed & m.closing & (~m.dots | stoppable << 1 | stoppable_);
    stoppable_ = stoppable >> 63;
    const uint64_t ends = (landed | mark << 1 | mark_) & ~chunk;
    mark_ = mark >> 63;
    return ends;
  }
  // Behind a text that ends with a block.
  uint64_t last() const { return letters_ | digits_ | mark_; }

 private:
  static uint64_t behind(uint64_t run, uint64_t first, uint64_t& carry) {
    uint64_t sum;
    const bool one = __builtin_add_overflow(run, first & run, &sum), two = __builtin_add_overflow(sum, carry, &sum);
    carry = one | two;
    return sum & ~run;
  }
  uint64_t opening_ = 0, letters_ = 0, digits_ = 0, stoppable_ = 0, mark_ = 0;
};

}  // namespace

void Scan::read(std::string_view text, Chunks chunks) {
  constexpr size_t kBlocks = 32;  // at a time
  text_ = text;
  chunks_ = breaks_count_ = 0;
  ascii_ = true;
  dots_ = false;
  if (chunks == kSimple && simple_.size() <= text.size() / 64) simple_.resize(std::max(text.size() / 64 + 1, 2 * simple_.size()));
  uint64_t dot = 0;  // 1: the byte before this block is a full stop
  const uint8_t* classes = class_table();
  size_t bounds = 0;
  uint64_t inside = 0;     // 1: the byte before this block belongs to a chunk
  uint64_t overhang = 0;   // bytes of this block that belong to white space that began in the last one
  ScanTotals totals;
  SimpleChunks simple;
  ScanMasks masks[kBlocks];
  for (size_t tile = 0; tile < text.size(); tile += 64 * kBlocks) {
    const size_t tile_size = std::min(text.size() - tile, 64 * kBlocks), blocks = (tile_size + 63) / 64;
    scan_masks(text.data() + tile, tile_size, masks, totals);
    if (bounds + tile_size + 64 > bounds_.size()) bounds_.resize(std::max(bounds + tile_size + 64, 2 * bounds_.size()));
    if (breaks_count_ + tile_size > breaks_.size()) breaks_.resize(std::max(breaks_count_ + tile_size, 2 * breaks_.size()));
    for (size_t b = 0; b < blocks; ++b) {
      ScanMasks& m = masks[b];
      const size_t block = tile + 64 * b;
      dots_ |= (m.dots & (m.dots << 1 | dot)) != 0;
      dot = m.dots >> 63;
      m.space |= overhang;
      overhang = 0;
      if (m.high) {
        ascii_ = false;
        for (uint64_t left = m.wide; left; left &= left - 1) {
          const int i = __builtin_ctzll(left);
          const auto [code, bytes] = decode(text.data() + block + i);
          if (!(classes[code] & kSpace)) continue;
          m.space |= ((uint64_t{1} << bytes) - 1) << i;
          if (i + bytes > 64) overhang = (uint64_t{1} << (i + bytes - 64)) - 1;
          if (classes[code] & kLineBreak) m.breaks |= uint64_t{1} << i;
        }
      }
      const auto base = static_cast<uint32_t>(block);
      for (uint64_t left = m.breaks; left; left &= left - 1) breaks_[breaks_count_++] = base + static_cast<uint32_t>(__builtin_ctzll(left));
      if (chunks == kNone) continue;
      // What is behind the text ends chunks as white space does.
      if (text.size() - block < 64) m.space |= ~uint64_t{0} << (text.size() - block);
      const uint64_t chunk = ~m.space, turns = chunk ^ (chunk << 1 | inside);
      inside = chunk >> 63;
      if (chunks == kSimple) simple_[block / 64] = simple.next(m, chunk, turns & chunk);
      for (uint64_t left = turns; left; left &= left - 1) bounds_[bounds++] = base + static_cast<uint32_t>(__builtin_ctzll(left));
    }
  }
  if (inside) {
    if (bounds == bounds_.size()) bounds_.resize(bounds + 1);
    bounds_[bounds++] = static_cast<uint32_t>(text.size());
    if (chunks == kSimple) simple_[text.size() / 64] = simple.last();
  }
  chunks_ = bounds / 2;
  continuations_ = totals.continuations;
  newlines_ = totals.newlines;
  hashes_ = totals.hashes;
}

ClassCounts Scan::classes() const {
  const uint8_t* classes = class_table();
  ClassCounts counts;
  const char *at = text_.data(), *end = at + text_.size();
  while (at < end) {
#if defined(__SSE2__)
    if (end - at >= 16) {
      const __m128i v = _mm_loadu_si128(reinterpret_cast<const __m128i*>(at));
      if (_mm_movemask_epi8(v) == 0) {
        const auto count = [](__m128i shifted, char span) {
          const __m128i within = _mm_cmpeq_epi8(_mm_min_epu8(shifted, _mm_set1_epi8(span)), shifted);
          return static_cast<uint64_t>(__builtin_popcount(static_cast<unsigned>(_mm_movemask_epi8(within))));
        };
        const uint64_t uppers = count(_mm_sub_epi8(v, _mm_set1_epi8('A')), 25), digits = count(_mm_sub_epi8(v, _mm_set1_epi8('0')), 9);
        counts.spaces += count(_mm_sub_epi8(v, _mm_set1_epi8('\t')), 4) + count(_mm_sub_epi8(v, _mm_set1_epi8(0x1c)), 4);
        const uint64_t letters = uppers + count(_mm_sub_epi8(v, _mm_set1_epi8('a')), 25);
        counts.letters += letters;
        counts.uppers += uppers;
        counts.decimals += digits;
        counts.alphanumerics += letters + digits;
        at += 16;
        continue;
      }
    }
#endif
    // Up to the next place where many can be taken at once.
    for (const char* stop = std::min(end, at + 16); at < stop;) {
      const auto [code, bytes] = decode(at);
      const uint8_t c = classes[code];
      counts.letters += (c & kLetter) != 0;
      counts.decimals += (c & kDecimal) != 0;
      counts.alphanumerics += (c & kAlphanumeric) != 0;
      counts.uppers += (c & kUpper) != 0;
      counts.spaces += (c & kSpace) != 0;
      at += bytes;
    }
  }
  return counts;
}

}  // namespace millrace::text
