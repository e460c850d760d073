#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "native/base/error.h"
#include "native/base/span.h"

namespace millrace::tokenizer {

struct Merge {
  uint32_t left, right, id;
  bool operator==(const Merge&) const = default;
};

struct Trained {
  std::vector<std::string> tokens;  // tokens[i] are the bytes of id kFirstMerge + i
  std::vector<Merge> merges;        // in order of rank; more than tokens where one string has several ways to be made
};

struct TrainOptions {
  uint32_t vocabulary;         // ids in all, at least kFirstMerge
  uint64_t min_count = 0;      // no pair below it is merged (0 as 1)
  uint64_t max_memory = 0;     // bytes; only with `folder`: what is above it lies in files there
  std::string folder = {};     // empty: everything in memory
};

// Byte-level BPE (Sennrich et al. 2016) from pieces with their counts.
//
// Gives the merges of Hugging Face's BpeTrainer (tokenizers 0.22) with 256 special tokens and the byte alphabet: the most frequent pair
// first, ties to the smaller (left, right); a merge whose string exists takes its id. That includes how it keeps its books: a queued pair
// knows only the pieces in which it arose at that step, a merged pair keeps its count, and a pair merged twice has the later rank. Where
// pairs run out there are fewer tokens than asked for, and the caller decides. Nothing depends on the order of pieces, on how they are cut
// into calls of `add`, on a piece that comes again with another count, or on memory.
class Trainer {
 public:
  // kArgument if the vocabulary is too small.
  static Error open(const TrainOptions& options, std::unique_ptr<Trainer>& out);
  ~Trainer();

  // kShape if pieces and counts disagree, kIo where the system refuses room.
  Error add(const TextColumn& pieces, std::span<const uint64_t> counts);
  // Once, after the last piece.
  Error run(Trained& out);
  // Arrays that did not fit into memory.
  uint32_t moved() const;

 private:
  class State;
  explicit Trainer(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

// All of it in memory.
Error train(const TextColumn& pieces, std::span<const uint64_t> counts, uint32_t vocabulary, uint64_t min_count, Trained& out);

}  // namespace millrace::tokenizer
