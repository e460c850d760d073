#include "native/ngram/build.h"

#include <algorithm>
#include <type_traits>

namespace millrace::ngram {
namespace {

constexpr WordSlot kNoWord{0, kNone, 0, 0};
constexpr uint64_t kLoadInverse = 7;  // places per n-gram, in fourths

void insert_word(std::vector<WordSlot>& slots, const WordSlot& word, uint64_t hash) {
  size_t at = place(hash, slots.size());
  while (slots[at].id != kNone)
    if (++at == slots.size()) at = 0;
  slots[at] = word;
}

// Where a key is, or goes: its line and lane. New unless `there`.
template <class L>
struct Spot {
  L& line;
  size_t lane;
  uint32_t place;
  bool there;
};
template <class L>
Spot<L> seek(std::vector<L>& table, uint64_t key) {
  size_t at = place(hash_edge(key), table.size());
  while (true) {
    L& line = table[at];
    for (size_t lane = 0; lane < L::kLanes; ++lane)
      if (line.keys[lane] == key || line.keys[lane] == kEmpty) return {line, lane, static_cast<uint32_t>(at * L::kLanes + lane), line.keys[lane] == key};
    if (++at == table.size()) at = 0;
  }
}

template <class L>
uint64_t lines_for(uint64_t count) {
  return count * kLoadInverse / 4 / L::kLanes + 2;
}

template <class L>
void clear(std::vector<L>& table, uint64_t lines) {
  L empty{};
  std::fill(std::begin(empty.keys), std::end(empty.keys), kEmpty);
  table.assign(lines, empty);
}

}  // namespace

ModelBuilder::ModelBuilder(int order, Words words, const std::vector<uint64_t>& spare) : model_(std::make_unique<Model>()), spare_(spare) {
  spare_.resize(kMaxOrder + 1);
  model_->order_ = order;
  model_->words_ = words;
  model_->own_unigrams_.push_back(stored({-100, 0}));
  model_->own_word_slots_.assign(1024, kNoWord);
}

bool ModelBuilder::add_word(std::string_view word, Weights weights) {
  auto& unigrams = model_->own_unigrams_;
  if (word == "<unk>" || word == "<UNK>") {
    if (has_unknown_) return false;
    has_unknown_ = true;
    unigrams[kUnknown] = stored(weights);
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
  unigrams.push_back(stored(weights));
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

// The weights of an n-gram, or null.
Weights* ModelBuilder::find_gram(const uint32_t* words, int length) {
  uint32_t node = words[length - 1];
  Weights* weights = &model_->own_unigrams_[node];
  for (int k = 2; k <= length; ++k) {
    auto& table = model_->own_middle_[k - 2];
    const uint64_t key = edge(node, words[length - k]);
    node = find(std::span<const Line>(table), key, place(hash_edge(key), table.size()));
    if (node == kNone) return nullptr;
    weights = &table[node / Line::kLanes].weights[node % Line::kLanes];
  }
  return weights;
}

ModelBuilder::Added ModelBuilder::add(int order, const uint32_t* words, Weights weights) {
  Weights* context = find_gram(words, order - 1);
  if (!context) return Added::no_context;
  extend_right(*context);
  uint32_t node = words[order - 1];
  Weights* suffix = &model_->own_unigrams_[node];
  for (int k = 2; k < order; ++k) {
    auto& table = model_->own_middle_[k - 2];
    const uint64_t key = edge(node, words[order - k]);
    const auto spot = seek(table, key);
    extend_left(*suffix);
    if (!spot.there) {
      auto& count = model_->counts_[k - 1];
      if ((count + 1) * 8 > table.size() * Line::kLanes * 7) {
        wants_more_ = k;
        return Added::no_room;
      }
      // Its context is a suffix of this n-gram's context, which is in the model.
      Weights* shorter = find_gram(words + order - k, k - 1);
      extend_right(*shorter);
      spot.line.keys[spot.lane] = key;
      spot.line.weights[spot.lane] = stored({std::min(0.0f, log10_of(*suffix) + shorter->backoff), 0});
      ++count;
    }
    node = spot.place;
    suffix = &spot.line.weights[spot.lane];
  }
  extend_left(*suffix);
  pending_.push_back({edge(node, words[0]), stored(weights)});
  return Added::ok;
}

bool ModelBuilder::end_order(int order, uint64_t& twice) {
  twice = pending_.size();
  const bool top = order == model_->order_;
  const uint64_t count = pending_.size() + (top ? 0 : spare_[order]);
  const auto fill = [&](auto& table, auto write) {
    using L = std::remove_reference_t<decltype(table[0])>;
    if (lines_for<L>(count) > kNone / L::kLanes) return false;
    clear(table, lines_for<L>(count));
    for (uint64_t i = 0; i < pending_.size(); ++i) {
      const auto spot = seek(table, pending_[i].key);
      if (spot.there) return twice = i, false;
      spot.line.keys[spot.lane] = pending_[i].key;
      write(spot.line, spot.lane, pending_[i].weights);
    }
    return true;
  };
  model_->counts_[order - 1] = pending_.size();
  const bool fine = top ? fill(model_->own_top_, [](TopLine& line, size_t lane, Weights weights) { line.log10[lane] = log10_of(weights); })
                        : fill(model_->own_middle_[order - 2], [](Line& line, size_t lane, Weights weights) { line.weights[lane] = weights; });
  std::vector<Pending>().swap(pending_);
  return fine;
}

uint64_t ModelBuilder::table_bytes(int order, int highest, uint64_t count) {
  return 64 * (order == highest ? lines_for<TopLine>(count) : lines_for<Line>(count));
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
