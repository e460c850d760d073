#pragma once
// How texts become sentences of words for a language model.
//
// `spaces`: words lie between space, tab, LF, CR, VT and FF, as KenLM's query splits; the text, or each of its lines (by LF) with words, is a
// sentence. For models of others.
//
// `simple`: what our models are trained on and score. Words are those of native/text/words.h (chunks between white space, marks at a chunk's
// ends apart), ASCII letters in lower case and ASCII digits as 0, so that neither the start of a sentence nor a number makes a word unknown;
// NUL bytes are left out. A word of more than 256 bytes is unknown; training leaves it out. A line is at least one sentence; within a line a sentence ends at a mark of
// TERMINAL_PUNCTUATION and the marks behind it; after 1,024 words it ends anyway. So a document is one stream of sentences, whose lengths
// no hostile text can stretch.
#include <array>
#include <string>
#include <string_view>

#include "native/ngram/model.h"
#include "native/text/characters.h"
#include "native/text/words.h"

namespace millrace::ngram {

inline constexpr size_t kLongestWord = 256, kLongestSentence = 1024;

inline bool parts_words(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

// Calls visit(word) for each word of `spaces`.
template <class Visit>
void for_each_chunk(std::string_view text, Visit&& visit) {
  const char *at = text.data(), *end = at + text.size();
  while (true) {
    while (at < end && parts_words(*at)) ++at;
    if (at == end) return;
    const char* start = at;
    while (at < end && !parts_words(*at)) ++at;
    visit(std::string_view(start, at - start));
  }
}

// The form in which a word of `simple` is known; written to `to`, which has room for it. Returns its length; 0 where nothing is left.
inline size_t simplify(std::string_view word, char* to) {
  static constexpr auto kForm = [] {
    std::array<char, 256> form{};
    for (int c = 0; c < 256; ++c) form[c] = static_cast<char>(c >= 'A' && c <= 'Z' ? c + 32 : c >= '0' && c <= '9' ? '0' : c);
    return form;
  }();
  char* out = to;
  for (const char c : word) {
    *out = kForm[static_cast<uint8_t>(c)];
    out += c != 0;
  }
  return static_cast<size_t>(out - to);
}

// Calls word(view) for each word of `simple`, before its form, and end() behind each sentence. The text is well-formed UTF-8.
template <class Word, class End>
void for_each_sentence(std::string_view text, Word&& word, End&& end) {
  const uint8_t* classes = text::class_table();
  text::ClassCounts unused;
  text::for_each_line(text, [&](std::string_view line) {
    size_t words = 0;
    bool ended = false;
    text::for_each_word(line, unused, [&](const text::Word& token) {
      if ((ended && !token.punctuation) || words == kLongestSentence) {
        end();
        words = 0;
        ended = false;
      }
      if (token.punctuation && (classes[text::decode(token.text.data()).code] & text::kSentenceEnd)) ended = true;
      word(token.text);
      ++words;
    });
    if (words > 0) end();
  });
}

}  // namespace millrace::ngram
