#include "native/tokenizer/presplit.h"

#include <array>

#include "native/base/cpu.h"
#include "native/tokenizer/deepseek.h"
#include "native/tokenizer/scan.h"
#include "native/tokenizer/scan_blocks.h"

namespace millrace::tokenizer {
namespace {

constexpr uint8_t kNotPunctuation = kSpace | kLetter | kNumber;

template <Rules R>
bool upper(uint8_t classes) {
  return (classes & kUpper) || (R.han == Han::kLetters && (classes & kHan) && (classes & (kLetter | kMark)));
}
template <Rules R>
bool lower(uint8_t classes) {
  return (classes & kLower) || (R.han == Han::kLetters && (classes & kHan) && (classes & (kLetter | kMark)));
}

// A*B+ at `at`, as a backtracking matcher finds it; `at` itself if it does not match. A* takes all it can; if no B follows, it gives back
// characters until the last one that is in both sets, and B+ then has that one alone, since only characters outside B come after it.
template <Rules R>
size_t lower_word_end(std::string_view text, size_t at) {
  size_t i = at, shared = at;
  while (i < text.size()) {
    const Character c = character_at(text, i);
    if (!upper<R>(c.classes)) {
      if (!lower<R>(c.classes)) break;
      do {
        i = lower_end(text, i);
        if (!beyond_ascii(text, i)) return i;
        const Character next = character_at(text, i);
        if (!lower<R>(next.classes)) return i;
        i += next.bytes;
      } while (i < text.size());
      return i;
    }
    i += c.bytes;
    if (lower<R>(c.classes)) shared = i;
  }
  return shared;
}

// A+ at `at`. B* adds nothing: it is asked only where A*B+ does not match, so no B follows the A's.
template <Rules R>
size_t upper_word_end(std::string_view text, size_t at) {
  size_t i = at;
  while (i < text.size()) {
    const Character c = character_at(text, i);
    if (!upper<R>(c.classes)) break;
    i += c.bytes;
  }
  return i;
}

// Both word alternatives at `at`, where an ASCII letter stands.
template <Rules R>
size_t cased_end(std::string_view text, size_t at) {
  const size_t upper = upper_end(text, at), end = lower_end(text, upper);
  if (!beyond_ascii(text, end)) return contraction_end<R.fold>(text, end);
  if (const size_t found = lower_word_end<R>(text, at); found > at) return contraction_end<R.fold>(text, found);
  return contraction_end<R.fold>(text, upper_word_end<R>(text, at));
}

// Both word alternatives, each with and then without the leading character; 0 if none matches.
template <Rules R>
size_t cased_word_end(std::string_view text, size_t at, const Character& first) {
  const size_t next = at + first.bytes;
  const bool leads = !(first.classes & (kLetter | kNumber)) && !is_newline(first.code) && next < text.size();
  const bool word = upper<R>(first.classes) || lower<R>(first.classes);
  for (auto end_of : {lower_word_end<R>, upper_word_end<R>}) {
    if (leads)
      if (const size_t end = end_of(text, next); end > next) return contraction_end<R.fold>(text, end);
    if (word)
      if (const size_t end = end_of(text, at); end > at) return contraction_end<R.fold>(text, end);
  }
  return 0;
}

template <Rules R>
size_t word_end(std::string_view text, size_t at, const Character& first) {
  const size_t next = at + first.bytes;
  if (is_ascii_letter(text[at])) return R.cased ? cased_end<R>(text, at) : run_end(text, at, kLetter);
  const bool leads = R.any_lead ? !(first.classes & (kLetter | kNumber)) && !is_newline(first.code) : first.code == ' ';
  // A mark may lead a word, but is also one of its letters, and cased words then have four ways to match.
  if (leads && !(R.cased && (first.classes & kMark)) && next < text.size() && is_ascii_letter(text[next])) return R.cased ? cased_end<R>(text, next) : run_end(text, next, kLetter);
  if constexpr (R.cased) return cased_word_end<R>(text, at, first);
  if (first.classes & kLetter) return run_end(text, at, kLetter);
  if (leads && beyond_ascii(text, next) && (character_at(text, next).classes & kLetter)) return run_end(text, next, kLetter);
  return 0;
}

// \p{N} once, up to three times, or as often as it comes; the first is known to match.
template <Rules R>
size_t number_end(std::string_view text, size_t at) {
  for (int n = 0; at < text.size() && (R.digits == 0 || n < R.digits); ++n) {
    const Character c = character_at(text, at);
    if (!(c.classes & kNumber)) break;
    at += c.bytes;
  }
  return at;
}

// [^\s\p{L}\p{N}]+ and what belongs to it, of which the first character is known to match.
template <Rules R>
size_t punctuation_end(std::string_view text, size_t at) {
  size_t i = at;
  while (i < text.size()) {
    const Character c = character_at(text, i);
    if (c.classes & kNotPunctuation) break;
    i += c.bytes;
  }
  while (R.newlines && i < text.size() && (is_newline(static_cast<uint8_t>(text[i])) || (R.slash && text[i] == '/'))) ++i;
  return i;
}

template <Rules R>
size_t piece_end(std::string_view text, size_t at) {
  const Character first = character_at(text, at);
  if constexpr (!R.cased)
    if (const size_t end = contraction_end<R.fold>(text, at); end > at) return end;
  if (const size_t end = word_end<R>(text, at, first)) return end;
  const size_t next = at + first.bytes;
  if (first.classes & kNumber) return number_end<R>(text, at);
  if (R.digits == 0 && first.code == ' ' && next < text.size() && (character_at(text, next).classes & kNumber)) return number_end<R>(text, next);
  if (R.han != Han::kLetters && (first.classes & kHan)) {
    size_t i = next;
    while (R.han == Han::kRun && beyond_ascii(text, i)) {
      const Character c = character_at(text, i);
      if (!(c.classes & kHan)) break;
      i += c.bytes;
    }
    return i;
  }
  if (!(first.classes & kNotPunctuation)) return punctuation_end<R>(text, at);
  if (first.code == ' ' && next < text.size() && !(character_at(text, next).classes & kNotPunctuation)) return punctuation_end<R>(text, next);
  return space_end<R.newlines>(text, at, [](const Character&) { return true; });
}

template <Rules R>
size_t split_by(Blocks blocks, std::string_view text, size_t at, std::span<uint32_t> ends) {
  size_t n = 0;
  while (n < ends.size() && at < text.size()) {
    if (const size_t found = blocks(text.data(), text.size(), at, ends.data() + n, ends.size() - n)) {
      n += found;
      at = ends[n - 1];
      if (at == text.size()) break;
    }
    if (n && ends.size() - n < kBlockRoom) break;
    at = piece_end<R>(text, at);
    ends[n++] = static_cast<uint32_t>(at);
  }
  return n;
}

struct Classify {
  static constexpr auto kMasks = [] {
    std::array<std::array<bool, 9>, 256> of{};
    for (uint32_t c = 0; c < 256; ++c)
      of[c] = {c - 'A' < 26, c - 'a' < 26, c - '0' < 10, c == ' ', c == ' ' || c - '\t' < 5, c == '\n' || c == '\r', c >= 0x80, c == '\'', c == '/'};
    return of;
  }();
  static void masks(const char* s, Masks& m) {
    uint64_t all[9] = {};
    for (unsigned i = 0; i < 64; ++i)
      for (unsigned k = 0; k < 9; ++k) all[k] |= static_cast<uint64_t>(kMasks[static_cast<uint8_t>(s[i])][k]) << i;
    m = {all[0], all[1], all[2], all[3], all[4], all[5], all[6], all[7], all[8]};
  }
};

Blocks blocks_of(Pattern pattern) {
  switch (active_isa()) {
    case Isa::avx512: return blocks_avx512(static_cast<int>(pattern));
    case Isa::avx2: return blocks_avx2(static_cast<int>(pattern));
    default: return blocks_by<Classify>(static_cast<int>(pattern));
  }
}

}  // namespace

size_t split(Pattern pattern, std::string_view text, size_t at, std::span<uint32_t> ends) {
  const Blocks blocks = blocks_of(pattern);
  switch (pattern) {
    case Pattern::kMillrace: return split_by<kRules[0]>(blocks, text, at, ends);
    case Pattern::kMillraceRun: return split_by<kRules[1]>(blocks, text, at, ends);
    case Pattern::kGpt2: return split_by<kRules[2]>(blocks, text, at, ends);
    case Pattern::kCl100k: return split_by<kRules[3]>(blocks, text, at, ends);
    case Pattern::kO200k: return split_by<kRules[4]>(blocks, text, at, ends);
    case Pattern::kQwen2: return split_by<kRules[5]>(blocks, text, at, ends);
    case Pattern::kDeepseekV3: return split_deepseek(text, at, ends);
  }
  return 0;
}

}  // namespace millrace::tokenizer
