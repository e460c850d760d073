#pragma once
#include <array>
#include <cstdint>
#include <string>

#include "native/base/error.h"
#include "native/ngram/train.h"

namespace millrace::ngram {

// A weight of the model on its way to the files: k words, then this.
struct Estimate {
  float log10, backoff;
};

struct JoinFiles {
  std::array<std::string, kMaxOrder> initial;   // k words, (c - D) / sum and the context's weight as doubles; suffix order, from order 1
  std::array<std::string, kMaxOrder> contexts;  // of (k + 1)-grams: k words, the context's weight, 0; suffix order
  std::array<std::string, kMaxOrder> out;       // k words, Estimate; suffix order
};

// The last step: interpolates every n-gram with its suffix, all orders read side by side in suffix order, and gives each its back-off weight.
Error join(int order, double uniform, const JoinFiles& files, size_t buffer, const TrainOptions& options);

}  // namespace millrace::ngram
