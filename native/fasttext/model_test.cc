#include "native/fasttext/model.h"

#include <gtest/gtest.h>

#include <cmath>

#include "native/base/cpu.h"
#include "native/fasttext/kernels.h"
#include "native/fasttext/real.h"
#include "native/fasttext/testing.h"

namespace millrace::fasttext {
namespace {

// A model file of two columns, written field by field as fastText's source lays it out.
struct File {
  Header header;
  std::vector<std::string> words, labels;
  std::vector<int64_t> counts;               // of the labels
  std::vector<std::pair<int32_t, int32_t>> kept;  // pruned n-grams; used where `pruned`
  bool pruned = false;
  std::vector<std::vector<float>> input, output;

  std::vector<uint8_t> bytes() const {
    std::vector<uint8_t> out;
    header.write(out);
    append(out, static_cast<int32_t>(words.size() + labels.size()));
    append(out, static_cast<int32_t>(words.size()));
    append(out, static_cast<int32_t>(labels.size()));
    append(out, int64_t{100});
    append(out, pruned ? static_cast<int64_t>(kept.size()) : int64_t{-1});
    for (size_t i = 0; i < words.size() + labels.size(); ++i) {
      const auto& name = i < words.size() ? words[i] : labels[i - words.size()];
      out.insert(out.end(), name.begin(), name.end());
      out.push_back(0);
      append(out, i < words.size() ? int64_t{1} : counts[i - words.size()]);
      out.push_back(i < words.size() ? 0 : 1);
    }
    if (pruned)
      for (const auto& [id, row] : kept) {
        append(out, id);
        append(out, row);
      }
    out.push_back(pruned);
    pruned ? coded(out, input) : dense(out, input);
    out.push_back(0);
    dense(out, output);
    return out;
  }

  static void dense(std::vector<uint8_t>& out, const std::vector<std::vector<float>>& rows) {
    append(out, static_cast<int64_t>(rows.size()));
    append(out, static_cast<int64_t>(rows[0].size()));
    for (const auto& row : rows)
      for (float value : row) append(out, value);
  }

