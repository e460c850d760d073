// Supervised training as in facebookresearch/fastText (src/fasttext.cc, model.cc, loss.cc): the mean of a text's rows, softmax over the
// labels, plain gradient descent whose rate falls linearly over the tokens of all epochs.
#include "native/fasttext/train.h"

#include <algorithm>
#include <string>
#include <unordered_map>

#include "native/fasttext/cut.h"
#include "native/fasttext/features.h"
#include "native/fasttext/kernels.h"
#include "native/fasttext/matrix.h"
#include "native/fasttext/real.h"
#include "native/hash/xxh3.h"

namespace millrace::fasttext {
namespace {

constexpr size_t kMostWords = size_t{1} << 24;

// A bijection of 64 bits whose outputs at counted inputs are random (splitmix64, Steele et al. 2014).
uint64_t mixed(uint64_t x) {
  x += 0x9e3779b97f4a7c15ull;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ull;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebull;
  return x ^ (x >> 31);
}

Error check(const TextColumn& texts, std::span<const int32_t> labels, const TextColumn& names, const TrainOptions& o) {
  if (!texts.valid() || !names.valid() || labels.size() != texts.size())
    return {kShape, "train: expected texts, names and one label a text, found " + std::to_string(texts.size()) + " texts and " + std::to_string(labels.size()) + " labels"};
  const auto within = [](const char* what, double value, double least, double most) -> Error {
    if (value >= least && value <= most) return Error::none();
    return {kArgument, std::string("train: expected ") + what + " of " + std::to_string(least) + " to " + std::to_string(most) + ", found " + std::to_string(value)};
  };
  MILLRACE_TRY(within("dim", o.dim, 1, 4096));
  MILLRACE_TRY(within("epoch", o.epoch, 1, 10000));
  MILLRACE_TRY(within("wordNgrams", o.word_ngrams, 1, 64));
  MILLRACE_TRY(within("minn", o.minn, 0, 64));
  MILLRACE_TRY(within("maxn", o.maxn, 0, 64));
  MILLRACE_TRY(within("bucket", o.bucket, 1, 1 << 30));
  MILLRACE_TRY(within("minCount", o.min_count, 0, 1 << 30));
  MILLRACE_TRY(within("minCountLabel", o.min_count_label, 0, 1 << 30));
  MILLRACE_TRY(within("lrUpdateRate", o.lr_update_rate, 1, 1 << 30));
  MILLRACE_TRY(within("lr", o.lr, 0, 100));
  for (size_t i = 0; i < names.size(); ++i) {
    const auto name = names[i];
    if (name.empty() || std::any_of(name.begin(), name.end(), separates))
      return {kArgument, "train: expected names of labels without white space, found \"" + std::string(name) + "\" as number " + std::to_string(i)};
    for (size_t j = 0; j < i; ++j)
      if (names[j] == name) return {kArgument, "train: expected different names of labels, found \"" + std::string(name) + "\" twice"};
  }
  for (int32_t label : labels)
    if (label < 0 || static_cast<size_t>(label) >= names.size())
      return {kArgument, "train: expected labels below " + std::to_string(names.size()) + ", found " + std::to_string(label)};
  return Error::none();
}

// By falling count, then by bytes, as a number must not depend on what came first.
bool before(const Dictionary::Entry& a, const Dictionary::Entry& b) { return a.count != b.count ? a.count > b.count : a.text < b.text; }

class Trainer {
 public:
  Trainer(const TextColumn& texts, std::span<const int32_t> labels, const TextColumn& names, const TrainOptions& options)
      : texts_(texts), labels_(labels), names_(names), options_(options) {}

