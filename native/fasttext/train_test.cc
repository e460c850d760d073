#include "native/fasttext/train.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <string>

#include "native/base/cpu.h"
#include "native/fasttext/model.h"
#include "native/fasttext/testing.h"

namespace millrace::fasttext {
namespace {

struct Rows {
  std::vector<std::string> texts;
  std::vector<int32_t> labels;
};

// Two vocabularies that share their commonest words.
Rows made(size_t count, uint32_t state) {
  Rows rows;
  const auto next = [&](uint32_t below) { return (state = state * 1664525u + 1013904223u) / 65536 % below; };
  for (size_t i = 0; i < count; ++i) {
    const int32_t label = static_cast<int32_t>(next(2));
    std::string text;
    for (int w = 0; w < 12; ++w) text += (next(3) ? "common" + std::to_string(next(5)) : (label ? "up" : "down") + std::to_string(next(9))) + " ";
    rows.texts.push_back(text);
    rows.labels.push_back(label);
  }
  return rows;
}

std::vector<uint8_t> trained(const Rows& rows, const TrainOptions& options = {}) {
  std::vector<uint8_t> model;
  const Error error = train(Column(rows.texts).view(), rows.labels, Column({"down", "up"}).view(), options, model);
  EXPECT_FALSE(error) << error.message();
  return model;
}

TEST(FastTextTrain, LearnsWhatSeparatesAndNothingElse) {
  const Rows rows = made(600, 1), held = made(200, 99);
  std::unique_ptr<Model> model;
  ASSERT_FALSE(Model::open(trained(rows), model));
  Predictions result;
  ASSERT_FALSE(model->predict(Column(held.texts).view(), {2, 0, 1}, result));
  size_t right = 0;
  for (size_t i = 0; i < held.texts.size(); ++i) {
    EXPECT_NEAR(result.score[2 * i] + result.score[2 * i + 1], 1.0, 1e-4);
    right += std::string(model->dictionary().label(static_cast<size_t>(result.label[2 * i]))) == (held.labels[i] ? "__label__up" : "__label__down");
  }
  EXPECT_GE(right, 190u);
}

TEST(FastTextTrain, IsAFunctionOfTheSetOfRowsOnly) {
  const Rows rows = made(120, 5);
  Rows turned = rows;
  std::reverse(turned.texts.begin(), turned.texts.end());
  std::reverse(turned.labels.begin(), turned.labels.end());
  TrainOptions options;
  options.bucket = 1000;
  options.minn = 2;
  options.maxn = 3;
  const auto model = trained(rows, options);
  EXPECT_EQ(model, trained(turned, options));
  const Isa before = active_isa();
  for (Isa isa : available_isas()) {
    set_isa(isa);
    EXPECT_EQ(model, trained(rows, options)) << name(isa);
  }
  set_isa(before);
  options.seed = 1;
  EXPECT_NE(model, trained(rows, options));
}

// One text, one step: the file's numbers are those of the definition in double.
TEST(FastTextTrain, OneStepIsTheDefinition) {
  TrainOptions options;
  options.dim = 2;
  options.epoch = 1;
  options.word_ngrams = 1;
  options.lr = 0.0;
  const Rows rows{{"a b", "c"}, {0, 1}};
  const auto start = trained(rows, options);
  options.lr = 0.5;
  options.lr_update_rate = 1000;  // the rate stays what it is
  const auto after = trained(rows, options);
  ASSERT_EQ(start.size(), after.size());
  // The two matrices lie at the end: int64 x 2, rows of </s>, a, b, c; a flag; int64 x 2, rows of the labels.
  const auto numbers = [](const std::vector<uint8_t>& file, size_t from_end, size_t count) {
    std::vector<float> values(count);
    std::memcpy(values.data(), file.data() + file.size() - from_end, count * 4);
    return values;
  };
  const auto in0 = numbers(start, 16 + 17 + 32, 8), in1 = numbers(after, 16 + 17 + 32, 8), out1 = numbers(after, 16, 4);
  EXPECT_EQ(numbers(start, 16, 4), (std::vector<float>{0, 0, 0, 0}));
  for (float value : in0) EXPECT_LE(std::abs(value), 0.5f);
  // Words are sorted by count, then bytes; the two orders of the rows are both possible, one of them must fit.
  bool fits = false;
  for (const int first : {0, 1}) {
    std::vector<double> in(in0.begin(), in0.end()), out(4, 0.0);
    for (const int row : {first, 1 - first}) {
      const std::vector<size_t> ids = row == 0 ? std::vector<size_t>{1, 2, 0} : std::vector<size_t>{3, 0};
      double h[2] = {}, g[2] = {}, z[2], sum = 0;
      for (size_t id : ids)
        for (int c = 0; c < 2; ++c) h[c] += in[id * 2 + c] / static_cast<double>(ids.size());
      for (int l = 0; l < 2; ++l) sum += z[l] = std::exp(out[l * 2] * h[0] + out[l * 2 + 1] * h[1]);
      for (int l = 0; l < 2; ++l) {
        const double step = 0.5 * ((l == row) - z[l] / sum);
        for (int c = 0; c < 2; ++c) {
          g[c] += step * out[l * 2 + c];
          out[l * 2 + c] += step * h[c];
        }
      }
      for (size_t id : ids)
        for (int c = 0; c < 2; ++c) in[id * 2 + c] += g[c] / static_cast<double>(ids.size());
    }
    double off = 0;
    for (size_t i = 0; i < 8; ++i) off = std::max(off, std::abs(in[i] - in1[i]));
    for (size_t i = 0; i < 4; ++i) off = std::max(off, std::abs(out[i] - out1[i]));
    fits |= off < 1e-6;
  }
  EXPECT_TRUE(fits);
}

TEST(FastTextTrain, RefusesWhatCannotBeTrained) {
  std::vector<uint8_t> model;
  const Rows rows = made(4, 1);
  const auto code = [&](const Rows& given, const std::vector<std::string>& names, const TrainOptions& options = {}) {
    return std::string(train(Column(given.texts).view(), given.labels, Column(names).view(), options, model).code());
  };
  EXPECT_EQ(code({{"a", "b"}, {0, 0}}, {"x", "y"}), kArgument);
  EXPECT_EQ(code({{"a", "b"}, {0, 2}}, {"x", "y"}), kArgument);
  EXPECT_EQ(code({{"a", "b"}, {0}}, {"x", "y"}), kShape);
  EXPECT_EQ(code(rows, {"x", "with space"}), kArgument);
  EXPECT_EQ(code(rows, {"x", "x"}), kArgument);
  TrainOptions options;
  options.dim = 0;
  EXPECT_EQ(code(rows, {"x", "y"}, options), kArgument);
  EXPECT_EQ(code({{}, {}}, {"x", "y"}), kArgument);
}

}  // namespace
}  // namespace millrace::fasttext