  // Row i has code i in each of its parts (one column wide) and norm code i: the value is norm x centroid.
  static void coded(std::vector<uint8_t>& out, const std::vector<std::vector<float>>& rows) {
    const size_t m = rows.size(), n = rows[0].size();
    out.push_back(1);
    append(out, static_cast<int64_t>(m));
    append(out, static_cast<int64_t>(n));
    append(out, static_cast<int32_t>(m * n));
    for (size_t i = 0; i < m * n; ++i) out.push_back(static_cast<uint8_t>(i / n));
    for (int32_t number : {static_cast<int32_t>(n), static_cast<int32_t>(n), 1, 1}) append(out, number);
    for (size_t part = 0; part < n; ++part)
      for (size_t code = 0; code < 256; ++code) append(out, code < m ? rows[code][part] / 2 : 0.0f);
    for (size_t i = 0; i < m; ++i) out.push_back(static_cast<uint8_t>(i));
    for (int32_t number : {1, 1, 1, 1}) append(out, number);
    for (size_t code = 0; code < 256; ++code) append(out, 2.0f);
  }
};

File small(Loss loss) {
  File file;
  file.header.dim = 2;
  file.header.word_ngrams = 1;
  file.header.loss = static_cast<int32_t>(loss);
  file.words = {"</s>", "red", "blue"};
  file.labels = {"__label__a", "__label__b", "__label__c"};
  file.counts = {50, 30, 20};
  file.input = {{0.1f, 0.2f}, {1.0f, -0.5f}, {-0.25f, 0.75f}};
  file.output = {{0.5f, 1.5f}, {-1.0f, 0.25f}, {2.0f, -0.125f}};
  return file;
}

std::unique_ptr<Model> opened(const std::vector<uint8_t>& bytes) {
  std::unique_ptr<Model> model;
  const Error error = Model::open(bytes, model);
  EXPECT_FALSE(error) << error.message();
  return model;
}

Predictions asked(const Model& model, const std::vector<std::string>& texts, PredictOptions options = {}) {
  Predictions result;
  const Column column(texts);
  EXPECT_FALSE(model.predict(column.view(), options, result));
  return result;
}

TEST(FastTextReal, AgreesWithTheDefinition) {
  for (double x = -700; x < 700; x += 0.37) EXPECT_NEAR(exp_exact(x) / static_cast<double>(std::exp(static_cast<long double>(x))), 1.0, 1e-14) << x;
  for (double x = 1e-300; x < 1e300; x *= 1.37) {
    const auto exact = static_cast<double>(std::log(static_cast<long double>(x)));
    EXPECT_NEAR(log_exact(x), exact, 1e-15 * std::max(1.0, std::abs(exact))) << x;
  }
  EXPECT_EQ(exp_exact(0.0), 1.0);
  EXPECT_EQ(log_exact(1.0), 0.0);
  EXPECT_EQ(log_exact(0.0), -HUGE_VAL);
  EXPECT_TRUE(std::isnan(exp_exact(NAN)) && std::isnan(log_exact(NAN)));
}

TEST(FastTextKernels, GiveTheSameBitsOnEveryInstructionSet) {
  constexpr size_t kStride = 208, kRows = 37;
  std::vector<float> rows(kStride * kRows);
  uint32_t state = 1;
  for (float& value : rows) value = static_cast<float>(static_cast<int32_t>(state = state * 1664525u + 1013904223u)) / 1e9f;
  std::vector<uint32_t> ids;
  for (uint32_t i = 0; i < 500; ++i) ids.push_back(i * 7919 % kRows);
  std::vector<double> exact(kStride);
  for (uint32_t id : ids)
    for (size_t c = 0; c < kStride; ++c) exact[c] += rows[id * kStride + c];
  const Isa before = active_isa();
  std::vector<std::vector<float>> sums;
  std::vector<float> dots;
  for (Isa isa : available_isas()) {
    set_isa(isa);
    std::vector<float> sum(kStride, 0.5f);
    kernels().add_rows(rows.data(), kStride, ids.data(), ids.size(), sum.data());
    for (size_t c = 0; c < kStride; ++c) EXPECT_NEAR(sum[c], exact[c] + 0.5, 1e-3);
    kernels().add_scaled(rows.data(), 0.3f, kStride, sum.data());
    sums.push_back(sum);
    dots.push_back(kernels().dot(rows.data(), rows.data() + kStride, kStride));
  }
  set_isa(before);
  for (size_t i = 1; i < sums.size(); ++i) {
    EXPECT_EQ(sums[i], sums[0]);
    EXPECT_EQ(dots[i], dots[0]);
  }
}

// Landon Curt Noll's vectors of FNV-1a; above 127 the sign bits come in, by definition.
TEST(FastTextHash, IsFnvOverSignedCharacters) {
  EXPECT_EQ(hash_of(""), 0x811c9dc5u);
  EXPECT_EQ(hash_of("a"), 0xe40c292cu);
  EXPECT_EQ(hash_of("foobar"), 0xbf9cf968u);
  EXPECT_EQ(hash_of("\xc3"), (0x811c9dc5u ^ 0xffffffc3u) * 16777619u);
}

TEST(FastTextModel, SoftmaxIsTheDefinition) {
  const auto model = opened(small(Loss::softmax).bytes());
  const auto result = asked(*model, {"red  blue\nred unknown"}, {3, 0, 1});
  // Rows of red, blue, red and the end of line; `unknown` has none.
  const double h[2] = {(1.0 - 0.25 + 1.0 + 0.1) / 4, (-0.5 + 0.75 - 0.5 + 0.2) / 4};
  const double z[3] = {0.5 * h[0] + 1.5 * h[1], -h[0] + 0.25 * h[1], 2 * h[0] - 0.125 * h[1]};
  const double sum = std::exp(z[0]) + std::exp(z[1]) + std::exp(z[2]);
  for (size_t i = 0; i < 3; ++i) EXPECT_NEAR(result.score[i], std::exp(z[result.label[i]]) / sum + 1e-5, 1e-6);
  EXPECT_EQ(result.label, (std::vector<int32_t>{2, 0, 1}));
}

// Counts 50, 30, 20: c and b join first, then a with them; the lighter one is left.
TEST(FastTextModel, HierarchicalSoftmaxIsTheDefinition) {
  const auto model = opened(small(Loss::hierarchical).bytes());
  const auto result = asked(*model, {"blue"}, {3, 0, 1});
  const double h[2] = {(-0.25 + 0.1) / 2, (0.75 + 0.2) / 2};
  const auto right = [&](double x, double y) { return 1 / (1 + std::exp(-(x * h[0] + y * h[1]))); };
  // Inner node 3 has row 0 of the output, the root has row 1. Node 3 (count 50) is not lighter than a (50): the tie goes to the node.
  const double inner = right(0.5, 1.5), root = right(-1.0, 0.25);
  const double expected[3] = {root, (1 - root) * inner, (1 - root) * (1 - inner)};
  double sum = 0;
  for (size_t i = 0; i < 3; ++i) {
    EXPECT_NEAR(result.score[i], expected[result.label[i]], 5e-5);
    sum += result.score[i];
  }
  EXPECT_NEAR(sum, 1.0, 1e-4);
  EXPECT_EQ(asked(*model, {"blue"}).label[0], result.label[0]);
}

TEST(FastTextModel, OneVersusAllReadsTheTableOfSigmoids) {
  const auto model = opened(small(Loss::one_vs_all).bytes());
  const auto result = asked(*model, {"blue"}, {3, 0, 1});
  const double h[2] = {(-0.25 + 0.1) / 2, (0.75 + 0.2) / 2};
  const double z[3] = {0.5 * h[0] + 1.5 * h[1], -h[0] + 0.25 * h[1], 2 * h[0] - 0.125 * h[1]};
  for (size_t i = 0; i < 3; ++i) EXPECT_NEAR(result.score[i], 1 / (1 + std::exp(-z[result.label[i]])), 1.0 / 128);
}

TEST(FastTextModel, TokensAreFastTexts) {
  const auto model = opened(small(Loss::softmax).bytes());
  const auto result = asked(*model, {"red", " red\t\v\f\r\n", std::string("red\0", 4), "red </s> blue", "red __label__a __label__new", "", "</s>"});
  for (size_t i = 1; i < 5; ++i) EXPECT_EQ(result.score[i], result.score[0]) << i;
  EXPECT_EQ(result.score[5], result.score[6]);
  EXPECT_NE(result.score[5], result.score[0]);
}

TEST(FastTextModel, AWordlessTextHasNoLabelWhereTheEndOfLineIsNoWord) {
  auto file = small(Loss::softmax);
  file.words = {"x", "red", "blue"};
  const auto result = asked(*opened(file.bytes()), {"", "green", "red"}, {2, 0, 1});
  EXPECT_EQ(std::vector<int32_t>(result.label.begin(), result.label.begin() + 4), (std::vector<int32_t>{-1, -1, -1, -1}));
  EXPECT_GE(result.label[4], 0);
}

TEST(FastTextModel, PrunedNgramsHaveTheRowsThatAreLeft) {
  auto file = small(Loss::softmax);
  file.header.minn = 2;
  file.header.maxn = 2;
  file.header.bucket = 1000;
  file.words = {"</s>"};
  file.pruned = true;
  // Of "<ab>" the n-grams <a, ab, b> exist; ab and b> are kept.
  file.kept = {{static_cast<int32_t>(hash_of("ab") % 1000), 1}, {static_cast<int32_t>(hash_of("b>") % 1000), 0}};
  const auto model = opened(file.bytes());
  const auto result = asked(*model, {"ab"}, {3, 0, 1});
  const double h[2] = {(-0.25 + 1.0 + 0.1) / 3, (0.75 - 0.5 + 0.2) / 3};
  const double z[3] = {0.5 * h[0] + 1.5 * h[1], -h[0] + 0.25 * h[1], 2 * h[0] - 0.125 * h[1]};
  const double sum = std::exp(z[0]) + std::exp(z[1]) + std::exp(z[2]);
  for (size_t i = 0; i < 3; ++i) EXPECT_NEAR(result.score[i], std::exp(z[result.label[i]]) / sum + 1e-5, 1e-6);
}

TEST(FastTextModel, IsTheSameWithAnyThreadsAndACutFallsOnACharacter) {
  auto file = small(Loss::softmax);
  file.header.minn = 1;
  file.header.maxn = 3;
  file.header.bucket = 50;
  for (int i = 0; i < 50; ++i) file.input.push_back({static_cast<float>(std::sin(i)), static_cast<float>(std::cos(i * i))});
  const auto model = opened(file.bytes());
  std::vector<std::string> texts;
  for (int i = 0; i < 300; ++i) texts.push_back("w" + std::to_string(i % 70) + " \xc3\xa9t\xc3\xa9 " + std::string(static_cast<size_t>(i), 'x') + " red");
  const auto one = asked(*model, texts, {2, 0, 1}), four = asked(*model, texts, {2, 0, 4}), again = asked(*model, texts, {2, 0, 1});
  EXPECT_EQ(one.label, four.label);
  EXPECT_EQ(one.score, four.score);
  EXPECT_EQ(one.score, again.score);
  EXPECT_EQ(asked(*model, {"r\xc3\xa9 more"}, {1, 2, 1}).score, asked(*model, {"r"}).score);
}

TEST(FastTextModel, RefusesBytesThatAreNoModel) {
  std::unique_ptr<Model> model;
  const auto refuse = [&](const std::vector<uint8_t>& bytes, const std::string& found) {
    const Error error = Model::open(bytes, model);
    EXPECT_STREQ(error.code(), kBadModel);
    EXPECT_NE(error.message().find(found), std::string::npos) << error.message();
  };
  refuse({}, "expected 4 bytes of a header, found 0");
  refuse({'P', 'K', 3, 4, 0, 0, 0, 0}, "expected fastText's mark 793712314, found 67324752");
  auto file = small(Loss::softmax);
  const auto good = file.bytes();
  for (size_t size = 0; size < good.size(); ++size) EXPECT_STREQ(Model::open(std::span(good).first(size), model).code(), kBadModel) << size;
  // Whatever one byte says instead, it is a model or an error, and a model answers.
  for (const bool pruned : {false, true}) {
    auto other = small(Loss::hierarchical);
    other.pruned = pruned;
    if (pruned) other.kept = {{3, 1}, {4, 2}}, other.words = {"</s>"}, other.header.maxn = 3, other.header.bucket = 10;
    const auto bytes = other.bytes();
    for (size_t i = 0; i < bytes.size(); ++i)
      for (uint8_t value : {0x00, 0x01, 0x7f, 0x80, 0xff}) {
        auto changed = bytes;
        changed[i] = value;
        if (!Model::open(changed, model)) asked(*model, {"red blue", "abc"}, {3, 0, 1});
      }
  }
  auto skipgram = small(Loss::softmax);
  skipgram.header.model = 2;
  refuse(skipgram.bytes(), "expected a supervised model (3), found 2");
  file.input.pop_back();
  refuse(file.bytes(), "expected an input matrix of at least 3 x 2, found 2 x 2");
}

}  // namespace
}  // namespace millrace::fasttext
