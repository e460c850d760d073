#pragma once
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "native/ngram/model.h"

namespace millrace::ngram {

// Makes a model from its n-grams, order by order: words, then n-grams of ascending order, then `finish`.
//
// Memory is that of the model and of the n-grams of one order. Where suffixes of n-grams are missing (SRILM leaves them out when it prunes)
// they are put in with the probability that backing off gives them, as KenLM does: no score changes, and lookups may stop at the first miss.
class ModelBuilder {
 public:
  // `spare`: room for missing suffixes, per order from 2 on; see `wants_more`.
  ModelBuilder(int order, Words words, const std::vector<uint64_t>& spare = {});

  // The next word, from id 1 on; `<unk>` gets id 0. False where the word was there before or the vocabulary is too large.
  bool add_word(std::string_view word, Weights weights);
  // Closes the vocabulary. Without <unk>, unknown words get KenLM's -100. The error names what is missing.
  Error end_words();

  // An n-gram of 2 or more words, first word first. Lower orders are complete. False where its context is not in the model.
  enum class Added { ok, no_context, no_room };
  Added add(int order, const uint32_t* words, Weights weights);
  // Where `add` said no_room: the order that needs twice its spare room, in a new attempt.
  int wants_more() const { return wants_more_; }
  // Bytes that the tables of so many n-grams take, and what one order takes while it is read.
  static uint64_t table_bytes(int order, int highest, uint64_t count);
  static constexpr uint64_t kPendingBytes = 16;
  // Builds the table of an order. False where an n-gram came twice; `twice` is its number, from 0.
  bool end_order(int order, uint64_t& twice);

  Error finish(std::unique_ptr<Model>& out);
  const Model& model() const { return *model_; }

 private:
  Weights* find_gram(const uint32_t* words, int length);
  void publish();

  std::unique_ptr<Model> model_;
  std::vector<uint64_t> spare_;
  struct Pending {
    uint64_t key;
    Weights weights;
  };
  std::vector<Pending> pending_;  // n-grams of the order being read, keyed as in the table
  bool has_unknown_ = false;
  int wants_more_ = 0;
};

}  // namespace millrace::ngram
