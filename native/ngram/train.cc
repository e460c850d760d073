#include "native/ngram/train.h"

#include <atomic>
#include <bit>
#include <utility>

#include "native/ngram/adjust.h"
#include "native/ngram/join.h"
#include "native/ngram/output.h"
#include "native/ngram/sorter.h"
#include "native/ngram/vocabulary.h"
#include "native/ngram/words.h"

namespace millrace::ngram {
namespace {

constexpr size_t kBuffer = 64 << 10;
std::atomic<uint64_t> trainers{0};

template <size_t N>
class TrainerOf final : public Trainer {
 public:
  explicit TrainerOf(const TrainOptions& options) : options_(options), number_(trainers.fetch_add(1)), sorter_(std::make_unique<Sorter<N, SuffixOrder>>(path("counts", N), options.max_memory / 2)) {}

  ~TrainerOf() override { clean(); }

  Error add(const TextColumn& texts) override {
    if (!sorter_) return {kArgument, "expected a trainer that is not finished, found one that is"};
    if (!texts.valid()) return {kShape, "train: expected offsets that rise within the bytes, found others"};
    for (size_t i = 0; i < texts.size(); ++i) {
      Error error;
      if (options_.words == Words::simple) error = add_simple(texts[i]);
      else error = add_lines(texts[i]);
      if (error) return error;
    }
    return Error::none();
  }

  Error finish(TrainReport& report) override {
    const Error error = sorter_ ? estimate(report) : Error(kArgument, "expected a trainer that is not finished, found one that is");
    clean();
    return error;
  }

 private:
  Error estimate(TrainReport& report) {
    report_.vocabulary = vocabulary_.size();
    if (report_.words == 0) return {kTooLittleText, "expected texts with words to train on, found none"};
    JoinFiles files;
    MILLRACE_TRY(adjust());
    for (int k = 1; k <= static_cast<int>(N); ++k) {
      files.initial[k - 1] = path("initial", k);
      files.contexts[k - 1] = path("contexts", k + 1);
      files.out[k - 1] = path("joined", k);
    }
    MILLRACE_TRY(initial_all(std::make_index_sequence<N>()));
    // Words that can be predicted: <unk> and </s>, not <s>.
    MILLRACE_TRY(join(N, 1.0 / static_cast<double>(report_.counts[0] - 1), files, kBuffer, options_));
    if (!options_.arpa.empty()) MILLRACE_TRY(write_arpa(options_, files.out, report_.counts, vocabulary_, kBuffer));
    if (!options_.binary.empty()) MILLRACE_TRY(write_binary(options_, files.out, report_.counts, vocabulary_, kBuffer));
    report = report_;
    return Error::none();
  }

  void clean() {
    sorter_.reset();
    for (int k = 1; k <= static_cast<int>(N); ++k)
      for (const char* what : kFiles) remove_file(path(what, k));
  }

  static constexpr const char* kFiles[] = {"adjusted", "grouped", "sums", "initial", "contexts", "joined"};

  std::string path(const char* what, size_t order) const { return options_.scratch + "/ngram-" + std::to_string(number_) + "-" + what + "-" + std::to_string(order); }

  Error add_simple(std::string_view text) {
    if (!text::is_utf8(text)) return Error::none();
    Error error;
    bool open = false;
    char form[kLongestWord];
    for_each_sentence(
        text,
        [&](std::string_view word) {
          if (error) return;
          if (!std::exchange(open, true)) begin();
          const size_t length = word.size() <= kLongestWord ? simplify(word, form) : 0;
          if (length > 0) error = push(vocabulary_.add({form, length}));
        },
        [&] {
          if (!error) error = end();
          open = false;
        });
    return error;
  }

  Error add_lines(std::string_view text) {
    while (!text.empty()) {
      const size_t length = std::min(text.find('\n'), text.size());
      Error error;
      bool open = false;
      for_each_chunk(text.substr(0, length), [&](std::string_view word) {
        if (error || word == "<s>" || word == "</s>" || word == "<unk>") return;
        if (!std::exchange(open, true)) begin();
        error = push(vocabulary_.add(word));
      });
      if (error) return error;
      if (open) MILLRACE_TRY(end());
      text.remove_prefix(std::min(length + 1, text.size()));
    }
    return Error::none();
  }

