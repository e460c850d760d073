// Estimates against the definition, by brute force: Chen and Goodman 1998, equations 26 to 29, evaluated for every context and word of small
// corpora. bench/conformance/ngram.ts compares with lmplz on a larger one.
#include "native/ngram/train.h"

#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <random>
#include <set>

#include "native/ngram/score.h"
#include "native/ngram/testing.h"

namespace millrace::ngram {
namespace {

using Gram = std::vector<std::string>;

// Sentences whose words follow each other with some order in it: frequencies as 1/rank, and words that like to repeat pairs.
std::vector<std::string> corpus(int sentences, int vocabulary, uint32_t seed) {
  std::mt19937 random(seed);
  std::vector<std::string> result;
  for (int i = 0; i < sentences; ++i) {
    std::string sentence;
    int word = 0;
    for (int length = 1 + static_cast<int>(random() % 12); length > 0; --length) {
      const double u = (random() % 100'000 + 1) / 100'001.0;
      word = random() % 3 == 0 ? (word * 7 + 3) % vocabulary : static_cast<int>(std::pow(vocabulary, u)) - 1;
      sentence += "w" + std::to_string(word) + " ";
    }
    result.push_back(sentence);
  }
  return result;
}

// The model as it is defined.
class Definition {
 public:
  Definition(const std::vector<std::string>& sentences, int order, std::array<uint64_t, kMaxOrder> prune) : order_(order), prune_(prune) {
    for (const auto& sentence : sentences) {
      Gram words{"<s>"};
      std::istringstream in(sentence);
      for (std::string word; in >> word;) words.push_back(word);
      words.push_back("</s>");
      for (size_t end = 1; end < words.size(); ++end)
        for (int k = 1; k <= order && k <= static_cast<int>(end) + 1; ++k) ++true_[Gram(words.begin() + end + 1 - k, words.begin() + end + 1)];
    }
    for (const auto& [gram, count] : true_) {
      const int k = static_cast<int>(gram.size());
      if (k == order || gram[0] == "<s>") count_[gram] = count;
      if (k > 1) before_[Gram(gram.begin() + 1, gram.end())].insert(gram[0]);
    }
    for (const auto& [gram, words] : before_)
      if (gram[0] != "<s>") count_[gram] = words.size();
    for (const auto& [gram, count] : count_) {
      if (gram.size() == 1) vocabulary_.insert(gram[0]);
      if (count <= 4) ++n_[gram.size()][count];
    }
    vocabulary_.insert("<unk>");
    for (const auto& [gram, count] : count_) {
      auto& context = contexts_[Gram(gram.begin(), gram.end() - 1)];
      context.total += static_cast<double>(count);
      if (kept(gram)) context.mass += discount(static_cast<int>(gram.size()), count);
      else context.mass += static_cast<double>(count);
    }
  }

  double discount(int k, uint64_t count) const {
    const auto n = [&](int j) { return static_cast<double>(n_.at(k)[j]); };
    const int j = static_cast<int>(std::min<uint64_t>(count, 3));
    return j - (j + 1) * (n(1) / (n(1) + 2 * n(2))) * n(j + 1) / n(j);
  }
  bool kept(const Gram& gram) const { return true_.count(gram) && (gram.size() == 1 || true_.at(gram) > prune_[gram.size() - 1]); }

  // p(word | context), any context.
  double p(Gram context, const std::string& word) const {
    if (static_cast<int>(context.size()) >= order_) context.erase(context.begin(), context.end() - (order_ - 1));
    const Gram shorter = context.empty() ? context : Gram(context.begin() + 1, context.end());
    const double lower = context.empty() ? 1.0 / static_cast<double>(vocabulary_.size()) : p(shorter, word);
    const auto found = contexts_.find(context);
    if (found == contexts_.end()) return lower;
    Gram gram = context;
    gram.push_back(word);
    double own = 0;
    if (kept(gram) && count_.count(gram)) own = static_cast<double>(count_.at(gram)) - discount(static_cast<int>(gram.size()), count_.at(gram));
    return (own + found->second.mass * lower) / found->second.total;
  }
  const std::set<std::string>& vocabulary() const { return vocabulary_; }
  const std::map<Gram, uint64_t>& counts() const { return true_; }

 private:
  struct Context {
    double total = 0, mass = 0;
  };
  int order_;
  std::array<uint64_t, kMaxOrder> prune_;
  std::map<Gram, uint64_t> true_, count_;
  std::map<Gram, std::set<std::string>> before_;
  std::map<size_t, std::array<uint64_t, 5>> n_;
  std::map<Gram, Context> contexts_;
  std::set<std::string> vocabulary_;
};

struct Trained {
  std::map<std::vector<uint32_t>, std::pair<double, double>> grams;
  TrainReport report;
  std::unique_ptr<Model> model, from_arpa;
  std::string arpa;
};

Error train(const std::vector<std::string>& texts, TrainOptions options, Trained& out) {
  const Folder folder;
  options.scratch = folder.path;
  options.arpa = folder.file("out.arpa");
  options.binary = folder.file("out.bin");
  options.sink = [&](int order, const uint32_t* words, double p, double backoff) { out.grams[{words, words + order}] = {p, backoff}; };
  std::unique_ptr<Trainer> trainer;
  MILLRACE_TRY(Trainer::make(options, trainer));
  for (const auto& text : texts) MILLRACE_TRY(trainer->add(Texts({text})));
  MILLRACE_TRY(trainer->finish(out.report));
  trainer.reset();
  out.arpa = folder.read("out.arpa");
  MILLRACE_TRY(Model::load(options.binary, out.model));
  MILLRACE_TRY(Model::load(options.arpa, out.from_arpa));
  size_t left = 0;
  for ([[maybe_unused]] const auto& each : std::filesystem::directory_iterator(folder.path)) ++left;
  EXPECT_EQ(left, 2u) << "scratch files are removed";
  return Error::none();
}

// p(word | context) of trained n-grams, in double precision.
double interpolated(const Trained& trained, std::vector<uint32_t> context, uint32_t word) {
  double weight = 1;
  while (true) {
    auto gram = context;
    gram.push_back(word);
    if (const auto found = trained.grams.find(gram); found != trained.grams.end()) return weight * found->second.first;
    if (context.empty()) return 0;
    if (const auto found = trained.grams.find(context); found != trained.grams.end()) weight *= found->second.second;
    context.erase(context.begin());
  }
}

class Estimates : public testing::TestWithParam<std::tuple<int, std::array<uint64_t, kMaxOrder>>> {};

TEST_P(Estimates, AreThoseOfTheDefinition) {
  const auto [order, prune] = GetParam();
  const auto sentences = corpus(400, 400, 5 + order);
  Trained trained;
  const Error error = train(sentences, {.order = order, .words = Words::spaces, .prune = prune}, trained);
  ASSERT_FALSE(error) << error.message();
  const Definition definition(sentences, order, prune);
  EXPECT_EQ(trained.report.vocabulary, definition.vocabulary().size() + 1);  // and <s>

  std::map<std::string, uint32_t> ids{{"<unk>", 0}, {"<s>", 1}, {"</s>", 2}};
  for (const auto& sentence : sentences) {
    std::istringstream in(sentence);
    for (std::string word; in >> word;) ids.emplace(word, ids.size());
  }
  // Contexts that occur, and others.
  std::set<Gram> contexts{{}, {"<unk>"}, {"w1", "<unk>", "w2"}, {"w3", "w3", "w3", "w3"}, {"w5", "w0"}, {"<s>", "w39", "w38"}};
  int n = 0;
  for (const auto& [gram, count] : definition.counts())
    if (gram.back() != "</s>" && n++ % 5 == 0) contexts.insert(gram);
  for (const auto& context : contexts) {
    std::vector<uint32_t> numbers;
    for (const auto& word : context) numbers.push_back(ids.at(word));
    if (static_cast<int>(numbers.size()) >= order) numbers.erase(numbers.begin(), numbers.end() - (order - 1));
    double sum = 0;
    for (const auto& word : definition.vocabulary()) {
      const double p = interpolated(trained, numbers, ids.at(word));
      ASSERT_NEAR(p, definition.p(context, word), 1e-12) << word;
      sum += p;
    }
    ASSERT_NEAR(sum, 1, 1e-9);
  }
}

INSTANTIATE_TEST_SUITE_P(Orders, Estimates,
                         testing::Values(std::tuple{1, std::array<uint64_t, kMaxOrder>{}}, std::tuple{2, std::array<uint64_t, kMaxOrder>{}},
                                         std::tuple{3, std::array<uint64_t, kMaxOrder>{}}, std::tuple{4, std::array<uint64_t, kMaxOrder>{}},
                                         std::tuple{3, std::array<uint64_t, kMaxOrder>{0, 0, 1}}, std::tuple{4, std::array<uint64_t, kMaxOrder>{0, 1, 1, 2}}));

// The files hold what was estimated: a model's scores are sums of logarithms of the definition's probabilities.
TEST(Trainer, WritesWhatItEstimated) {
  const auto sentences = corpus(400, 400, 9);
  Trained trained;
  ASSERT_FALSE(train(sentences, {.order = 3, .words = Words::spaces}, trained));
  const Definition definition(sentences, 3, {});
  const std::vector<std::string> asked{"w1 w2 w3", "w0 w0 w0 w9", "zzz", "w1 zzz w1", "w39 w38 w37 w36", sentences[0], sentences[1]};
  Scores scores, again;
  ASSERT_FALSE(score(*trained.model, Texts(asked), {}, scores));
  ASSERT_FALSE(score(*trained.from_arpa, Texts(asked), {}, again));
  EXPECT_EQ(scores.log10, again.log10);
  for (size_t i = 0; i < asked.size(); ++i) {
    Gram context{"<s>"};
    std::istringstream in(asked[i] + " </s>");
    double sum = 0;
    for (std::string word; in >> word;) {
      if (!definition.vocabulary().count(word)) word = "<unk>";
      sum += std::log10(definition.p(context, word));
      context.push_back(word);
    }
    EXPECT_NEAR(scores.log10[i], sum, 1e-5) << asked[i];
  }
}

TEST(Trainer, GivesTheSameBytesInAnyMemory) {
  const auto sentences = corpus(30'000, 3'000, 3);
  Trained large, small;
  ASSERT_FALSE(train(sentences, {.order = 4, .words = Words::spaces, .fallback = true}, large));
  TrainOptions options{.order = 4, .words = Words::spaces, .max_memory = 1 << 20, .fallback = true};
  options.binary.clear();
  const Folder folder;
  options.scratch = folder.path;
  options.arpa = folder.file("small.arpa");
  std::unique_ptr<Trainer> trainer;
  ASSERT_FALSE(Trainer::make(options, trainer));
  // One text of many lines is as many texts of one.
  std::string all;
  for (const auto& sentence : sentences) all += sentence + "\n";
  ASSERT_FALSE(trainer->add(Texts({all})));
  ASSERT_FALSE(trainer->finish(small.report));
  EXPECT_EQ(folder.read("small.arpa"), large.arpa);
}

TEST(Trainer, SaysWhatItCannotDo) {
  const auto code = [](const std::vector<std::string>& texts, const TrainOptions& options) {
    Trained trained;
    return std::string(train(texts, options, trained).code());
  };
  EXPECT_EQ(code({}, {}), kTooLittleText);
  EXPECT_EQ(code({"", "\n"}, {}), kTooLittleText);
  EXPECT_EQ(code({"one two three"}, {}), kTooLittleText);
  EXPECT_EQ(code({"one two three"}, {.fallback = true}), "");
  EXPECT_EQ(code({"a"}, {.order = 0}), kArgument);
  EXPECT_EQ(code({"a"}, {.order = 7}), kArgument);
  EXPECT_EQ(code({"a"}, {.prune = {1}}), kArgument);
  EXPECT_EQ(code({"a"}, {.prune = {0, 2, 1}}), kArgument);
  EXPECT_EQ(code({"a"}, {.max_memory = 1000}), kArgument);
  std::string many;
  for (int i = 0; i < 20'000; ++i) many += "word" + std::to_string(i * 7919) + "x\n";
  EXPECT_EQ(code({many}, {.words = Words::spaces, .max_memory = 1 << 20, .fallback = true}), kMemory);
}

// By hand, bigrams with the fallback discounts 0.5, 1, 1.5 of "a b" and "a": adjusted unigrams a 1 (<s>), b 1 (a), </s> 2 (b, a).
TEST(Trainer, EstimatesASmallTextByHand) {
  Trained trained;
  ASSERT_FALSE(train({"A b\na"}, {.order = 2, .fallback = true}, trained));
  EXPECT_TRUE(trained.report.fell_back[0]);
  EXPECT_EQ(trained.report.words, 3u);
  EXPECT_EQ(trained.report.sentences, 2u);
  const double uniform = 1.0 / 4, unigram_mass = (0.5 + 0.5 + 1) / 4;  // <unk>, a, b, </s>
  const double a = 0.5 / 4 + unigram_mass * uniform, end = 1.0 / 4 + unigram_mass * uniform;
  EXPECT_NEAR((trained.grams[{0}].first), unigram_mass * uniform, 1e-15);
  EXPECT_NEAR((trained.grams[{3}].first), a, 1e-15);
  EXPECT_NEAR((trained.grams[{2}].first), end, 1e-15);
  // c(<s> a) = 2: (2 - 1) / 2 + 1 / 2 · p(a); c(a b) = c(a </s>) = 1: 0.5 / 2 + 1 / 2 · p(</s>).
  EXPECT_NEAR((trained.grams[{1, 3}].first), 0.5 + 0.5 * a, 1e-15);
  EXPECT_NEAR((trained.grams[{3, 2}].first), 0.25 + 0.5 * end, 1e-15);
  EXPECT_NEAR((trained.grams[{3}].second), 0.5, 1e-15);
}

}  // namespace
}  // namespace millrace::ngram
