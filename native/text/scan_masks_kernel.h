// The pass of scan_masks.h for one instruction set. Included once by each of scan_masks.cc, scan_avx2.cc and scan_avx512.cc, with a type that holds 64
// bytes and answers masks: everything here has internal linkage, so that no other file gets code of a stronger set.
#include <cstring>

#include "native/text/scan_masks.h"

namespace millrace::text {
namespace {

template <class Bytes>
inline void scan_block(const char* at, ScanMasks& block, ScanTotals& totals) {
  const Bytes bytes(at);
  const auto ones = [](uint64_t mask) { return static_cast<uint64_t>(__builtin_popcountll(mask)); };
  const uint64_t separators = bytes.within(0x1c, 0x1f), controls = bytes.within('\t', '\r'), newline = bytes.is('\n');
  block.space = bytes.is(' ') | controls | separators;
  block.breaks = (controls & ~bytes.is('\t')) | (separators & ~bytes.is(0x1f));
  block.high = bytes.above_ascii();
  block.letters = bytes.lowered().within('a', 'z');
  block.lowers = bytes.within('a', 'z');
  block.digits = bytes.within('0', '9');
  block.dots = bytes.is('.');
  const uint64_t quotes = bytes.is('"') | bytes.is('\'');
  block.opening = quotes | bytes.is('(') | bytes.is('[');
  block.closing = quotes | block.dots | bytes.is(',') | bytes.within(':', ';') | bytes.is('?') | bytes.is('!') | bytes.is(')') | bytes.is(']');
  block.wide = 0;
  totals.newlines += ones(newline);
  totals.hashes += ones(bytes.is('#'));
  if (!block.high) return;
  block.wide = bytes.is(0xc2) | bytes.within(0xe1, 0xe3);
  totals.continuations += ones(bytes.within(0x80, 0xbf));
}

template <class Bytes>
inline void scan_all(const char* text, size_t size, ScanMasks* blocks, ScanTotals& totals) {
  size_t at = 0;
  for (; at + 64 <= size; at += 64) scan_block<Bytes>(text + at, *blocks++, totals);
  if (at == size) return;
  char last[64] = {};
  std::memcpy(last, text + at, size - at);
  scan_block<Bytes>(last, *blocks, totals);
}

}  // namespace
}  // namespace millrace::text
