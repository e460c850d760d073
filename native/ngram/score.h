#pragma once
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "native/base/error.h"
#include "native/base/span.h"
#include "native/ngram/model.h"

namespace millrace::ngram {

// Per text. Where a text was not scored (`simple` and not UTF-8) log10 is NaN and the counts are 0.
struct Scores {
  std::vector<double> log10;       // sum over words, and </s> where asked for
  std::vector<uint32_t> words;     // without </s>
  std::vector<uint32_t> unknown;   // of these, words that the model does not have
  std::vector<uint32_t> sentences;
};

struct ScoreOptions {
  bool begin = true;  // the first word of a sentence has <s> as its context
  bool end = true;    // </s> is predicted behind the last word
  bool lines = false;  // `spaces`: each line is a sentence, not the whole text
  int threads = 1;    // cannot change the result
};

// Scores each text as the model's own words and sentences (words.h). SHAPE where offsets lie outside the bytes.
Error score(const Model& model, const TextColumn& texts, const ScoreOptions& options, Scores& out);

}  // namespace millrace::ngram
