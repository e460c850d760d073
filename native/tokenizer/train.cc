#include "native/tokenizer/train.h"

#include <algorithm>
#include <queue>
#include <string_view>
#include <unordered_map>

#include "native/tokenizer/layout.h"
#include "native/tokenizer/table.h"

namespace millrace::tokenizer {
namespace {

struct Word {
  uint64_t start;
  uint32_t length;
  int64_t count;
};

struct Pair {
  int64_t count = 0;
  uint32_t step = 0;   // last step in which the pair arose somewhere
  uint32_t group = 0;  // its place among the pairs that arose in that step
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

class Trainer {
 public:
  Trainer(const TextColumn& pieces, std::span<const uint64_t> counts) {
    symbols_.reserve(pieces.bytes.size());
    for (size_t p = 0; p < pieces.size(); ++p) {
      const std::string_view piece = pieces[p];
      if (piece.size() < 2) continue;
      words_.push_back({symbols_.size(), static_cast<uint32_t>(piece.size()), static_cast<int64_t>(counts[p])});
      for (char byte : piece) symbols_.push_back(kByteId[static_cast<uint8_t>(byte)]);
    }
    for (uint32_t w = 0; w < words_.size(); ++w)
      for (uint32_t i = 0; i + 1 < words_[w].length; ++i) arises(symbols_[words_[w].start + i], symbols_[words_[w].start + i + 1], w);
    queue_groups();
    for (uint8_t byte : kByteOrder) add(std::string(1, static_cast<char>(byte)));
  }

  void run(uint32_t vocabulary, int64_t min_count) {
    while (kFirstByte + tokens_.size() < vocabulary && !queue_.empty()) {
      Candidate top = queue_.top();
      queue_.pop();
      const int64_t count = pairs_.find(pair_key(top.left, top.right))->count;
      if (top.count != count) {
        top.count = count;
        queue_.push(top);
        continue;
      }
      if (count < min_count) break;
      const uint32_t id = add(token(top.left) + token(top.right));
      merges_.push_back({top.left, top.right, id});
      for (uint32_t i = 0; i < top.words; ++i) merge(pool_[top.from + i], top.left, top.right, id);
      queue_groups();
    }
  }

  Trained take() {
    Trained out;
    out.tokens.assign(std::make_move_iterator(tokens_.begin() + 256), std::make_move_iterator(tokens_.end()));
    PairTable<uint32_t> last(merges_.size());
    for (uint32_t i = 0; i < merges_.size(); ++i) last[pair_key(merges_[i].left, merges_[i].right)] = i;
    for (uint32_t i = 0; i < merges_.size(); ++i)
      if (*last.find(pair_key(merges_[i].left, merges_[i].right)) == i) out.merges.push_back(merges_[i]);
    return out;
  }

 private:
  const std::string& token(uint32_t id) const { return tokens_[id - kFirstByte]; }

  uint32_t add(std::string bytes) {
    const auto [entry, fresh] = ids_.try_emplace(bytes, static_cast<uint32_t>(kFirstByte + tokens_.size()));
    if (fresh) tokens_.push_back(std::move(bytes));
    return entry->second;
  }

  void arises(uint32_t left, uint32_t right, uint32_t word) {
    Pair& pair = pairs_[pair_key(left, right)];
    pair.count += words_[word].count;
    if (pair.step != step_) {
      pair.step = step_;
      pair.group = static_cast<uint32_t>(groups_.size());
      groups_.push_back({left, right, 0, ~0u});
    }
    Group& group = groups_[pair.group];
    if (group.last == word) return;  // words are visited one after the other
    group.last = word;
    ++group.words;
    arisen_.emplace_back(pair.group, word);
  }

  void goes(uint32_t left, uint32_t right, uint32_t word) { pairs_[pair_key(left, right)].count -= words_[word].count; }

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
      s[to++] = id;
      i += 2;
    }
    word.length = to;
  }

  // Ends a step: every pair that arose in it becomes a candidate, with the words in which it did.
  void queue_groups() {
    uint64_t at = pool_.size();
    pool_.resize(at + arisen_.size());
    for (Group& group : groups_) {
      group.from = at;
      at += group.words;
      const int64_t count = pairs_.find(pair_key(group.left, group.right))->count;
      if (count > 0) queue_.push({count, group.left, group.right, group.from, group.words});
    }
    for (const auto& [group, word] : arisen_) pool_[groups_[group].from++] = word;
    groups_.clear();
    arisen_.clear();
    ++step_;
  }

  struct Group {
    uint32_t left, right, words, last;
    uint64_t from = 0;
  };

  std::vector<uint32_t> symbols_;
  std::vector<Word> words_;
  PairTable<Pair> pairs_{1 << 16};
  std::priority_queue<Candidate> queue_;
  std::vector<uint32_t> pool_;
  std::vector<Group> groups_;
  std::vector<std::pair<uint32_t, uint32_t>> arisen_;
  uint32_t step_ = 1;
  std::vector<std::string> tokens_;
  std::unordered_map<std::string, uint32_t> ids_;
  std::vector<Merge> merges_;
};

}  // namespace

Error train(const TextColumn& pieces, std::span<const uint64_t> counts, uint32_t vocabulary, uint64_t min_count, Trained& out) {
  if (!pieces.valid() || pieces.size() != counts.size())
    return {kShape, "tokenizer training: expected one count per piece, found " + std::to_string(pieces.size()) + " pieces and " + std::to_string(counts.size()) + " counts"};
  if (vocabulary < kFirstMerge)
    return {kArgument, "tokenizer training: expected a vocabulary of at least " + std::to_string(kFirstMerge) + ", found " + std::to_string(vocabulary)};
  Trainer trainer(pieces, counts);
  trainer.run(vocabulary, static_cast<int64_t>(std::max<uint64_t>(1, min_count)));
  out = trainer.take();
  return Error::none();
}

}  // namespace millrace::tokenizer
