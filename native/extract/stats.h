#pragma once
#include "native/extract/blocks.h"

namespace millrace::extract {

// What one block's text looks like. Languages with and without spaces are brought to one scale: a `mass` of 1 is a letter of an alphabet,
// an ideograph, kana or Hangul syllable or Thai letter counts for more, in the proportion that translations have.
struct Stats {
  float mass = 0, linked = 0;      // of characters that are not white space; of those inside links
  uint32_t words = 0, linked_words = 0;
  uint32_t stops = 0;              // function words of any of fifteen languages; for scripts without spaces an estimate
  uint32_t commas = 0, ends = 0;   // pauses; ends of sentences
  uint32_t digits = 0, capitals = 0, uppers = 0;  // digits; words that begin with a capital; words all in capitals
  uint32_t letters = 0;            // alphabetic characters, ideographs included
  uint32_t foreign = 0;            // characters of scripts without spaces
  uint32_t currency = 0, separators = 0, symbols = 0, questions = 0;
  uint32_t links = 0, images = 0, breaks = 0, formulas = 0;
  uint32_t years = 0;              // numbers from 1900 to 2099
  uint8_t starts = 0;              // 0 nothing, 1 capital, 2 small letter, 3 digit, 4 other
  uint8_t last = 0;                // 0 other, 1 end of a sentence, 2 colon, 3 ellipsis, 4 comma or dash, 5 closing bracket or quote
  bool copyright = false, at = false, address = false;
  uint64_t hash = 0;               // of words and ideographs, case folded: the same text, numbers, marks and white space aside
  uint32_t first_word = 0, word_count = 0;  // range of `words` below; only short blocks have it
};

// Hashes of words (case folded), for short texts.
struct Words {
  static constexpr float kShort = 90;  // mass up to which a block's words are kept
  std::vector<uint32_t> hashes;
};

// Reads a block once. `in_link`: the container lies within a link. `unread`: as if the script had no spaces, for training models that hold for
// pages whose words they do not know.
void read_stats(const Page& page, const Block& block, bool in_link, Stats& stats, Words& words, bool unread = false);

// The same for text that is not in the tree.
void read_stats(std::string_view text, Stats& stats, Words& words);

// Hash of one ASCII word of a class or an id, case folded.
constexpr uint32_t word_hash(std::string_view word) {
  uint32_t h = 2166136261u;
  for (char c : word) h = (h ^ static_cast<uint8_t>(c >= 'A' && c <= 'Z' ? c | 32 : c)) * 16777619u;
  return h;
}

// Hash of one word of a text, of at most kLongestWord bytes and case folded, by words of eight bytes (the last one filled up with zeros).
inline constexpr size_t kLongestWord = 48;
constexpr uint64_t text_hash_step(uint64_t hash, uint64_t word) {
  hash = (hash ^ word) * 0x9e3779b97f4a7c15ull;
  return hash ^ hash >> 29;
}
constexpr uint64_t text_word_hash(std::string_view word) {
  uint64_t hash = word.size();
  for (size_t i = 0; i < word.size(); i += 8) {
    uint64_t part = 0;
    for (size_t k = 0; k < 8 && i + k < word.size(); ++k) part |= uint64_t(static_cast<uint8_t>(word[i + k])) << (8 * k);
    hash = text_hash_step(hash, part);
  }
  return hash;
}

}  // namespace millrace::extract