  void begin() {
    gram_.words.fill(Vocabulary::kBegin);
    ++report_.sentences;
  }
  Error push(uint32_t word) {
    ++report_.words;
    return next(word);
  }
  Error end() {
    const uint64_t most = options_.max_memory / 4;
    if (vocabulary_.bytes() > most)
      return {kMemory, "expected a vocabulary of at most " + std::to_string(most) + " bytes, a quarter of the memory, found " + std::to_string(vocabulary_.size()) +
                           " words that need more: give more memory"};
    return next(Vocabulary::kEnd);
  }
  Error next(uint32_t word) {
    std::copy(gram_.words.begin() + 1, gram_.words.end(), gram_.words.begin());
    gram_.words[N - 1] = word;
    gram_.a = 1;
    gram_.b = 0;
    return sorter_->add(gram_);
  }

  Error adjust() {
    std::array<std::string, kMaxOrder> paths;
    for (size_t k = 1; k <= N; ++k) paths[k - 1] = path("adjusted", k);
    Adjuster adjuster;
    MILLRACE_TRY(adjuster.open(N, options_.prune, paths, kBuffer));
    MILLRACE_TRY(sorter_->finish());
    while (true) {
      Gram<N> gram;
      bool more = false;
      MILLRACE_TRY(sorter_->next(gram, more));
      if (!more) break;
      MILLRACE_TRY(adjuster.add(gram.words.data(), gram.a));
    }
    MILLRACE_TRY(adjuster.finish());
    sorter_.reset();
    for (size_t k = 1; k <= N; ++k) {
      const CountsOfCounts& counts = adjuster.counts(k);
      report_.counts[k - 1] = counts.kept;
      report_.pruned[k - 1] = counts.pruned;
      auto& discounts = report_.discounts[k - 1];
      if (discounts_of(counts, discounts)) continue;
      if (!options_.fallback)
        return {kTooLittleText, "expected " + std::to_string(k) + "-grams with counts of 1, 2 and 3 to estimate discounts from, found too few of them (" +
                                    std::to_string(counts.n[1]) + ", " + std::to_string(counts.n[2]) + ", " + std::to_string(counts.n[3]) +
                                    "): train on more text, or allow fallback discounts"};
      discounts = options_.fallback_discounts;
      report_.fell_back[k - 1] = true;
    }
    return Error::none();
  }

  template <size_t... I>
  Error initial_all(std::index_sequence<I...>) {
    Error error;
    (void)((error = initial<I + 1>(), !error) && ...);
    return error;
  }

  // What n-grams get before they are interpolated, and their contexts' weights: (c - D) / sum and (D1 n1 + D2 n2 + D3 n3+ + pruned) / sum.
  template <size_t K>
  Error initial() {
    MILLRACE_TRY(group<K>());
    MILLRACE_TRY(sum<K>());
    const auto& discounts = report_.discounts[K - 1];
    Sorter<K, SuffixOrder> sorted(path("initial", K) + "-sort", options_.max_memory / 2);
    FileReader grams, sums;
    MILLRACE_TRY(grams.open(path("grouped", K), kBuffer));
    MILLRACE_TRY(sums.open(path("sums", K), kBuffer));
    FileWriter contexts;
    MILLRACE_TRY(contexts.open(path("contexts", K), kBuffer));
    std::array<uint32_t, K> last{};
    Sum sum{};
    for (bool first = true;; first = false) {
      Gram<K> gram;
      bool more = false;
      MILLRACE_TRY(grams.get(gram, more));
      if (!more) break;
      if (first || compare_words(gram.words, K - 1, last, K - 1, K - 1) != 0) {
        MILLRACE_TRY(sums.get(sum, more));
        MILLRACE_TRY(contexts.write(gram.words.data(), (K - 1) * sizeof(uint32_t)));
        MILLRACE_TRY(contexts.put(sum.weight));
        MILLRACE_TRY(contexts.put(0.0));
        last = gram.words;
      }
      if (gram.b == 0) continue;
      const double count = static_cast<double>(gram.a);
      const double kept = gram.a == 0 ? 0 : count - discounts[std::min<uint64_t>(uint64_t{gram.a}, 3) - 1];
      gram.a = std::bit_cast<uint64_t>(std::max(0.0, kept) / sum.total);
      gram.b = std::bit_cast<uint64_t>(sum.weight);
      MILLRACE_TRY(sorted.add(gram));
    }
    MILLRACE_TRY(contexts.close());
    remove_file(path("grouped", K));
    remove_file(path("sums", K));
    MILLRACE_TRY(sorted.finish());
    return drain(sorted, path("initial", K));
  }

  struct Sum {
    double total, weight;
  };

