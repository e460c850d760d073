#pragma once
#include <cstdint>
#include <string_view>
#include <vector>

#include "native/text/words.h"

namespace millrace::text {

namespace english {
class Tables;
}

// English words and sentences as datatrove 0.10 has them: tokens of spaCy 3.8's blank English pipeline and spans of its sentencizer
// (tokenizer.pyx, lang/en, lang/punctuation.py, pipeline/sentencizer.pyx; tables in english_tables.inc). Against `simple` in words.h:
// exceptions (can|not, St., 10|a.m.), clitics (he|'s), hyphens, addresses and emoticons are split or kept as spaCy does. Token for token
// equal to the package; its one fault, that the word IS_ALPHA can raise an error, is not copied.
//
// Words never contain white space. Unlike in words.h a word of punctuation can have several characters ("...", "--", ":)"): Word::punctuation
// says that every character is of PUNCTUATION_SET, which is what Gopher's rules ask. A word can begin with a mark and not be punctuation.

// One per thread: holds buffers, nothing that a result depends on. Time is linear in the text, also for one giant chunk; memory is bounded
// by kMostPending tokens.
class English {
 public:
  // Tokens that may wait for a decision at one time: those of one chunk between white space, and of neighbours that may join to an
  // exception. Honest text stays below 100; 8 million take about 0.5 GB.
  static constexpr size_t kMostPending = 1 << 23;

  // Calls visit(const Word&) for every token that is not white space, in order: split_into_words(text, "eng"). `text` is valid UTF-8 and must
  // outlive the views. False where a chunk has more than kMostPending tokens: what was visited until then is of no use.
  template <class Visit>
  bool for_each_word(std::string_view text, Visit&& visit) {
    return scan(text, visit, [](std::string_view) {});
  }

  // Calls sentence(std::string_view) for every span of split_into_sentences' span_tokenize, in order. Sentences of sent_tokenize are these,
  // stripped, without those that are then empty.
  template <class Sentence>
  bool for_each_sentence(std::string_view text, Sentence&& sentence) {
    return scan(text, [](const Word&) {}, sentence);
  }

  // Both in one pass: a sentence is reported when all its words have been visited.
  template <class Visit, class Sentence>
  bool scan(std::string_view text, Visit&& visit, Sentence&& sentence) {
    begin(text);
    const char *start = text.data(), *end = start;
    bool ended = false;  // a mark that ends sentences has come, and since then nothing but punctuation
    while (fill()) {
      for (const Token& token : tokens_) {
        if (ended && !(token.flags & (kMark | kEnd))) {
          sentence(std::string_view(start, end - start));
          start = token.word.text.data();
          ended = false;
        } else if (token.flags & kEnd) {
          ended = true;
        }
        end = token.word.text.data() + token.word.text.size();
        if (!(token.flags & kBlank)) visit(token.word);
      }
    }
    if (end > start) sentence(std::string_view(start, end - start));
    return !gave_up_;
  }

  // For those who remember words by chunk (what stands between white space). The words of a chunk depend on its neighbours in one case only:
  // where parts of it joined to an exception (foo|:) ) that a longer one with parts of the next chunk would have taken (foo|:|) ) for :)) ).
  // True if the last text had a join and may have such neighbours: then ask for_each_word_of instead of remembering.
  bool joined() const { return joined_any_ && open_edges_; }

  // The words of `chunk`, a view into `text`, as for_each_word(text) visits them.
  template <class Visit>
  bool for_each_word_of(std::string_view text, std::string_view chunk, Visit&& visit) {
    return for_each_word(context(text, chunk), [&](const Word& word) {
      if (word.text.data() >= chunk.data() && word.text.data() < chunk.data() + chunk.size()) visit(word);
    });
  }

 private:
  enum Flag : uint16_t {
    kPlain = 1,    // of ASCII letters
    kBlank = 2,    // white space, which spaCy keeps as a token
    kMark = 4,     // is_punct: every character is of a category P
    kEnd = 8,      // one of the sentencizer's punct_chars
    kLinked = 16,  // it and the token before it are neighbours in an exception that finished tokens can join to
    kTaken = 32,   // inside a longer or earlier such exception
  };
  static constexpr uint16_t kUnknown = UINT16_MAX;
  struct Token {
    Word word;
    uint16_t flags;
    uint16_t part;  // number among the parts of such exceptions, 0: none, kUnknown: not looked up yet
  };
  struct Match {
    uint32_t start;
    uint16_t count, exception;
  };

  static std::string_view context(std::string_view text, std::string_view chunk);
  void begin(std::string_view text);
  bool fill();  // the next tokens, finished; false at the end
  bool is_mark_behind(const char* from, const char* at) const;
  void add_letters(const char* from, const char* to);
  void chunk(const char* from, const char* to);
  void inner(const char* from, const char* to);
  void add(const char* from, const char* to);
  void add_special(uint16_t place, const char* from);
  void push(const Token& token);
  uint16_t part(Token& token) const;
  void join();

  const char *begin_ = nullptr, *at_ = nullptr, *end_ = nullptr;
  bool gave_up_ = false, any_linked_ = false, joined_any_ = false;
  bool open_edges_ = false;  // the first or the last token can have a neighbour outside, or they were not looked at
  const english::Tables* tables_ = nullptr;
  const uint8_t* classes_ = nullptr;
  std::vector<Token> tokens_, joined_;
  std::vector<Match> matches_;
  std::vector<const char*> suffixes_;  // where each one begins, last one first
};

}  // namespace millrace::text
