#include "native/tokenizer/presplit.h"

#include <array>

#include "native/tokenizer/deepseek.h"
#include "native/tokenizer/scan.h"

namespace millrace::tokenizer {
namespace {

enum class Han { kLetters, kSingle, kRun };

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

constexpr uint8_t kNotPunctuation = kSpace | kLetter | kNumber;

template <Rules R>
bool upper(uint8_t classes) {
  return (classes & kUpper) || (R.han == Han::kLetters && (classes & kHan) && (classes & (kLetter | kMark)));
}
template <Rules R>
bool lower(uint8_t classes) {
  return (classes & kLower) || (R.han == Han::kLetters && (classes & kHan) && (classes & (kLetter | kMark)));
}

// What may stand first in a word of ASCII letters: one of them, or an ASCII character that leads a word.
template <Rules R>
inline constexpr std::array<bool, 256> kPlainLead = [] {
  std::array<bool, 256> of{};
  for (uint32_t c = 0; c < 128; ++c) {
    const bool letter = (c | 0x20) - 'a' < 26, digit = c - '0' < 10;
    of[c] = letter || (R.any_lead ? !digit && !is_newline(c) && (R.cased || c != '\'') : c == ' ');
  }
  return of;
}();

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

#if defined(__SSE2__)
// A piece that ends within 16 bytes of ASCII, which most do: classes of all 16 at once, then counts of bits, with few branches that depend
// on the text. 0: it is for the scan by characters.
template <Rules R>
inline size_t quick_end(std::string_view text, size_t at) {
  if (at + 16 > text.size()) return 0;
  const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(text.data() + at));
  const auto first = static_cast<uint8_t>(text[at]);
  const uint32_t beyond = static_cast<uint32_t>(_mm_movemask_epi8(bytes));
  const uint32_t lower = in_range(bytes, R.cased ? 0 : 0x20, 'a', 26), upper = R.cased ? in_range(bytes, 0, 'A', 26) : 0, letters = lower | upper;
  // Past the last of the 16 nothing is known, and beyond ASCII only the scan by characters can tell.
  const auto ends = [&](size_t end) { return end < 16 && !(beyond >> end & 1) ? at + end : 0; };

  const uint32_t lead = ~letters & 1;
  const auto up = static_cast<size_t>(std::countr_one(upper >> lead)), low = static_cast<size_t>(std::countr_one(lower >> (lead + up)));
  if (up + low > 0 && kPlainLead<R>[first]) {
    const size_t end = ends(lead + up + low);
    return R.cased && end && text[end] == '\'' ? contraction_end<R.fold>(text, end) : end;
  }
  const uint32_t digits = in_range(bytes, 0, '0', 10);
  const uint32_t space = first == ' ';
  if (R.digits > 0 ? digits & 1 : digits >> space & 1) {
    if (R.digits == 1) return at + 1;
    const auto run = static_cast<size_t>(std::countr_one(digits >> (R.digits ? 0 : space)));
    return R.digits && run >= static_cast<size_t>(R.digits) ? at + static_cast<size_t>(R.digits) : ends((R.digits ? 0 : space) + run);
  }
  const uint32_t spaces = in_range(bytes, 0, '\t', 5) | static_cast<uint32_t>(_mm_movemask_epi8(_mm_cmpeq_epi8(bytes, _mm_set1_epi8(' '))));
  const uint32_t marks = ~(letters | digits | spaces | beyond) & 0xFFFF;
  if (marks >> space & 1) {
    if (!R.cased && first == '\'') return 0;
    size_t end = ends(space + static_cast<size_t>(std::countr_one(marks >> space)));
    if (R.newlines && end)
      while (end < text.size() && (is_newline(static_cast<uint8_t>(text[end])) || (R.slash && text[end] == '/'))) ++end;
    return end;
  }
  if (!(spaces & 1)) return 0;
  const auto run = static_cast<size_t>(std::countr_one(spaces));
  if (!ends(run)) return 0;
  if (R.newlines) {
    const uint32_t newlines = static_cast<uint32_t>(_mm_movemask_epi8(
        _mm_or_si128(_mm_cmpeq_epi8(bytes, _mm_set1_epi8('\n')), _mm_cmpeq_epi8(bytes, _mm_set1_epi8('\r')))));
    if (const uint32_t inside = newlines & ((1u << run) - 1)) return at + static_cast<size_t>(std::bit_width(inside));
  }
  return at + (run > 1 ? run - 1 : 1);
}
#else
template <Rules R>
inline size_t quick_end(std::string_view, size_t) { return 0; }
#endif

template <Rules R>
size_t piece_end(std::string_view text, size_t at) {
  if (const size_t end = quick_end<R>(text, at)) return end;
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
size_t split_by(std::string_view text, size_t at, std::span<uint32_t> ends) {
  size_t n = 0;
  while (n < ends.size() && at < text.size()) {
    at = piece_end<R>(text, at);
    ends[n++] = static_cast<uint32_t>(at);
  }
  return n;
}

constexpr Rules kMillrace{true, true, true, 1, Han::kSingle, true, true};
constexpr Rules kMillraceRun{true, true, true, 1, Han::kRun, true, true};
constexpr Rules kGpt2{false, false, false, 0, Han::kLetters, false, false};
constexpr Rules kCl100k{false, true, true, 3, Han::kLetters, false, true};
constexpr Rules kO200k{true, true, true, 3, Han::kLetters, true, true};
constexpr Rules kQwen2{false, true, true, 1, Han::kLetters, false, true};

}  // namespace

size_t split(Pattern pattern, std::string_view text, size_t at, std::span<uint32_t> ends) {
  switch (pattern) {
    case Pattern::kMillrace: return split_by<kMillrace>(text, at, ends);
    case Pattern::kMillraceRun: return split_by<kMillraceRun>(text, at, ends);
    case Pattern::kGpt2: return split_by<kGpt2>(text, at, ends);
    case Pattern::kCl100k: return split_by<kCl100k>(text, at, ends);
    case Pattern::kO200k: return split_by<kO200k>(text, at, ends);
    case Pattern::kQwen2: return split_by<kQwen2>(text, at, ends);
    case Pattern::kDeepseekV3: return split_deepseek(text, at, ends);
  }
  return 0;
}

}  // namespace millrace::tokenizer
