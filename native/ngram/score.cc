#include "native/ngram/score.h"

#include <algorithm>
#include <limits>
#include <type_traits>

#include "native/base/parallel.h"
#include "native/ngram/words.h"

namespace millrace::ngram {
namespace {

constexpr size_t kBlock = 256;  // words looked up together: their tables' lines are fetched while others are compared
constexpr size_t kArena = 64 << 10;

class Scorer {
 public:
  Scorer(const Model& model, const ScoreOptions& options, Scores& out) : model_(model), options_(options), out_(out), order_(model.order()), arena_(kArena + kLongestWord) {}

  void text(std::string_view text, size_t i) {
    text_ = static_cast<uint32_t>(i);
    if (model_.words() == Words::spaces && options_.lines) {
      lines(text);
    } else if (model_.words() == Words::spaces) {
      begin_sentence();
      for_each_chunk(text, [&](std::string_view word) { push(word); });
      end_sentence();
    } else if (text::is_utf8(text)) {
      bool open = false;
      for_each_sentence(
          text,
          [&](std::string_view word) {
            if (!open) begin_sentence();
            open = true;
            push_simple(word);
          },
          [&] {
            end_sentence();
            open = false;
          });
    } else {
      out_.log10[i] = std::numeric_limits<double>::quiet_NaN();
    }
  }

  void flush() {
    if (size_ > 0) {
      find_words();
      find_grams();
      add_up();
    }
    // The last words stay as the context of what follows.
    const size_t keep = std::min<size_t>(kContext, kContext + size_);
    std::copy_n(ids_ + size_, keep, ids_);
    std::copy_n(matched_ + size_, keep, matched_);
    std::copy_n(backoff_ + size_, keep, backoff_);
    size_ = 0;
    used_ = 0;
  }

 private:
  static constexpr size_t kContext = kMaxOrder - 1;

  void lines(std::string_view text) {
    while (!text.empty()) {
      const size_t length = std::min(text.find('\n'), text.size());
      bool open = false;
      for_each_chunk(text.substr(0, length), [&](std::string_view word) {
        if (!open) begin_sentence();
        open = true;
        push(word);
      });
      if (open) end_sentence();
      text.remove_prefix(std::min(length + 1, text.size()));
    }
  }
  void begin_sentence() {
    depth_ = 0;
    ++out_.sentences[text_];
    if (options_.begin) add({}, model_.begin_sentence(), false);
  }
  void end_sentence() {
    if (options_.end) add({}, model_.end_sentence(), true);
  }
  void push(std::string_view word) {
    ++out_.words[text_];
    add(word, kNone, true);
  }
  void push_simple(std::string_view word) {
    if (word.size() > kLongestWord) {
      ++out_.words[text_];
      ++out_.unknown[text_];
      return add({}, kUnknown, true);
    }
    if (used_ + word.size() > kArena) flush();
    char* to = arena_.data() + used_;
    const size_t length = simplify(word, to);
    if (length == 0) return;
    used_ += length;
    push({to, length});
  }
  // A position of the block; a word without an id is looked up with the block.
  void add(std::string_view word, uint32_t id, bool scored) {
    if (size_ == kBlock) {
      // What the arena holds of a word that is about to be added must survive the flush.
      const size_t length = word.data() >= arena_.data() && word.data() < arena_.data() + arena_.size() ? word.size() : 0;
      flush();
      if (length > 0) {
        std::copy_n(word.data(), length, arena_.data());
        word = {arena_.data(), length};
        used_ = length;
      }
    }
    word_[size_] = word;
    ids_[kContext + size_] = id;
    text_of_[size_] = text_;
    scored_[size_] = scored;
    depth_of_[size_] = depth_;
    depth_ = static_cast<uint8_t>(std::min<int>(depth_ + 1, order_ - 1));
    ++size_;
  }

  void find_words() {
    uint32_t* ids = ids_ + kContext;
    const auto slots = model_.word_slots();
    for (size_t i = 0; i < size_; ++i) {
      if (ids[i] != kNone) continue;
      hash_[i] = hash_word(word_[i]);
      __builtin_prefetch(&slots[place(hash_[i], slots.size())]);
    }
    const auto unigrams = model_.unigrams();
    for (size_t i = 0; i < size_; ++i) {
      if (ids[i] == kNone) {
        ids[i] = model_.id(word_[i], hash_[i]);
        out_.unknown[text_of_[i]] += ids[i] == kUnknown;
      }
      __builtin_prefetch(&unigrams[ids[i]]);
    }
  }

