#pragma once
#include <cstdint>
#include <string_view>

#include "native/text/characters.h"

namespace millrace::text {

// The splitter named `simple`: chunks between white space; each punctuation character at a chunk's ends is a token of its own; what is
// inside (don't, well-known, example.com) stays. It needs no language and no tables of exceptions; published word counts come from
// spaCy's or NLTK's tokenizers and differ by some percent. A token of punctuation is always one character.
struct Word {
  std::string_view text;
  uint32_t characters;  // length in code points
  bool punctuation;     // one character of kPunctuation; else the word begins with another kind of character
  bool letter;          // has at least one letter
};

// Code points per class, summed over what was read.
struct ClassCounts {
  uint64_t letters = 0, decimals = 0, alphanumerics = 0, uppers = 0, spaces = 0;
};

// Calls visit(word) for every token, in order, and counts the classes of all characters.
template <class Visit>
void for_each_word(std::string_view text, ClassCounts& counts, Visit&& visit) {
  const uint8_t* classes = class_table();
  const char *at = text.data(), *end = at + text.size();
  const auto count = [&](uint8_t c) {
    counts.letters += (c >> 2) & 1;
    counts.decimals += (c >> 3) & 1;
    counts.alphanumerics += (c >> 4) & 1;
    counts.uppers += (c >> 5) & 1;
  };
  while (at < end) {
    const char* start = at;
    uint8_t any = 0;
    uint32_t space = 0;
    size_t continuations = 0;
    while (at < end) {
      const auto byte = static_cast<uint8_t>(*at);
      uint32_t code = byte, bytes = 1;
      if (byte >= 0x80) {
        const auto decoded = decode(at);
        code = decoded.code;
        bytes = decoded.bytes;
      }
      const uint8_t c = classes[code];
      if (c & kSpace) {
        space = bytes;
        break;
      }
      count(c);
      any |= c;
      continuations += bytes - 1;
      at += bytes;
    }
    const char* stop = at;
    at += space;
    counts.spaces += space != 0;
    if (start == stop) continue;
    if (!(any & kPunctuation)) {
      const std::string_view whole(start, stop - start);
      visit(Word{whole, static_cast<uint32_t>(whole.size() - continuations), false, (any & kLetter) != 0});
      continue;
    }
    const auto mark = [&](const char* from, uint32_t bytes) { visit(Word{{from, bytes}, 1, true, false}); };
    while (start < stop) {
      const auto [code, bytes] = decode(start);
      if (!(classes[code] & kPunctuation)) break;
      mark(start, bytes);
      start += bytes;
    }
    const char* inner = stop;
    while (inner > start) {
      const auto [code, bytes] = decode_before(inner);
      if (!(classes[code] & kPunctuation)) break;
      inner -= bytes;
    }
    if (inner > start) {
      const std::string_view core(start, inner - start);
      visit(Word{core, static_cast<uint32_t>(count_characters(core)), false, (any & kLetter) != 0});
    }
    while (inner < stop) {
      const uint32_t bytes = decode(inner).bytes;
      mark(inner, bytes);
      inner += bytes;
    }
  }
}

// Sentences as spaCy's sentencizer counts them over the tokens: one ends at a token of TERMINAL_PUNCTUATION and the marks behind it.
class SentenceCounter {
 public:
  void add(const Word& word) {
    const bool ends = word.punctuation && (class_table()[decode(word.text.data()).code] & kSentenceEnd);
    if (count_ == 0) count_ = 1;
    if (seen_end_ && !word.punctuation) {
      ++count_;
      seen_end_ = false;
    } else if (ends) {
      seen_end_ = true;
    }
  }
  uint64_t count() const { return count_; }

 private:
  uint64_t count_ = 0;
  bool seen_end_ = false;
};

}  // namespace millrace::text
