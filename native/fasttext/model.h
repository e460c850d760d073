#pragma once
#include <memory>
#include <mutex>
#include <span>
#include <vector>

#include "native/base/error.h"
#include "native/base/span.h"
#include "native/fasttext/dictionary.h"
#include "native/fasttext/features.h"
#include "native/fasttext/matrix.h"
#include "native/fasttext/scorer.h"

namespace millrace::fasttext {

struct PredictOptions {
  int32_t k = 1;           // labels a text, at most; above the model's number of labels it is that number
  uint64_t max_bytes = 0;  // of a text that are read, less where this would cut a character; 0: all
  int threads = 1;
};

struct Predictions {
  std::vector<int32_t> label;  // k a text, best first; -1 where there is none
  std::vector<float> score;    // fastText's: the probability + 1e-5, so up to 1.00001
};

// A supervised fastText model of version 12 (.bin or .ftz), for prediction. Labels and probabilities are those of fastText on the same text
// with new lines replaced by spaces: the mean of rows has the same bits, the rest agrees to some units of the last place.
class Model {
 public:
  // BAD_MODEL says what was expected, what was found and at which byte; MEMORY.
  static Error open(std::span<const uint8_t> bytes, std::unique_ptr<Model>& model);

  const Dictionary& dictionary() const { return dictionary_; }
  const Header& header() const { return dictionary_.header(); }

  // The result does not depend on `threads`. SHAPE or ARGUMENT where the arguments are wrong.
  Error predict(const TextColumn& texts, const PredictOptions& options, Predictions& result) const;

 private:
  struct Scratch {
    explicit Scratch(const Dictionary& dictionary) : words(dictionary) {}
    Words words;
    std::vector<int32_t> hashes;
    std::vector<uint32_t> rows;
    std::vector<float> hidden;
    Scorer::Scratch scorer;
    Scorer::Best best;
  };

  void predict(std::string_view text, size_t k, Scratch& scratch, int32_t* label, float* score) const;
  std::unique_ptr<Scratch> borrow() const;
  void give_back(std::unique_ptr<Scratch> scratch) const;

  Dictionary dictionary_;
  Matrix input_, output_;
  Scorer scorer_;
  // Words remembered from one batch to the next, one for each thread that was ever at work at the same time.
  mutable std::mutex mutex_;
  mutable std::vector<std::unique_ptr<Scratch>> idle_;
};

}  // namespace millrace::fasttext
