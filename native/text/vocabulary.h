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

void* large_pages(size_t bytes);
void free_large_pages(void* from, size_t bytes);

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

// kStop and which one, for a stop word; else 0.
uint8_t stop_flags(std::string_view word);
// All flags of a word.
uint8_t word_flags(Words words, const Word& word);

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

// Memory of large tables in large pages, where the system grants them: looking words up is bound by memory, and half of that by its pages.
template <class T>
struct LargePages {
  using value_type = T;
  LargePages() = default;
  template <class U>
  LargePages(const LargePages<U>&) {}
  T* allocate(size_t count) { return static_cast<T*>(large_pages(count * sizeof(T))); }
  void deallocate(T* from, size_t count) { free_large_pages(from, count * sizeof(T)); }
  bool operator==(const LargePages&) const = default;
};

struct ChunkKey {
  uint64_t low = 0, high = 0;
  bool operator==(const ChunkKey&) const = default;
};

// What the first 0 … 15 of 16 bytes are.
inline constexpr std::array<ChunkKey, 16> kFirstBytes = [] {
  std::array<ChunkKey, 16> masks;
  for (size_t size = 1; size < 16; ++size) {
    masks[size].low = size >= 8 ? ~uint64_t{0} : ~uint64_t{0} >> (64 - 8 * size);
    masks[size].high = size <= 8 ? 0 : ~uint64_t{0} >> (128 - 8 * size);
  }
  return masks;
}();

// Numbers words 0, 1, 2, … and remembers, over documents, into which words a chunk falls, as most chunks of a document were seen in earlier
// ones. Memory is bounded, at some 20 MB: it forgets between documents what is above kKeep. What it remembers changes no result.
//
// Its table compares in full. The hash is keyed by chance for each process, so that no text can be made to collide; no result depends on it.
class Vocabulary {
 public:
  explicit Vocabulary(Words words);

  Words words() const { return words_; }

  // Begins a document: numbers that were given before are of no use from here on.
  void begin();

  // A chunk of at most kShort bytes: the bytes, with how many they are in the last place, so that keys are equal where texts are.
  static constexpr size_t kShort = 15;
  using Key = ChunkKey;
  static Key key(std::string_view text, size_t start, size_t size) {
    Key key;
    if (text.size() - start < 16) {
      std::memcpy(&key, text.data() + start, size);
    } else {
      std::memcpy(&key, text.data() + start, 16);
      key.low &= kFirstBytes[size].low;
      key.high &= kFirstBytes[size].high;
    }
    key.high |= uint64_t{size} << 56;
    return key;
  }
  // Inlined by force, as the compiler takes a function that only fetches for one without effect and leaves out its calls.
  [[gnu::always_inline]] void prefetch(const Key& key) const { __builtin_prefetch(&slots_[hash(key) & (slots_.size() - 1)]); }

  struct Split {
    const uint32_t* words;
    uint32_t count;
  };
  // The words of a chunk of `text`, with its key if it has one. Valid until the next call.
  Split split(std::string_view text, std::string_view chunk, const Key& key) {
    const Slot& slot = find(key);
    if (slot.count - 1 >= kAsk - 1) return split_new(text, chunk, key);
    return {slot.count <= kInline ? slot.words.data() : lists_.data() + slot.words[0], slot.count};
  }
  // The same, appended to a list that has room for kInline more; how many there are.
  static constexpr uint32_t kInline = 2;  // words of a chunk that fit its slot
  static constexpr uint32_t kMore = UINT32_MAX;
  uint32_t split_short(const Key& key, uint32_t* to) {
    const Slot& slot = find(key);
    std::memcpy(to, slot.words.data(), sizeof slot.words);
    return slot.count - 1 < kInline ? slot.count : kMore;
  }
  Split split_long(std::string_view text, std::string_view chunk);
  Split split(std::string_view text, std::string_view chunk) {
    if (chunk.size() > kShort) return split_long(text, chunk);
    return split(text, chunk, key(text, static_cast<size_t>(chunk.data() - text.data()), chunk.size()));
  }
  // True if a chunk since begin() had more words than English::kMostPending: what was split since then is of no use.
  bool overflowed() const { return overflowed_; }

  uint8_t flags(uint32_t word) const { return flags_[word]; }

  // What a document needs to know of a word; `number` is the word's number in it, if `document` is its.
  struct Info {
    uint32_t document, number, characters, bytes;
  };
  Info& info(uint32_t word) { return infos_[word]; }
  uint32_t document() const { return document_; }
  [[gnu::always_inline]] void prefetch(uint32_t word) const { __builtin_prefetch(&infos_[word]); }

 private:
  static constexpr size_t kKeep = 1 << 17;        // words and chunks
  static constexpr size_t kKeepBytes = 4 << 20;   // of what does not fit a slot
  static constexpr uint32_t kAsk = UINT32_MAX;    // count of a chunk whose words depend on its neighbours

  // Of a text: its number as a word, and the words that it falls into as a chunk.
  struct Slot {
    Key key;
    uint32_t word = 0;                        // number + 1; 0: not seen as a word
    uint32_t count = 0;                       // 0: not seen as a chunk
    std::array<uint32_t, kInline> words = {};  // or, above kInline, words[0] is their place in lists_
  };
  struct LongSlot {
    uint64_t hash = 0;
    uint32_t at = 0, size = 0;  // in arena_; size 0: free
    uint32_t word = 0, count = 0, list = 0;
  };

  size_t hash(const Key& key) const { return fold(key.low ^ low_, key.high ^ high_); }
  Slot& find(const Key& key) {
    const size_t mask = slots_.size() - 1;
    for (size_t i = hash(key) & mask;; i = (i + 1) & mask)
      if (slots_[i].key == key || slots_[i].key.high == 0) return slots_[i];
  }
  LongSlot& find_long(std::string_view text, uint64_t hash);
  Slot& add(const Key& key);
  LongSlot& add_long(std::string_view text, uint64_t hash);
  Split split_new(std::string_view text, std::string_view chunk, const Key& key);
  bool find_words(std::string_view chunk);
  bool find_simple(std::string_view chunk);
  Split ask(std::string_view text, std::string_view chunk);
  uint32_t number(const Word& word);
  uint32_t add_word(const Word& word);
  void forget();

  const Words words_;
  const uint64_t low_, high_;  // keys of the hash
  English english_;
  uint32_t document_ = 0;
  bool overflowed_ = false;
  std::vector<Slot, LargePages<Slot>> slots_;
  std::vector<LongSlot> long_slots_;
  size_t count_ = 0, long_count_ = 0;
  std::vector<Info, LargePages<Info>> infos_;
  std::vector<uint8_t> flags_;
  std::vector<uint32_t> lists_, found_;
  std::string arena_;
};

}  // namespace millrace::text
