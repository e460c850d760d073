#pragma once
#include <cstdint>
#include <string_view>
#include <vector>

#include "native/base/error.h"
#include "native/fasttext/bytes.h"

namespace millrace::fasttext {

// The numbers at the head of a model file, in its order (fastText's Args).
struct Header {
  int32_t dim = 16, ws = 5, epoch = 5, min_count = 1, negatives = 5, word_ngrams = 1, loss = 3, model = 3, bucket = 0, minn = 0, maxn = 0, lr_update_rate = 100;
  double sampling = 1e-4;

  bool has_subwords() const { return maxn > 0 && minn <= maxn; }
  bool has_buckets() const { return has_subwords() || word_ngrams > 1; }
  Error read(Reader& reader);
  void write(std::vector<uint8_t>& out) const;
};

inline constexpr std::string_view kEndOfLine = "</s>", kLabelPrefix = "__label__";

// FNV-1a over signed characters, as fastText has it: a byte above 127 sets the upper 24 bits too.
inline constexpr uint32_t kHashStart = 2166136261u;
inline uint32_t hash_on(uint32_t hash, char c) { return (hash ^ static_cast<uint32_t>(static_cast<int32_t>(static_cast<signed char>(c)))) * 16777619u; }
inline uint32_t hash_of(std::string_view word) {
  uint32_t hash = kHashStart;
  for (char c : word) hash = hash_on(hash, c);
  return hash;
}

// Words, labels and which n-grams have a row: from a token to the rows of the input matrix that stand for it.
class Dictionary {
 public:
  struct Entry {
    std::string_view text;
    int64_t count;
  };

  // Words and labels as they are numbered. The texts are copied.
  Error make(const Header& header, const std::vector<Entry>& words, const std::vector<Entry>& labels, int64_t tokens);
  Error read(Reader& reader, const Header& header);
  void write(std::vector<uint8_t>& out) const;

  size_t words() const { return words_; }
  size_t labels() const { return entries_.size() - words_; }
  std::string_view label(size_t i) const { return text(words_ + i); }
  int64_t label_count(size_t i) const { return entries_[words_ + i].count; }
  const Header& header() const { return header_; }
  bool pruned() const { return pruned_ >= 0; }
  // Rows that the input matrix must have.
  uint64_t rows() const { return rows_; }

  // Number of a word, or -1; labels count as words() and up.
  int32_t find(std::string_view word, uint32_t hash) const;

  // The rows of a token in fastText's order are its own, if it has one, then those of its n-grams by place and length.
  // Appends the token's own. False if the token is a label, which has no rows and takes no part in n-grams of words.
  bool append_word(std::string_view token, uint32_t hash, std::vector<uint32_t>& rows) const;
  bool has_subwords(std::string_view token) const { return header_.has_subwords() && token != kEndOfLine; }
  // Appends those of the n-grams of `bounded` (the token between < and >) that begin at byte `from` and behind, until `rows` holds `most`
  // or a little more. Gives where to go on: bounded.size() at the end.
  size_t append_subwords(std::string_view bounded, size_t from, size_t most, std::vector<uint32_t>& rows) const;

  // Appends the row of an n-gram of words from the hash of its words, where it has one.
  void append_ngram(uint64_t hash, std::vector<uint32_t>& rows) const { append_bucket(static_cast<uint32_t>(hash % bucket_), rows); }

 private:
  struct Word {
    uint64_t at;
    int64_t count;
    uint32_t length, hash;
  };
  struct Kept {
    int32_t id, row;  // id -1: an empty place
  };

  std::string_view text(size_t i) const { return {texts_.data() + entries_[i].at, entries_[i].length}; }
  Error index();
  Error read_pruned(Reader& reader);
  void append_bucket(uint32_t id, std::vector<uint32_t>& rows) const;
  // hash % bucket by two products (Lemire, Kaser, Kurz 2019).
  uint32_t bucket_of(uint32_t hash) const {
    const uint64_t low = reciprocal_ * hash;
    return static_cast<uint32_t>((static_cast<unsigned __int128>(low) * bucket_) >> 64);
  }

  Header header_;
  std::string texts_;
  std::vector<Word> entries_;
  std::vector<int32_t> table_;  // open addressing: place -> entry, -1 where empty
  size_t words_ = 0;
  int64_t tokens_ = 0, pruned_ = -1;
  uint64_t rows_ = 0, bucket_ = 1, reciprocal_ = 0;
  // Of a pruned dictionary: a sieve of one bit an id, and behind it a table from id to row.
  std::vector<uint64_t> sieve_;
  std::vector<Kept> kept_;
};

}  // namespace millrace::fasttext
