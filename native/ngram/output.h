#pragma once
#include <array>
#include <cstdint>
#include <string>

#include "native/base/error.h"
#include "native/ngram/train.h"
#include "native/ngram/vocabulary.h"

namespace millrace::ngram {

// Writes what `join` left: n-grams in suffix order, weights as the shortest decimals that give the same float again, so that the ARPA file and
// the binary one score alike to the last bit.
Error write_arpa(const TrainOptions& options, const std::array<std::string, kMaxOrder>& joined, const std::array<uint64_t, kMaxOrder>& counts,
                 const Vocabulary& vocabulary, size_t buffer);

// MEMORY where the model would be larger than the options' max_memory.
Error write_binary(const TrainOptions& options, const std::array<std::string, kMaxOrder>& joined, const std::array<uint64_t, kMaxOrder>& counts,
                   const Vocabulary& vocabulary, size_t buffer);

}  // namespace millrace::ngram
