#pragma once
#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "native/fasttext/dictionary.h"

namespace millrace::fasttext {

// fastText's white space. A new line counts as a space: a text is one line.
inline bool separates(char c) { return c == ' ' || (c >= '\t' && c <= '\r') || c == 0; }

// Calls visit(token) for every token and "</s>" at the end; a token "</s>" inside a text ends it, as it does in fastText.
template <class Visit>
void for_each_token(std::string_view text, Visit&& visit) {
  const char *at = text.data(), *end = at + text.size();
  while (at < end) {
    if (separates(*at)) {
      ++at;
      continue;
    }
    const char* start = at;
    while (at < end && !separates(*at)) ++at;
    const std::string_view token(start, static_cast<size_t>(at - start));
    if (token == kEndOfLine) break;
    visit(token);
  }
  visit(kEndOfLine);
}

// Remembers the rows of short words, so that most words of a text are looked up instead of cut into n-grams. What it gives is what the
// dictionary gives, remembered or not; it is emptied when full. One for a thread.
class Words {
 public:
  struct Found {
    uint32_t hash;  // fastText's
    bool word;      // false for a label
  };

  explicit Words(const Dictionary& dictionary);

  // Calls sink(ids, count) with consecutive runs of the token's rows.
  template <class Sink>
  Found read(std::string_view token, Sink&& sink) {
    if (token.size() <= kMostLength)
      if (const Place* place = remembered(token)) {
        sink(rows_.data() + place->first, place->count);
        return {place->hash, place->word};
      }
    const uint32_t hash = hash_of(token);
    once_.clear();
    if (!dictionary_.append_word(token, hash, once_)) return {hash, false};
    if (dictionary_.has_subwords(token)) {
      bind(token);
      for (size_t at = 0; at < bounded_.size();) {
        at = dictionary_.append_subwords(bounded_, at, kRun, once_);
        sink(once_.data(), once_.size());
        once_.clear();
      }
    }
    sink(once_.data(), once_.size());
    return {hash, true};
  }

 private:
  static constexpr size_t kPlaces = size_t{1} << 16, kMostWords = kPlaces / 2, kMostRows = size_t{1} << 20, kMostLength = 32, kProbes = 8, kRun = 1024;
  struct Place {
    uint64_t key = 0;  // 0: empty
    uint32_t text = 0, first = 0, count = 0, hash = 0;
    uint16_t length = 0;
    bool word = false;
  };

  // Null where its neighbourhood in the table is full.
  const Place* remembered(std::string_view token);
  void remember(std::string_view token, uint64_t key, Place& place);
  void bind(std::string_view token);

  const Dictionary& dictionary_;
  std::vector<Place> places_;
  std::string texts_;
  std::vector<uint32_t> rows_, once_;
  std::string bounded_;
  size_t used_ = 0;
};

// Rows of a whole text in fastText's order: sink(ids, count) is called with consecutive runs of them. Gives how many there are.
template <class Sink>
uint64_t for_each_row(std::string_view text, Words& words, const Dictionary& dictionary, std::vector<int32_t>& hashes, std::vector<uint32_t>& scratch,
                      Sink&& sink) {
  uint64_t total = 0;
  const int32_t n = dictionary.header().word_ngrams;
  hashes.clear();
  for_each_token(text, [&](std::string_view token) {
    const auto found = words.read(token, [&](const uint32_t* ids, size_t count) {
      total += count;
      sink(ids, count);
    });
    if (n > 1 && found.word) hashes.push_back(static_cast<int32_t>(found.hash));
  });
  if (n <= 1) return total;
  const auto pass_on = [&] {
    total += scratch.size();
    sink(scratch.data(), scratch.size());
    scratch.clear();
  };
  scratch.clear();
  for (size_t i = 0; i < hashes.size(); ++i) {
    // A hash of 32 bits is signed when it becomes one of 64: fastText's files depend on it.
    uint64_t hash = static_cast<uint64_t>(static_cast<int64_t>(hashes[i]));
    for (size_t j = i + 1; j < hashes.size() && j < i + static_cast<size_t>(n); ++j) {
      hash = hash * 116049371 + static_cast<uint64_t>(static_cast<int64_t>(hashes[j]));
      dictionary.append_ngram(hash, scratch);
    }
    if (scratch.size() >= 1024) pass_on();
  }
  pass_on();
  return total;
}

}  // namespace millrace::fasttext
