#include "native/ngram/build.h"

#include <limits>

namespace millrace::ngram {
namespace {

constexpr WordSlot kNoWord{0, kNone, 0, 0};
constexpr Slot kNoGram{kNone, 0, {0, 0}};
constexpr uint64_t kMostSlots = kNone;  // places are 32-bit numbers below kNone

void insert_word(std::vector<WordSlot>& slots, const WordSlot& word, uint64_t hash) {
  size_t at = place(hash, slots.size());
  while (slots[at].id != kNone)
    if (++at == slots.size()) at = 0;
  slots[at] = word;
}

// Place of the n-gram, which is new unless `there`.
template <class S>
size_t seek(const std::vector<S>& slots, uint32_t parent, uint32_t word, bool& there) {
  size_t at = place(hash_edge(parent, word), slots.size());
  while (slots[at].parent != kNone && !(slots[at].parent == parent && slots[at].word == word))
    if (++at == slots.size()) at = 0;
  there = slots[at].parent != kNone;
  return at;
}

}  // namespace

ModelBuilder::ModelBuilder(int order, Words words, const std::vector<uint64_t>& spare) : model_(std::make_unique<Model>()), spare_(spare) {
  spare_.resize(kMaxOrder + 1);
  model_->order_ = order;
  model_->words_ = words;
  model_->own_unigrams_.push_back({-100, 0});
  model_->own_word_slots_.assign(1024, kNoWord);
}

bool ModelBuilder::add_word(std::string_view word, Weights weights) {
  auto& unigrams = model_->own_unigrams_;
  if (word == "<unk>" || word == "<UNK>") {
    if (has_unknown_) return false;
    has_unknown_ = true;
    unigrams[kUnknown] = weights;
    return true;
  }
  auto& slots = model_->own_word_slots_;
  auto& letters = model_->own_letters_;
  if (unigrams.size() >= kNone / 2 || letters.size() + word.size() > UINT32_MAX) return false;
  if (unigrams.size() * 3 > slots.size() * 2) {
    std::vector<WordSlot> larger(slots.size() * 2, kNoWord);
    for (const WordSlot& slot : slots)
      if (slot.id != kNone) insert_word(larger, slot, hash_word({letters.data() + slot.offset, slot.length}));
    slots = std::move(larger);
  }
  model_->word_slots_ = slots;
  model_->letters_ = letters;
  const uint64_t hash = hash_word(word);
  if (model_->id(word, hash) != kUnknown) return false;
  insert_word(slots, {static_cast<uint32_t>(hash), static_cast<uint32_t>(unigrams.size()), static_cast<uint32_t>(letters.size()), static_cast<uint32_t>(word.size())}, hash);
  letters.insert(letters.end(), word.begin(), word.end());
  unigrams.push_back(weights);
  return true;
}

Error ModelBuilder::end_words() {
  publish();
  model_->bos_ = model_->id("<s>");
  model_->eos_ = model_->id("</s>");
  model_->counts_[0] = model_->own_unigrams_.size();
  if (model_->bos_ == kUnknown) return {kBadModel, "expected the word <s> among the 1-grams, found none"};
  if (model_->eos_ == kUnknown) return {kBadModel, "expected the word </s> among the 1-grams, found none"};
  return Error::none();
}

bool ModelBuilder::context_exists(const uint32_t* words, int length, float& backoff) const {
  uint32_t node = words[length - 1];
  Weights weights = model_->own_unigrams_[node];
  for (int k = 2; k <= length; ++k) {
    const auto table = std::span<const Slot>(model_->own_middle_[k - 2]);
    const uint32_t word = words[length - k];
    const Slot* slot = find(table, node, word, place(hash_edge(node, word), table.size()));
    if (!slot) return false;
    node = static_cast<uint32_t>(slot - table.data());
    weights = slot->weights;
  }
  backoff = weights.backoff;
  return true;
}

ModelBuilder::Added ModelBuilder::add(int order, const uint32_t* words, Weights weights) {
  float backoff = 0;
  if (!context_exists(words, order - 1, backoff)) return Added::no_context;
  uint32_t node = words[order - 1];
  float log10 = model_->own_unigrams_[node].log10;
  for (int k = 2; k < order; ++k) {
    auto& table = model_->own_middle_[k - 2];
    const uint32_t word = words[order - k];
    bool there = false;
    const size_t at = seek(table, node, word, there);
    if (!there) {
      auto& count = model_->counts_[k - 1];
      if ((count + 1) * 8 > table.size() * 7) {
        wants_more_ = k;
        return Added::no_room;
      }
      // Its context is a suffix of this n-gram's context, which is in the model.
      float context = 0;
      context_exists(words + order - k, k - 1, context);
      table[at] = {node, word, {std::min(0.0f, log10 + context), 0}};
      ++count;
    }
    node = static_cast<uint32_t>(at);
    log10 = table[at].weights.log10;
  }
  pending_.push_back({node, words[0], weights});
  return Added::ok;
}

bool ModelBuilder::end_order(int order, uint64_t& twice) {
  const uint64_t spare = order < model_->order_ ? spare_[order] : 0;
  const uint64_t size = pending_.size() + pending_.size() / 2 + spare + 2;
  twice = pending_.size();
  if (size > kMostSlots) return false;
  const auto fill = [&](auto& table, auto make) {
    for (uint64_t i = 0; i < pending_.size(); ++i) {
      bool there = false;
      const size_t at = seek(table, pending_[i].parent, pending_[i].word, there);
      if (there) {
        twice = i;
        return false;
      }
      table[at] = make(pending_[i]);
    }
    return true;
  };
  model_->counts_[order - 1] = pending_.size();
  bool fine;
  if (order == model_->order_) {
    model_->own_top_.assign(size, TopSlot{kNone, 0, 0});
    fine = fill(model_->own_top_, [](const Slot& slot) { return TopSlot{slot.parent, slot.word, slot.weights.log10}; });
  } else {
    model_->own_middle_[order - 2].assign(size, kNoGram);
    fine = fill(model_->own_middle_[order - 2], [](const Slot& slot) { return slot; });
  }
  std::vector<Slot>().swap(pending_);
  return fine;
}

void ModelBuilder::publish() {
  model_->word_slots_ = model_->own_word_slots_;
  model_->letters_ = model_->own_letters_;
  model_->unigrams_ = model_->own_unigrams_;
  for (int k = 2; k < model_->order_; ++k) model_->middle_[k - 2] = model_->own_middle_[k - 2];
  model_->top_ = model_->own_top_;
}

Error ModelBuilder::finish(std::unique_ptr<Model>& out) {
  publish();
  out = std::move(model_);
  return Error::none();
}

}  // namespace millrace::ngram
