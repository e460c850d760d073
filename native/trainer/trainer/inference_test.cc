// A trainer made for inference: the same logits and evaluation, without room for gradients, moments or more than one layer's activations.
#include "native/trainer/testing/tiny.h"
#include "native/trainer/trainer/trainer.h"

namespace millrace::trainer {

using namespace testing;

namespace {

std::string temporary(const char* name) { return ::testing::TempDir() + "millrace_inference_" + name; }

}  // namespace

TEST(Inference, GivesTheSameNumbersWithoutGradientsAndMoments) {
  ModelConfig config = tiny_model(3);
  config.mtp = 1;
  const Resources training{1, 1, 24, size_t{1} << 30};
  Resources reading = training;
  reading.inference = true;
  std::unique_ptr<Trainer> trainer, reader;
  ASSERT_OK(Trainer::create(config, tiny_optimizer(), training, 42, trainer));
  const TestBatch batch = random_batch(2, 24, config.vocabulary, 1);
  StepOptions options;
  options.learning_rate = 1e-3, options.rope_base = 1e4, options.mtp_weight = 0.3;
  StepMetrics metrics;
  ASSERT_OK(trainer->step(batch.view(), options, metrics));
  EXPECT_GT(metrics.mtp_loss, 1);
  const std::string w = temporary("w"), o = temporary("o");
  ASSERT_OK(trainer->save(w, o));
  ASSERT_OK(Trainer::load(w, o, tiny_optimizer(), reading, reader));
  EXPECT_EQ(reader->weight_hash(), trainer->weight_hash());

  std::vector<float> expected(config.vocabulary), found(config.vocabulary);
  ASSERT_OK(trainer->logits(std::span(batch.tokens).first(9), 1e4, expected));
  ASSERT_OK(reader->logits(std::span(batch.tokens).first(9), 1e4, found));
  EXPECT_EQ(expected, found);
  Evaluation a, b;
  ASSERT_OK(trainer->evaluate(batch.view(), 1e4, a));
  ASSERT_OK(reader->evaluate(batch.view(), 1e4, b));
  EXPECT_EQ(a.loss_sums, b.loss_sums);

  EXPECT_NE(reader->step(batch.view(), options, metrics).message().find("inference = true"), std::string::npos);
  EXPECT_STREQ(reader->save(w, o).code(), kArgument);
  EXPECT_STREQ(reader->grow(2).code(), kArgument);
  std::remove(w.c_str()), std::remove(o.c_str());
}

TEST(Inference, GivesTheSameLogitsFromItsCache) {
  const Resources training{2, 1, 300, size_t{1} << 30};
  Resources reading = training;
  reading.inference = true;
  ModelConfig config = wide_model();
  config.layers = 2;
  std::unique_ptr<Trainer> trainer, reader;
  ASSERT_OK(Trainer::create(config, tiny_optimizer(), training, 42, trainer));
  ASSERT_OK(Trainer::create(config, tiny_optimizer(), reading, 42, reader));
  TestBatch batch = random_batch(1, 300, config.vocabulary, 1);
  std::vector<float> expected(config.vocabulary), found(config.vocabulary);
  const auto compare = [&](size_t length, double base) {
    ASSERT_OK(trainer->logits(std::span(batch.tokens).first(length), base, expected));
    ASSERT_OK(reader->logits(std::span(batch.tokens).first(length), base, found));
    ASSERT_EQ(expected, found) << "after " << length << " tokens";
  };
  for (const size_t length : {1, 2, 3, 63, 64, 65, 130, 131, 256, 257, 258, 299, 300}) ASSERT_NO_FATAL_FAILURE(compare(length, 1e4));
  ASSERT_NO_FATAL_FAILURE(compare(300, 1e4));  // once more
  ASSERT_NO_FATAL_FAILURE(compare(40, 1e4));   // shorter
  batch.tokens[20] = (batch.tokens[20] + 1) % 67;
  ASSERT_NO_FATAL_FAILURE(compare(40, 1e4));   // another text
  ASSERT_NO_FATAL_FAILURE(compare(41, 1e5));   // another base
}

TEST(MemoryPlan, FallsWithTheLevelAndWithoutTraining) {
  const ModelConfig config = tiny_model(4);
  Resources r{1, 2, 64, size_t{1} << 30};
  const MemoryPlan full = memory_plan(config, r);
  size_t before = full.activations;
  for (const int level : {1, 2}) {
    r.recompute = level;
    const MemoryPlan plan = memory_plan(config, r);
    EXPECT_LT(plan.activations, before) << "level " << level;
    EXPECT_EQ(plan.moments, full.moments);
    before = plan.activations;
  }
  r.inference = true;
  const MemoryPlan reading = memory_plan(config, r);
  EXPECT_EQ(reading.weights, full.weights);
  EXPECT_EQ(reading.gradients + reading.moments, 0u);
  EXPECT_LT(reading.activations * 3, full.activations);
  EXPECT_LT(reading.scratch, full.scratch);
  r.recompute = 3;
  EXPECT_NE(validate(config, tiny_optimizer(), r).message().find("recompute: expected 0 to 2, found 3"), std::string::npos);
}

TEST(MemoryPlan, IsLinearInTheLengthOfRows) {
  ModelConfig config = tiny_model(1);
  config.heads = 2, config.nope = 32, config.rope = 16, config.value = 32, config.hidden = 64;
  const auto bytes = [&](size_t length) { return static_cast<double>(memory_plan(config, {2, 1, length, size_t{1} << 40}).total()); };
  const double near = (bytes(32768) - bytes(16384)) / 16384, far = (bytes(131072) - bytes(32768)) / 98304;
  EXPECT_NEAR(far / near, 1, 0.01);
}

// The update of the head keeps its own count of steps, and stands still while it is off.
TEST(Mtp, StandsStillWhileItIsOff) {
  ModelConfig config = tiny_model(1);
  config.mtp = 1;
  std::unique_ptr<Trainer> with, without;
  const Resources resources{1, 1, 24, size_t{1} << 30};
  ASSERT_OK(Trainer::create(config, tiny_optimizer(), resources, 42, with));
  ASSERT_OK(Trainer::create(tiny_model(1), tiny_optimizer(), resources, 42, without));
  const size_t base = without->model().layout().size;
  ASSERT_EQ(with->model().layout().mtp_begin, base);
  const std::vector<float> head(with->model().weights().begin() + static_cast<ptrdiff_t>(base), with->model().weights().end());
  StepOptions options;
  options.learning_rate = 1e-3, options.rope_base = 1e4;
  StepMetrics metrics;
  const TestBatch batch = random_batch(2, 24, config.vocabulary, 1);
  for (int i = 0; i < 3; ++i) {
    ASSERT_OK(with->step(batch.view(), options, metrics));
    EXPECT_EQ(metrics.mtp_loss, 0);
    ASSERT_OK(without->step(batch.view(), options, metrics));
  }
  for (size_t i = 0; i < base; ++i) ASSERT_EQ(with->model().weights()[i], without->model().weights()[i]);
  for (size_t i = 0; i < head.size(); ++i) ASSERT_EQ(with->model().weights()[base + i], head[i]);
  options.mtp_weight = 0.3;
  ASSERT_OK(with->step(batch.view(), options, metrics));
  EXPECT_EQ(with->counters().updates, 4u);
  EXPECT_EQ(with->counters().mtp_updates, 1u);
  EXPECT_NE(with->model().weights()[base], head[0]);
}

}  // namespace millrace::trainer
