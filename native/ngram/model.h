#pragma once
// A back-off n-gram model in memory.
//
// N-grams stand in one hash table per order, keyed exactly by (place of the n-gram without its first word, first word): 16 bytes each and
// 12 at the highest order, in lines of the cache at a load of four sevenths. Looking one up goes from its last word leftwards, mostly one
// line a step, and stops where the model has no longer n-gram: what KenLM's probing model does with 64-bit hashes of n-grams, but no two
// n-grams can be mistaken for one another. Places of different words do not depend on each other, so lookups are interleaved (score.cc).
#include <array>
#include <bit>
#include <cmath>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "native/base/error.h"
#include "native/ngram/hash.h"

namespace millrace::ngram {

inline constexpr const char* kBadModel = "BAD_MODEL";  // the file is no model, or a broken one; the message begins with where
inline constexpr int kMaxOrder = 6;
inline constexpr uint32_t kUnknown = 0;  // the id of <unk>
inline constexpr uint32_t kNone = UINT32_MAX;
inline constexpr float kZero = -99;  // log10 of a probability of zero, as SRILM writes it

// How texts become words: part of a model, because scores mean nothing under another one. See words.h.
enum class Words : uint32_t { spaces = 0, simple = 1 };

struct Weights {
  float log10;    // log10 of the probability
  float backoff;  // log10 of the weight of shorter n-grams behind this context; 0 where it is none
};
// In a table, signs say when a search may stop. log10, which is never above 0, is stored as a positive number (or +0) where a longer n-gram
// ends in this one; a backoff of -0 says that no longer n-gram begins with it.
inline Weights stored(Weights weights) { return {-std::fabs(weights.log10), weights.backoff == 0 ? -0.0f : weights.backoff}; }
inline float log10_of(const Weights& in_table) { return -std::fabs(in_table.log10); }
inline bool extends_left(const Weights& in_table) { return !std::signbit(in_table.log10); }
inline bool extends_right(float backoff) { return std::bit_cast<uint32_t>(backoff) != 0x80000000u; }
inline void extend_left(Weights& in_table) { in_table.log10 = std::fabs(in_table.log10); }
inline void extend_right(Weights& in_table) { in_table.backoff += 0.0f; }  // -0 + 0 = 0

struct WordSlot {
  uint32_t tag, id, offset, length;  // id kNone: empty
};
// N-grams of a hash table, a cache line of them: key (parent << 32 | word), or kEmpty from the first free place on. Lines that are full go on
// in the next one. A place is the number of the line × kLanes + the place in it.
inline constexpr uint64_t kEmpty = UINT64_MAX;
struct alignas(64) Line {
  static constexpr size_t kLanes = 4;
  uint64_t keys[kLanes];
  Weights weights[kLanes];
};
struct alignas(64) TopLine {
  static constexpr size_t kLanes = 5;
  uint64_t keys[kLanes];
  float log10[kLanes];
  uint32_t zero;
};
static_assert(sizeof(Line) == 64 && sizeof(TopLine) == 64 && sizeof(WordSlot) == 16);

inline uint64_t edge(uint32_t parent, uint32_t word) { return uint64_t{parent} << 32 | word; }

// The place of a key in a table, from line `at` on; kNone where it is not. Every table has a free place, so that the search ends.
template <class L>
uint32_t find(std::span<const L> table, uint64_t key, size_t at) {
  while (true) {
    const L& line = table[at];
    // No branch on what is compared: which lane it is cannot be foreseen.
    uint32_t same = 0;
#pragma GCC unroll 5
    for (uint32_t i = 0; i < L::kLanes; ++i) same |= static_cast<uint32_t>(line.keys[i] == key) << i;
    if (same != 0) return static_cast<uint32_t>(at * L::kLanes) + static_cast<uint32_t>(__builtin_ctz(same));
    if (line.keys[L::kLanes - 1] == kEmpty) return kNone;
    if (++at == table.size()) at = 0;
  }
}
inline const Weights& weights_at(std::span<const Line> table, uint32_t place) { return table[place / Line::kLanes].weights[place % Line::kLanes]; }
inline float log10_at(std::span<const TopLine> table, uint32_t place) { return table[place / TopLine::kLanes].log10[place % TopLine::kLanes]; }

class Model {
 public:
  Model() = default;
  Model(const Model&) = delete;
  Model& operator=(const Model&) = delete;
  ~Model();

  // Reads an ARPA file (plain, gzip or zstd) or a binary one, told apart by their first bytes. BAD_MODEL where it is neither, is cut short or
  // contradicts itself; IO where it cannot be read. A binary file is mapped, after its digest and its tables were checked.
  static Error load(const std::string& path, std::unique_ptr<Model>& out);
  // The binary form: little-endian, the tables as they are, with a version and a digest. The same model gives the same bytes.
  Error save(const std::string& path) const;

  int order() const { return order_; }
  Words words() const { return words_; }
  size_t vocabulary() const { return unigrams_.size(); }
  uint64_t count(int order) const { return counts_[order - 1]; }
  uint32_t begin_sentence() const { return bos_; }
  uint32_t end_sentence() const { return eos_; }

  std::span<const WordSlot> word_slots() const { return word_slots_; }
  std::span<const char> letters() const { return letters_; }
  std::span<const Weights> unigrams() const { return unigrams_; }
  std::span<const Line> middle(int order) const { return middle_[order - 2]; }  // orders 2 … order() - 1
  std::span<const TopLine> top() const { return top_; }                         // the highest order, from 2 on

  // The id of a word; kUnknown where the model does not have it.
  uint32_t id(std::string_view word) const { return id(word, hash_word(word)); }
  uint32_t id(std::string_view word, uint64_t hash) const {
    for (size_t at = place(hash, word_slots_.size());;) {
      const WordSlot& slot = word_slots_[at];
      if (slot.id == kNone) return kUnknown;
      if (slot.tag == static_cast<uint32_t>(hash) && slot.length == word.size() &&
          same_bytes(letters_.data() + slot.offset, word.data(), word.size()))
        return slot.id;
      if (++at == word_slots_.size()) at = 0;
    }
  }

 private:
  friend class ModelBuilder;
  struct Header;
  Header header() const;
  Error map(const std::string& path, int file, uint64_t size);
  Error check() const;

  int order_ = 0;
  Words words_ = Words::spaces;
  uint32_t bos_ = 0, eos_ = 0;
  std::array<uint64_t, kMaxOrder> counts_{};
  // Views of the vectors below, or of the mapped file.
  std::span<const WordSlot> word_slots_;
  std::span<const char> letters_;
  std::span<const Weights> unigrams_;
  std::array<std::span<const Line>, kMaxOrder - 2> middle_;
  std::span<const TopLine> top_;

  std::vector<WordSlot> own_word_slots_;
  std::vector<char> own_letters_;
  std::vector<Weights> own_unigrams_;
  std::array<std::vector<Line>, kMaxOrder - 2> own_middle_;
  std::vector<TopLine> own_top_;
  void* mapped_ = nullptr;
  size_t mapped_size_ = 0;
};

}  // namespace millrace::ngram