  // N-grams in context order.
  template <size_t K>
  Error group() {
    Sorter<K, ContextOrder> grouped(path("grouped", K) + "-sort", options_.max_memory / 2);
    {
      FileReader adjusted;
      MILLRACE_TRY(adjusted.open(path("adjusted", K), kBuffer));
      for (Gram<K> gram;;) {
        bool more = false;
        MILLRACE_TRY(adjusted.get(gram, more));
        if (!more) break;
        MILLRACE_TRY(grouped.add(gram));
      }
    }
    remove_file(path("adjusted", K));
    MILLRACE_TRY(grouped.finish());
    return drain(grouped, path("grouped", K));
  }

  // A sum per context. All terms but the discounts are whole numbers: no order of addition matters.
  template <size_t K>
  Error sum() {
    const auto& discounts = report_.discounts[K - 1];
    FileReader grams;
    FileWriter sums;
    MILLRACE_TRY(grams.open(path("grouped", K), kBuffer));
    MILLRACE_TRY(sums.open(path("sums", K), kBuffer));
    uint64_t total = 0, pruned = 0, kinds[3] = {};
    std::array<uint32_t, K> last{};
    bool open = false;
    const auto close = [&] {
      double mass = static_cast<double>(pruned);
      for (int j = 0; j < 3; ++j) mass += discounts[j] * static_cast<double>(kinds[j]);
      return sums.put(Sum{static_cast<double>(total), mass / static_cast<double>(total)});
    };
    for (Gram<K> gram;;) {
      bool more = false;
      MILLRACE_TRY(grams.get(gram, more));
      if (!more) break;
      if (open && compare_words(gram.words, K - 1, last, K - 1, K - 1) != 0) {
        MILLRACE_TRY(close());
        total = pruned = kinds[0] = kinds[1] = kinds[2] = 0;
      }
      open = true;
      last = gram.words;
      total += gram.a;
      if (gram.b == 0) pruned += gram.a;
      else if (gram.a > 0) ++kinds[std::min<uint64_t>(uint64_t{gram.a}, 3) - 1];
    }
    if (open) MILLRACE_TRY(close());
    return sums.close();
  }

  template <class Sorted>
  static Error drain(Sorted& sorted, const std::string& to) {
    FileWriter out;
    MILLRACE_TRY(out.open(to, kBuffer));
    for (typename Sorted::Record record;;) {
      bool more = false;
      MILLRACE_TRY(sorted.next(record, more));
      if (!more) return out.close();
      MILLRACE_TRY(out.put(record));
    }
  }

  const TrainOptions options_;
  const uint64_t number_;  // apart from others in the same folder
  Vocabulary vocabulary_;
  std::unique_ptr<Sorter<N, SuffixOrder>> sorter_;
  Gram<N> gram_{};
  TrainReport report_;
};

}  // namespace

Error Trainer::make(const TrainOptions& options, std::unique_ptr<Trainer>& out) {
  if (options.order < 1 || options.order > kMaxOrder) return {kArgument, "expected an order of 1 to 6, found " + std::to_string(options.order)};
  if (options.max_memory < 1 << 20) return {kArgument, "expected at least 1 MiB of memory, found " + std::to_string(options.max_memory) + " bytes"};
  if (options.scratch.empty()) return {kArgument, "expected a scratch folder, found none"};
  for (int k = 1; k <= kMaxOrder; ++k)
    if (k == 1 ? options.prune[0] != 0 : k <= options.order && options.prune[k - 1] < options.prune[k - 2])
      return {kArgument, "expected pruning counts that begin with 0 and do not fall, found " + std::to_string(options.prune[k - 1]) + " at order " + std::to_string(k)};
  for (int j = 0; j < 3; ++j)
    if (!(options.fallback_discounts[j] >= 0 && options.fallback_discounts[j] <= j + 1))
      return {kArgument, "expected fallback discounts within 0 and 1, 2, 3, found another"};
  switch (options.order) {
    case 1: out = std::make_unique<TrainerOf<1>>(options); break;
    case 2: out = std::make_unique<TrainerOf<2>>(options); break;
    case 3: out = std::make_unique<TrainerOf<3>>(options); break;
    case 4: out = std::make_unique<TrainerOf<4>>(options); break;
    case 5: out = std::make_unique<TrainerOf<5>>(options); break;
    default: out = std::make_unique<TrainerOf<6>>(options); break;
  }
  return Error::none();
}

}  // namespace millrace::ngram
