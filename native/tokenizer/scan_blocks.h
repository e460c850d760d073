#pragma once
// Pieces of ASCII, 64 bytes at a time: one bit a byte for each class, and from these, by a few operations on words, one bit for each start of a
// piece. A block begins where a piece does, and no pattern looks back, so that nothing is carried from block to block; what the block cannot
// tell (beyond ASCII, white space or a contraction at its end) is left to the scan by characters. Included by one file for each instruction
// set, which brings a `Classify`: everything here has internal linkage.
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>

namespace millrace::tokenizer {

enum class Han : uint8_t { kLetters, kSingle, kRun };

// In what the patterns differ; patterns.md has their texts.
struct Rules {
  bool cased;       // words are A*B+ or A+B* with a contraction behind, else \p{L}+ with contractions before all else
  bool fold;        // contractions in any case
  bool any_lead;    // one character before a word: any but \r, \n, letter, number; else a space
  int digits;       // the most digits of a piece; 0: any number, with a space before them
  Han han;
  bool slash;       // [\r\n/]* behind punctuation
  bool newlines;    // \s*[\r\n]+ is a piece, and punctuation takes line ends with it
};

inline constexpr Rules kRules[] = {
    {true, true, true, 1, Han::kSingle, true, true},     // millrace
    {true, true, true, 1, Han::kRun, true, true},        // millrace-run
    {false, false, false, 0, Han::kLetters, false, false},  // gpt2
    {false, true, true, 3, Han::kLetters, false, true},  // cl100k
    {true, true, true, 3, Han::kLetters, true, true},    // o200k
    {false, true, true, 1, Han::kLetters, false, true},  // qwen2
};

// Ends of pieces from `at` on, as long as blocks can tell them and `room` is at least kBlockRoom: how many. at < size.
using Blocks = size_t (*)(const char* text, size_t size, size_t at, uint32_t* ends, size_t room);
inline constexpr size_t kBlockRoom = 64;

// Classes of 64 bytes.
struct Masks {
  uint64_t upper, lower, digit, blank, space, newline, beyond, quote, slash;  // blank: ' ' alone; space: \s
};

namespace {

constexpr uint64_t below(unsigned bit) { return bit < 64 ? (uint64_t{1} << bit) - 1 : ~uint64_t{0}; }

// '(s|t|re|ve|m|ll|d) at `s`, of `left` bytes, whose first is known: its length, 0 if there is none.
template <bool Fold>
inline unsigned contraction_length(const char* s, size_t left) {
  const auto lower = [&](size_t i) { return i < left ? static_cast<char>(Fold ? s[i] | 0x20 : s[i]) : '\0'; };
  switch (lower(1)) {
    case 's': case 't': case 'm': case 'd': return 2;
    case 'r': case 'v': return lower(2) == 'e' ? 3 : 0;
    case 'l': return lower(2) == 'l' ? 3 : 0;
    default: return 0;
  }
}

// Starts of pieces among the first `known` bytes of `s`, which are ASCII. The bit of byte 0 means nothing. `last`: the text ends there; false
// afterwards if the last piece is for the scan by characters all the same.
template <Rules R>
inline uint64_t starts_of(const Masks& m, const char* s, unsigned known, bool& last) {
  const uint64_t in = below(known);
  const uint64_t upper = m.upper & in, lower = m.lower & in, letter = upper | lower, digit = m.digit & in, space = m.space & in, blank = m.blank & in;
  const uint64_t newline = R.newlines ? m.newline & in : 0, mark = in & ~(letter | digit | space);

  const uint64_t marks = mark & ~(mark << 1 | blank << 1);
  uint64_t letters = R.any_lead ? letter & ~(letter << 1 | (space & ~newline) << 1 | marks << 1) : letter & ~(letter << 1 | blank << 1);
  if (R.cased) letters |= upper & lower << 1;

  uint64_t digits = R.digits == 1 ? digit : digit & ~(digit << 1);
  if (R.digits == 0) digits &= ~(blank << 1);
  if (R.digits == 3)
    for (uint64_t next = digits, four = digit & digit << 1 & digit << 2; (next = next << 3 & four);) digits |= next;

  // Line ends right behind punctuation belong to it: adding the first of a run to the run clears it.
  const uint64_t taken = newline & ~(newline + (newline & mark << 1));
  const uint64_t white = space & ~taken, blanks = white & ~newline;
  const uint64_t firsts = white & ~(white << 1), lasts = blanks & (in & ~space) >> 1;
  uint64_t behind = blanks & (newline & ~taken) << 1;  // behind the last line end of a run
  for (uint64_t wrong = (blanks + behind) & ~blanks & newline & ~taken; wrong; wrong &= wrong - 1) {
    const uint64_t before = behind & below(static_cast<unsigned>(std::countr_zero(wrong)));
    behind &= ~(uint64_t{1} << (63 - std::countl_zero(before)));
  }
  uint64_t starts = marks | letters | digits | firsts | lasts | behind;

  uint64_t trusted = ~uint64_t{0};
  if (!last && known && space >> (known - 1)) {  // how a run of white space goes on is not known
    const auto run = static_cast<unsigned>(std::countl_one(space << (64 - known)));
    trusted = below(known - run) | firsts;
  }
  if (R.slash)
    if (const uint64_t more = taken << 1 & m.slash & in) {
      trusted &= below(static_cast<unsigned>(std::countr_zero(more)));
      last = false;
    }
  unsigned end = 0;
  for (uint64_t quotes = m.quote & (R.cased ? mark & letter << 1 : marks); quotes; quotes &= quotes - 1) {
    const auto at = static_cast<unsigned>(std::countr_zero(quotes));
    if (at + 3 > known && !last) {
      trusted &= below(R.cased ? at : at + 1);
      break;
    }
    if (R.cased && at == end) continue;  // it stands behind a contraction, and so leads a word
    const unsigned length = contraction_length<R.fold>(s + at, known - at);
    if (!length) continue;
    end = at + length;
    starts &= ~(below(end) & ~below(R.cased ? at : at + 1));
    if (end < 64) starts |= letter & uint64_t{1} << end;
  }
  return starts & trusted & in;
}

template <Rules R, class Classify>
size_t blocks(const char* text, size_t size, size_t at, uint32_t* ends, size_t room) {
  size_t n = 0;
  while (n + kBlockRoom <= room && at < size) {
    const size_t left = size - at;
    if ((text[at] | text[left > 1 ? at + 1 : at]) & 0x80) break;
    Masks m;
    if (left >= 64) {
      Classify::masks(text + at, m);
    } else {
      char rest[64] = {};
      std::memcpy(rest, text + at, left);
      Classify::masks(rest, m);
    }
    const auto known = static_cast<unsigned>(std::countr_zero(m.beyond | ~below(left < 64 ? static_cast<unsigned>(left) : 64)));
    bool last = known == left;
    uint64_t starts = starts_of<R>(m, text + at, known, last) & ~uint64_t{1};
    const size_t before = n;
    for (; starts; starts &= starts - 1) ends[n++] = static_cast<uint32_t>(at) + static_cast<uint32_t>(std::countr_zero(starts));
    if (last) {
      ends[n++] = static_cast<uint32_t>(size);
      break;
    }
    if (n == before) break;
    at = ends[n - 1];
  }
  return n;
}

template <class Classify>
Blocks blocks_by(int pattern) {
  switch (pattern) {
    case 0: return blocks<kRules[0], Classify>;
    case 1: return blocks<kRules[1], Classify>;
    case 2: return blocks<kRules[2], Classify>;
    case 3: return blocks<kRules[3], Classify>;
    case 4: return blocks<kRules[4], Classify>;
    case 5: return blocks<kRules[5], Classify>;
    default: return nullptr;
  }
}

}  // namespace

// By number of the pattern; nullptr where it has none.
Blocks blocks_avx2(int pattern);
Blocks blocks_avx512(int pattern);

}  // namespace millrace::tokenizer
