#pragma once
#include <cstdint>
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

// Byte-level BPE (Sennrich et al. 2016) from distinct pieces with their counts, up to `vocabulary` ids in all (at least kFirstMerge).
//
// Gives the merges of Hugging Face's BpeTrainer (tokenizers 0.22) with 256 special tokens and the byte alphabet: the most frequent pair
// first, ties to the smaller (left, right); a merge whose string exists takes its id. That includes how it keeps its books: a queued pair
// knows only the pieces in which it arose at that step, a merged pair keeps its count, and a pair merged twice has the later rank. No pair
// below min_count (0 as 1) is merged; where pairs run out there are fewer tokens than asked for, and the caller decides.
// kShape if pieces and counts disagree, kArgument if vocabulary is too small.
Error train(const TextColumn& pieces, std::span<const uint64_t> counts, uint32_t vocabulary, uint64_t min_count, Trained& out);

}  // namespace millrace::tokenizer