  Error run(std::vector<uint8_t>& model) {
    MILLRACE_TRY(count());
    MILLRACE_TRY(input_.make(dictionary_.rows(), static_cast<uint64_t>(options_.dim)));
    MILLRACE_TRY(output_.make(dictionary_.labels(), static_cast<uint64_t>(options_.dim)));
    for (uint64_t i = 0; i < input_.rows(); ++i)
      for (uint64_t c = 0; c < input_.columns(); ++c) {
        const uint64_t drawn = mixed(mixed(options_.seed) ^ (i * input_.columns() + c));
        input_.row(i)[c] = (static_cast<float>(drawn >> 40) * 0x1p-23f - 1.0f) / static_cast<float>(options_.dim);
      }
    hidden_.resize(input_.stride());
    gradient_.resize(input_.stride());
    probability_.resize(output_.rows());
    descend();
    dictionary_.header().write(model);
    dictionary_.write(model);
    model.push_back(0);
    input_.write(model);
    model.push_back(0);
    output_.write(model);
    return Error::none();
  }

 private:
  std::string_view text(size_t i) const { return cut(texts_[i], options_.max_bytes); }

  Error count() {
    std::unordered_map<std::string_view, int64_t> counts;
    std::vector<int64_t> uses(names_.size());
    for (size_t i = 0; i < texts_.size(); ++i) {
      ++uses[static_cast<size_t>(labels_[i])];
      for_each_token(text(i), [&](std::string_view token) {
        if (!token.starts_with(kLabelPrefix)) ++counts[token];
      });
      if (counts.size() > kMostWords)
        return {kMemory, "train: expected at most " + std::to_string(kMostWords) + " different words, found more; give fewer texts or a maxBytes"};
    }
    std::vector<Dictionary::Entry> words, labels;
    for (const auto& [word, n] : counts) {
      tokens_ += n;
      if (n >= options_.min_count) words.push_back({word, n});
    }
    tokens_ += static_cast<int64_t>(texts_.size());
    std::sort(words.begin(), words.end(), before);
    std::vector<std::string> prefixed;
    for (size_t i = 0; i < names_.size(); ++i) prefixed.push_back(std::string(kLabelPrefix) + std::string(names_[i]));
    for (size_t i = 0; i < names_.size(); ++i)
      if (uses[i] > 0 && uses[i] >= options_.min_count_label) labels.push_back({prefixed[i], uses[i]});
    if (labels.size() < 2) return {kArgument, "train: expected texts of at least two labels, found " + std::to_string(labels.size())};
    std::sort(labels.begin(), labels.end(), before);

    Header header;
    header.dim = options_.dim;
    header.epoch = options_.epoch;
    header.min_count = options_.min_count;
    header.word_ngrams = options_.word_ngrams;
    header.minn = options_.minn;
    header.maxn = options_.maxn;
    header.lr_update_rate = options_.lr_update_rate;
    header.bucket = options_.word_ngrams > 1 || (options_.maxn > 0 && options_.minn <= options_.maxn) ? options_.bucket : 0;
    MILLRACE_TRY(dictionary_.make(header, words, labels, tokens_));
    numbers_.assign(names_.size(), -1);
    for (size_t i = 0; i < names_.size(); ++i) {
      const int32_t found = dictionary_.find(prefixed[i], hash_of(prefixed[i]));
      if (found >= 0) numbers_[i] = found - static_cast<int32_t>(dictionary_.words());
    }
    return Error::none();
  }

  // Equal rows are the same row, so their order among themselves does not matter.
  std::vector<uint32_t> order(const std::vector<uint64_t>& contents, uint64_t epoch) const {
    std::vector<std::pair<uint64_t, uint32_t>> keyed(contents.size());
    for (size_t i = 0; i < keyed.size(); ++i) keyed[i] = {mixed(mixed(mixed(options_.seed ^ 0x726f7773) + epoch) ^ contents[i]), static_cast<uint32_t>(i)};
    std::sort(keyed.begin(), keyed.end(), [&](const auto& a, const auto& b) {
      if (a.first != b.first) return a.first < b.first;
      const auto left = texts_[a.second], right = texts_[b.second];
      return left != right ? left < right : numbers_[labels_[a.second]] < numbers_[labels_[b.second]];
    });
    std::vector<uint32_t> rows(keyed.size());
    for (size_t i = 0; i < rows.size(); ++i) rows[i] = keyed[i].second;
    return rows;
  }

