#include "native/tokenizer/train.h"

#include <algorithm>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "native/tokenizer/layout.h"
#include "native/tokenizer/train_memory.h"
#include "native/tokenizer/train_pairs.h"

namespace millrace::tokenizer {
namespace {

struct Word {
  uint64_t start;
  int64_t count;
  uint32_t length;
};

struct Pair {
  int64_t count = 0;
  uint32_t step = 0;   // last step in which the pair arose somewhere
  uint32_t group = 0;  // its place among the pairs that arose in that step
};

// A pair that arose in the current step, in `words` of them.
struct Group {
  uint32_t left, right, words, last;
  uint64_t from;
};

struct Arisen {
  uint32_t group, word;
};

// A pair waiting to be merged in the words pool[from, from + words).
struct Candidate {
  int64_t count;  // when it was queued; looked at again when it is taken
  uint32_t left, right;
  uint64_t from;
  uint32_t words;

  bool operator<(const Candidate& other) const {
    if (count != other.count) return count < other.count;
    return pair_key(left, right) > pair_key(other.left, other.right);
  }
};

}  // namespace

class Trainer::State {
 public:
  explicit State(const TrainOptions& options)
      : options_(options), budget_(options.max_memory, options.folder), symbols_(budget_), words_(budget_), pairs_(budget_), queue_(budget_), pool_(budget_), groups_(budget_), arisen_(budget_) {}

  Error add_words(const TextColumn& pieces, std::span<const uint64_t> counts) {
    for (size_t p = 0; p < pieces.size(); ++p) {
      const std::string_view piece = pieces[p];
      if (piece.size() < 2) continue;
      const size_t start = symbols_.size();
      if (words_.size() == ~0u) return {kMemory, "tokenizer training: expected fewer than 2^32 distinct pieces"};
      if (!symbols_.resize(start + piece.size())) break;
      for (size_t i = 0; i < piece.size(); ++i) symbols_[start + i] = kByteId[static_cast<uint8_t>(piece[i])];
      if (!words_.push({start, static_cast<int64_t>(counts[p]), static_cast<uint32_t>(piece.size())})) break;
    }
    return budget_.error();
  }

  Error run(Trained& out) {
    for (uint32_t w = 0; w < words_.size() && !budget_.error(); ++w)
      for (uint32_t i = 0; i + 1 < words_[w].length; ++i) arises(symbols_[words_[w].start + i], symbols_[words_[w].start + i + 1], w);
    queue_groups();
    arisen_.release();  // no other step is as large
    groups_.release();
    for (uint8_t byte : kByteOrder) add_token(std::string(1, static_cast<char>(byte)));
    const auto min_count = static_cast<int64_t>(std::max<uint64_t>(1, options_.min_count));
    while (kFirstByte + tokens_.size() < options_.vocabulary && queue_.size() && !budget_.error()) {
      Candidate top = take();
      const int64_t count = pairs_.find(pair_key(top.left, top.right))->count;
      if (top.count != count) {
        top.count = count;
        wait(top);
        continue;
      }
      if (count < min_count) break;
      const uint32_t id = add_token(token(top.left) + token(top.right));
      merges_.push_back({top.left, top.right, id});
      for (uint32_t i = 0; i < top.words && !budget_.error(); ++i) merge(pool_[top.from + i], top.left, top.right, id);
      queue_groups();
    }
    if (budget_.error()) return budget_.error();
    return finish(out);
  }

  uint32_t moved() const { return budget_.moved(); }

 private:
  // A pair that was merged twice counts where it was merged last.
  Error finish(Trained& out) {
    out.tokens.assign(std::make_move_iterator(tokens_.begin() + 256), std::make_move_iterator(tokens_.end()));
    PairTable<uint32_t> last(budget_);
    for (uint32_t i = 0; i < merges_.size(); ++i)
      if (uint32_t* place = last.at(pair_key(merges_[i].left, merges_[i].right))) *place = i;
    if (budget_.error()) return budget_.error();
    for (uint32_t i = 0; i < merges_.size(); ++i)
      if (*last.find(pair_key(merges_[i].left, merges_[i].right)) == i) out.merges.push_back(merges_[i]);
    return Error::none();
  }

  const std::string& token(uint32_t id) const { return tokens_[id - kFirstByte]; }

  uint32_t add_token(std::string bytes) {
    const auto [entry, fresh] = ids_.try_emplace(bytes, static_cast<uint32_t>(kFirstByte + tokens_.size()));
    if (fresh) tokens_.push_back(std::move(bytes));
    return entry->second;
  }

