#pragma once
#include <cstdint>
#include <span>
#include <vector>

#include "native/base/error.h"
#include "native/base/span.h"

namespace millrace::fasttext {

// Names and meaning are fastText's; defaults are its own for supervised training, but for a smaller width and fewer buckets, which a
// classifier of two labels does not miss.
struct TrainOptions {
  int32_t dim = 16, epoch = 5, word_ngrams = 2, minn = 0, maxn = 0, bucket = 1 << 18, min_count = 1, min_count_label = 0, lr_update_rate = 100;
  double lr = 0.1;
  uint64_t seed = 0;
  uint64_t max_bytes = 0;  // of a text that are read, as in PredictOptions; 0: all
};

// Trains a supervised model with softmax loss and gives it as a file of version 12, which fastText reads.
//
// The model is a function of the options and of the set of (text, label): rows are put in an order drawn from the seed and their content,
// anew in every epoch, where fastText reads them as they come. One thread, so that no update is lost. Texts are one line each; a word that
// looks like a label is left out. `labels` holds a row of `names` for each text.
//
// ARGUMENT: an option out of range, a label without a name, a name that is empty or has white space, fewer than two labels in use. SHAPE:
// lengths that disagree. MEMORY: more than 2^24 different words, or no room for the matrices.
Error train(const TextColumn& texts, std::span<const int32_t> labels, const TextColumn& names, const TrainOptions& options, std::vector<uint8_t>& model);

}  // namespace millrace::fasttext