  void descend() {
    std::vector<uint64_t> contents(texts_.size());
    for (size_t i = 0; i < contents.size(); ++i)
      contents[i] = mixed(hash::xxh3_64(texts_[i]) ^ hash::xxh3_64(names_[static_cast<size_t>(labels_[i])]) * 3);
    const double total = static_cast<double>(tokens_) * options_.epoch;
    double seen = 0;
    int64_t since = 0;
    auto rate = static_cast<float>(options_.lr);
    for (int32_t epoch = 0; epoch < options_.epoch; ++epoch)
      for (uint32_t i : order(contents, static_cast<uint64_t>(epoch))) {
        since += 1 + learn(i, rate);
        if (since <= options_.lr_update_rate) continue;
        seen += static_cast<double>(since);
        since = 0;
        rate = static_cast<float>(options_.lr * std::max(0.0, 1.0 - seen / total));
      }
  }

  // One step on one text; gives its tokens.
  int64_t learn(size_t i, float rate) {
    const int32_t label = numbers_[static_cast<size_t>(labels_[i])];
    rows_.clear();
    tokens_here_ = 0;
    for_each_token(text(i), [&](std::string_view) { ++tokens_here_; });
    if (label < 0) return tokens_here_;
    for_each_row(text(i), words_of(), dictionary_, hashes_, scratch_, [&](const uint32_t* ids, size_t count) { rows_.insert(rows_.end(), ids, ids + count); });
    if (rows_.empty()) return tokens_here_;
    const Kernels& kernel = kernels();
    const size_t stride = input_.stride();
    const auto share = static_cast<float>(1.0 / static_cast<double>(rows_.size()));
    std::fill(hidden_.begin(), hidden_.end(), 0.0f);
    input_.add_rows(rows_.data(), rows_.size(), hidden_.data());
    for (float& value : hidden_) value *= share;

    float most = -HUGE_VALF, sum = 0;
    for (size_t l = 0; l < probability_.size(); ++l) most = std::max(most, probability_[l] = output_.dot(hidden_.data(), l));
    for (float& value : probability_) sum += value = static_cast<float>(exp_exact(value - most));
    std::fill(gradient_.begin(), gradient_.end(), 0.0f);
    for (size_t l = 0; l < probability_.size(); ++l) {
      const float step = rate * ((static_cast<int32_t>(l) == label ? 1.0f : 0.0f) - probability_[l] / sum);
      kernel.add_scaled(output_.row(l), step, stride, gradient_.data());
      kernel.add_scaled(hidden_.data(), step, stride, output_.row(l));
    }
    for (float& value : gradient_) value *= share;
    for (uint32_t row : rows_) kernel.add_scaled(gradient_.data(), 1.0f, stride, input_.row(row));
    return tokens_here_;
  }

  Words& words_of() {
    if (!words_) words_ = std::make_unique<Words>(dictionary_);
    return *words_;
  }

  const TextColumn& texts_;
  std::span<const int32_t> labels_;
  const TextColumn& names_;
  const TrainOptions& options_;
  Dictionary dictionary_;
  std::vector<int32_t> numbers_;  // row of names -> number of the label, -1 where it is too rare
  Matrix input_, output_;
  std::unique_ptr<Words> words_;
  std::vector<int32_t> hashes_;
  std::vector<uint32_t> rows_, scratch_;
  std::vector<float> hidden_, gradient_, probability_;
  int64_t tokens_ = 0, tokens_here_ = 0;
};

}  // namespace

Error train(const TextColumn& texts, std::span<const int32_t> labels, const TextColumn& names, const TrainOptions& options, std::vector<uint8_t>& model) {
  MILLRACE_TRY(check(texts, labels, names, options));
  model.clear();
  return Trainer(texts, labels, names, options).run(model);
}

}  // namespace millrace::fasttext
