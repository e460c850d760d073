#pragma once
#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "native/base/error.h"
#include "native/base/span.h"
#include "native/ngram/model.h"

namespace millrace::ngram {

inline constexpr const char* kTooLittleText = "TOO_LITTLE_TEXT";  // no words, or discounts that cannot be estimated

struct TrainOptions {
  int order = 5;  // 1 to 6
  Words words = Words::simple;
  // Bytes for counts, vocabulary and buffers; at least 1 MiB. It cannot change the result. The vocabulary may take a quarter of it, and the
  // model, where a binary file is asked for, all of it: beyond that, MEMORY.
  uint64_t max_memory = uint64_t{1} << 30;
  std::string scratch = {};  // an existing folder; files in it are named ngram-… and removed in the end
  // N-grams seen at most so many times are left out, per order from 1; 0 keeps all. As in lmplz: [0] is 0, and none is less than the one before.
  std::array<uint64_t, kMaxOrder> prune{};
  // Discounts for orders whose counts of counts give none (small or artificial text). Without `fallback` that is an error.
  bool fallback = false;
  std::array<double, 3> fallback_discounts{0.5, 1, 1.5};
  // What is written; empty: nothing.
  std::string arpa = {}, binary = {};
  // Every n-gram in double precision: first word first, its probability, its back-off weight (not logarithms). For tests.
  std::function<void(int order, const uint32_t* words, double probability, double backoff)> sink = {};
};

struct TrainReport {
  uint64_t words = 0, sentences = 0, vocabulary = 0;  // words without <s> and </s>; vocabulary with <unk>, <s> and </s>
  std::array<uint64_t, kMaxOrder> counts{};           // n-grams of the model
  std::array<uint64_t, kMaxOrder> pruned{};           // n-grams left out
  std::array<std::array<double, 3>, kMaxOrder> discounts{};  // D1, D2, D3+
  std::array<bool, kMaxOrder> fell_back{};
};

// Interpolated modified Kneser–Ney smoothing: Chen and Goodman 1998, equations 26 to 29, with the unigrams interpolated with the uniform
// distribution over the vocabulary, <unk> in it and <s> not; sorted and streamed as in Heafield, Pouzyrevsky, Clark and Koehn 2013
// ("Scalable modified Kneser-Ney language model estimation"). N-grams that begin with <s> keep their true counts; pruned n-grams still count
// for discounts, and their mass backs off: lmplz's choices, so that its models are ours up to rounding (test/native/ngram).
//
// The result depends on the texts and their order (which numbers the words, and so sorts the file), and on nothing else.
class Trainer {
 public:
  virtual ~Trainer() = default;
  // ARGUMENT where an option is out of range.
  static Error make(const TrainOptions& options, std::unique_ptr<Trainer>& out);
  // Counts texts: `simple` as in words.h, a text that is not UTF-8 is passed over; `spaces` takes each line as a sentence, and <s>, </s> and
  // <unk> as white space. SHAPE, MEMORY, IO.
  virtual Error add(const TextColumn& texts) = 0;
  // Estimates and writes. TOO_LITTLE_TEXT, MEMORY, IO.
  virtual Error finish(TrainReport& report) = 0;
};

}  // namespace millrace::ngram
