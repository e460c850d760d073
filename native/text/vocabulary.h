#pragma once
#include <array>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include "native/text/english.h"
#include "native/text/interner.h"
#include "native/text/words.h"

namespace millrace::text {

// How text is split into words.
enum class Words : uint8_t {
  simple = 0,  // native/text/words.h
  spacy = 1,   // spaCy 3.8's English tokenizer, as datatrove asks it: tokens stripped, empty ones dropped
};

// What rules ask of a word.
enum WordFlag : uint8_t {
  kReal = 1,          // has a character that is no punctuation
  kAlphabetic = 2,    // has a letter
  kStop = 4,          // one of Gopher's eight; which one in the upper three bits
  kFollows = 8,       // belongs to the sentence that ended before it
  kEnds = 16,         // ends a sentence
  kStopShift = 5,
};

// Sentences over words, as spaCy's sentencizer counts them: one ends at a word that ends sentences and the marks behind it.
class SentenceCount {
 public:
  void add(uint8_t flags) {
    if (count_ == 0) count_ = 1;
    if (ended_ && !(flags & kFollows)) {
      ++count_;
      ended_ = false;
    } else if (flags & kEnds) {
      ended_ = true;
    }
  }
  // White space that is a token to spaCy, between two words.
  void blank() {
    count_ += ended_;
    ended_ = false;
  }
  bool open() const { return ended_; }  // the next word may begin a sentence
  uint64_t count() const { return count_; }

 private:
  uint64_t count_ = 0;
  bool ended_ = false;
};

// Numbers words 0, 1, 2, … and remembers, over documents, into which words a chunk falls, as most chunks of a document were seen in earlier
// ones. Memory is bounded: it forgets between documents what is above kKeep. What it remembers changes no result.
//
// Tables compare in full. Their hash is keyed by chance for each process, so that no text can be made to collide; no result depends on it.
class Vocabulary {
 public:
  explicit Vocabulary(Words words);

  Words words() const { return words_; }

  // Begins a document: numbers that were given before are of no use from here on.
  void begin();

  struct Split {
    const uint32_t* words;
    uint32_t count;
  };
  // The words of a chunk, which is not empty. Valid until the next call. `readable` bytes may be read from chunk.data().
  Split split(std::string_view chunk, size_t readable) {
    if (chunk.size() > kShort) return split_long(chunk);
    const Key key = short_key(chunk, readable);
    const ShortSlot& slot = find_short(chunks_, key);
    if (slot.count == 0) return split_new(chunk, key);
    return {slot.count <= kInline ? slot.words.data() : lists_.data() + slot.words[0], slot.count};
  }

  // True if a chunk since begin() had more words than English::kMostPending: what was split since then is of no use.
  bool overflowed() const { return overflowed_; }

  uint32_t characters(uint32_t word) const { return infos_[word].characters; }
  uint32_t bytes(uint32_t word) const { return infos_[word].bytes; }
  uint8_t flags(uint32_t word) const { return infos_[word].flags; }

  // Numbers of words within one document, in the order of first sight: `next` if it is the first time since begin().
  uint32_t local(uint32_t word, uint32_t next) {
    Seen& seen = seen_[word];
    if (seen.document != document_) seen = {document_, next};
    return seen.number;
  }

 private:
  static constexpr size_t kKeep = 1 << 16;       // words, and chunks
  static constexpr size_t kKeepBytes = 4 << 20;  // of what does not fit a slot
  static constexpr size_t kShort = 15;           // bytes that fit a slot together with their number
  static constexpr uint32_t kInline = 3;         // words of a chunk that fit its slot

  struct Key {
    uint64_t low = 0, high = 0;
    bool operator==(const Key&) const = default;
  };
  struct ShortSlot {
    Key key;
    uint32_t count = 0;                        // 0: free
    std::array<uint32_t, kInline> words = {};  // or, above kInline, words[0] is their place in lists_
  };
  struct LongSlot {
    uint64_t hash = 0;
    uint32_t at = 0, size = 0;       // in arena_; size 0: free
    uint32_t first = 0, second = 0;  // of a chunk: its place in lists_ and how many words; of a word: its number
  };
  struct Info {
    uint32_t characters, bytes;
    uint8_t flags;
  };
  struct Seen {
    uint32_t document, number;
  };

  // The bytes, with how many they are in the last place, so that keys are equal where texts are.
  static Key short_key(std::string_view text, size_t readable) {
    const auto first = [](uint64_t bytes, size_t count) { return bytes & (~uint64_t{0} >> (64 - 8 * count)); };
    Key key;
    if (readable < 16) {
      std::memcpy(&key, text.data(), text.size());
    } else {
      std::memcpy(&key, text.data(), 16);
      key.low = text.size() < 8 ? first(key.low, text.size()) : key.low;
      key.high = text.size() > 8 ? first(key.high, text.size() - 8) : 0;
    }
    key.high |= uint64_t{text.size()} << 56;
    return key;
  }
  size_t hash(const Key& key) const { return fold(key.low ^ low_, key.high ^ high_); }
  ShortSlot& find_short(std::vector<ShortSlot>& table, const Key& key) const {
    const size_t mask = table.size() - 1;
    for (size_t i = hash(key) & mask;; i = (i + 1) & mask)
      if (table[i].key == key || table[i].count == 0) return table[i];
  }
  LongSlot& find_long(std::vector<LongSlot>& table, std::string_view text, uint64_t hash) const;
  void grow_short(std::vector<ShortSlot>& table);
  void grow_long(std::vector<LongSlot>& table);
  void store_long(LongSlot& slot, std::string_view text, uint64_t hash);
  Split split_new(std::string_view chunk, const Key& key);
  Split split_long(std::string_view chunk);
  void find(std::string_view chunk);
  uint32_t number(const Word& word);
  uint32_t add_info(const Word& word);
  void forget();

  const Words words_;
  const uint64_t low_, high_;  // keys of the hash
  English english_;
  uint32_t document_ = 0;
  bool overflowed_ = false;
  std::vector<ShortSlot> chunks_, short_words_;
  std::vector<LongSlot> long_chunks_, long_words_;
  size_t chunk_count_ = 0, long_chunk_count_ = 0, short_word_count_ = 0, long_word_count_ = 0;
  std::vector<Info> infos_;
  std::vector<Seen> seen_;
  std::vector<uint32_t> lists_, found_;
  std::string arena_;
};

}  // namespace millrace::text