  // Lengthens the n-gram that ends at each position to the left, all positions by one word at a time.
  void find_grams() {
    const uint32_t* ids = ids_ + kContext;
    const auto unigrams = model_.unigrams();
    size_t active = 0;
    for (size_t i = 0; i < size_; ++i) {
      const Weights weights = unigrams[ids[i]];
      log10_[i] = log10_of(weights);
      backoff_[kContext + i][0] = weights.backoff;
      matched_[kContext + i] = 1;
      node_[i] = ids[i];
      active_[active] = static_cast<uint32_t>(i);
      active += extends_left(weights) & may_reach(i, 2);
    }
    for (int k = 2; k < order_ && active > 0; ++k) active = longer(model_.middle(k), k, active);
    if (order_ > 1 && active > 0) longer(model_.top(), order_, active);
  }

  // False where no n-gram of k words can end here: the k - 1 words before are none that begins one. Positions before i are known up to there.
  bool may_reach(size_t i, int k) const {
    const size_t before = kContext + i - 1;
    return (depth_of_[i] >= k - 1) & (matched_[before] >= k - 1) & extends_right(backoff_[before][k - 2]);
  }

  template <class L>
  size_t longer(std::span<const L> table, int k, size_t active) {
    const uint32_t* words = ids_ + kContext - (k - 1);
    for (size_t a = 0; a < active; ++a) {
      const uint32_t i = active_[a];
      key_[a] = edge(node_[i], words[i]);
      at_[a] = static_cast<uint32_t>(place(hash_edge(key_[a]), table.size()));
      __builtin_prefetch(&table[at_[a]]);
    }
    size_t left = 0;
    for (size_t a = 0; a < active; ++a) {
      const uint32_t i = active_[a];
      const uint32_t found = find(table, key_[a], at_[a]);
      if (found == kNone) continue;
      matched_[kContext + i] = static_cast<uint8_t>(k);
      if constexpr (std::is_same_v<L, Line>) {
        const Weights& weights = weights_at(table, found);
        log10_[i] = log10_of(weights);
        backoff_[kContext + i][k - 1] = weights.backoff;
        node_[i] = found;
        active_[left] = i;
        left += extends_left(weights) & may_reach(i, k + 1);
      } else {
        log10_[i] = log10_at(table, found);
      }
    }
    return left;
  }

  // p(w | context) = p of the longest n-gram × the back-off weights of the contexts that are longer than its own.
  void add_up() {
    for (size_t i = 0; i < size_; ++i) {
      if (!scored_[i]) continue;
      float log10 = log10_[i];
      if (depth_of_[i] > 0) {
        const size_t before = kContext + i - 1;
        const int longest = std::min<int>(matched_[before], order_ - 1);
        for (int k = matched_[kContext + i]; k <= longest; ++k) log10 += backoff_[before][k - 1];
      }
      out_.log10[text_of_[i]] += log10;
    }
  }

  const Model& model_;
  const ScoreOptions options_;
  Scores& out_;
  const int order_;
  std::vector<char> arena_;
  size_t used_ = 0;
  uint32_t text_ = 0;
  uint8_t depth_ = 0;  // words of context that the next position has
  size_t size_ = 0;
  std::string_view word_[kBlock];
  uint64_t hash_[kBlock];
  uint32_t text_of_[kBlock], node_[kBlock], active_[kBlock];
  uint64_t key_[kBlock];
  uint32_t at_[kBlock];
  float log10_[kBlock];
  bool scored_[kBlock];
  uint8_t depth_of_[kBlock];
  // Behind the kContext positions before the block.
  uint32_t ids_[kContext + kBlock] = {};
  uint8_t matched_[kContext + kBlock] = {};
  std::array<float, kMaxOrder - 1> backoff_[kContext + kBlock] = {};
};

}  // namespace

Error score(const Model& model, const TextColumn& texts, const ScoreOptions& options, Scores& out) {
  if (!texts.valid()) return {kShape, "score: expected offsets that rise within the bytes, found others"};
  const size_t count = texts.size();
  out.log10.assign(count, 0);
  out.words.assign(count, 0);
  out.unknown.assign(count, 0);
  out.sentences.assign(count, 0);
  // Runs of texts of some size, so that threads have enough to do and blocks are full.
  constexpr size_t kRunBytes = 256 << 10;
  std::vector<size_t> runs{0};
  for (size_t i = 0; i < count; ++i)
    if (i + 1 == count || texts.offsets[i + 1] - texts.offsets[runs.back()] >= static_cast<int64_t>(kRunBytes)) runs.push_back(i + 1);
  parallel_for(runs.size() - 1, options.threads, [&](size_t run) {
    auto scorer = std::make_unique<Scorer>(model, options, out);
    for (size_t i = runs[run]; i < runs[run + 1]; ++i) scorer->text(texts[i], i);
    scorer->flush();
  });
  return Error::none();
}

}  // namespace millrace::ngram