  void wait(const Candidate& candidate) {
    if (queue_.push(candidate)) std::push_heap(queue_.begin(), queue_.end());
  }
  Candidate take() {
    std::pop_heap(queue_.begin(), queue_.end());
    const Candidate top = queue_[queue_.size() - 1];
    queue_.pop();
    return top;
  }

  void arises(uint32_t left, uint32_t right, uint32_t word) {
    Pair* pair = pairs_.at(pair_key(left, right));
    if (!pair) return;
    pair->count += words_[word].count;
    if (pair->step != step_) {
      pair->step = step_;
      pair->group = static_cast<uint32_t>(groups_.size());
      if (!groups_.push({left, right, 0, ~0u, 0})) return;
    }
    Group& group = groups_[pair->group];
    if (group.last == word) return;  // words are visited one after the other
    group.last = word;
    if (arisen_.push({pair->group, word})) ++group.words;
  }

  void goes(uint32_t left, uint32_t right, uint32_t word) { pairs_.find(pair_key(left, right))->count -= words_[word].count; }

  // Left to right, in place; what stands before `to` is already merged.
  void merge(uint32_t w, uint32_t left, uint32_t right, uint32_t id) {
    Word& word = words_[w];
    uint32_t* s = symbols_.data() + word.start;
    uint32_t to = 0;
    for (uint32_t i = 0; i < word.length;) {
      if (s[i] != left || i + 1 == word.length || s[i + 1] != right) {
        s[to++] = s[i++];
        continue;
      }
      if (to > 0) {
        goes(s[to - 1], left, w);
        arises(s[to - 1], id, w);
      }
      if (i + 2 < word.length) {
        goes(right, s[i + 2], w);
        arises(id, s[i + 2], w);
      }
      if (budget_.error()) return;
      s[to++] = id;
      i += 2;
    }
    word.length = to;
  }

  // Ends a step: every pair that arose in it becomes a candidate, with the words in which it did.
  void queue_groups() {
    uint64_t at = pool_.size();
    if (!pool_.resize(at + arisen_.size())) return;
    for (Group& group : groups_) {
      group.from = at;
      at += group.words;
      const int64_t count = pairs_.find(pair_key(group.left, group.right))->count;
      if (count > 0) wait({count, group.left, group.right, group.from, group.words});
    }
    for (const auto& [group, word] : arisen_) pool_[groups_[group].from++] = word;
    groups_.clear();
    arisen_.clear();
    ++step_;
  }

  TrainOptions options_;
  Budget budget_;
  Array<uint32_t> symbols_;
  Array<Word> words_;
  PairTable<Pair> pairs_;
  Array<Candidate> queue_;
  Array<uint32_t> pool_;
  Array<Group> groups_;
  Array<Arisen> arisen_;
  uint32_t step_ = 1;
  std::vector<std::string> tokens_;
  std::unordered_map<std::string, uint32_t> ids_;
  std::vector<Merge> merges_;
};

Trainer::Trainer(std::unique_ptr<State> state) : state_(std::move(state)) {}
Trainer::~Trainer() = default;

Error Trainer::open(const TrainOptions& options, std::unique_ptr<Trainer>& out) {
  if (options.vocabulary < kFirstMerge)
    return {kArgument, "tokenizer training: expected a vocabulary of at least " + std::to_string(kFirstMerge) + ", found " + std::to_string(options.vocabulary)};
  out.reset(new Trainer(std::make_unique<State>(options)));
  return Error::none();
}

Error Trainer::add(const TextColumn& pieces, std::span<const uint64_t> counts) {
  if (!pieces.valid() || pieces.size() != counts.size())
    return {kShape, "tokenizer training: expected one count per piece, found " + std::to_string(pieces.size()) + " pieces and " + std::to_string(counts.size()) + " counts"};
  return state_->add_words(pieces, counts);
}

Error Trainer::run(Trained& out) {
  out = {};
  return state_->run(out);
}

uint32_t Trainer::moved() const { return state_->moved(); }

Error train(const TextColumn& pieces, std::span<const uint64_t> counts, uint32_t vocabulary, uint64_t min_count, Trained& out) {
  std::unique_ptr<Trainer> trainer;
  MILLRACE_TRY(Trainer::open({.vocabulary = vocabulary, .min_count = min_count}, trainer));
  MILLRACE_TRY(trainer->add(pieces, counts));
  return trainer->run(out);
}

}  // namespace millrace::tokenizer
