// The whole model in bf16: gradients against the same graph in double, and learning against fp32.
#include <algorithm>
#include <map>

#include "native/base/cpu.h"
#include "native/trainer/testing/tiny.h"
#include "native/trainer/trainer/trainer.h"

namespace millrace::trainer {

using namespace testing;

// The choice of experts is double's. Transformers' model of this shape and init under torch.autocast(bfloat16) against float32, eight seeds:
// all gradients together 0.021 to 0.031, worst tensor 0.033 to 0.079 (with a few tokens that choose otherwise).
TEST(ModelInBf16, HasTheGradientsOfDoubleWithinRoundings) {
  ModelConfig config = wide_model();
  config.mtp = 1;
  const TestBatch batch = random_batch(1, 300, config.vocabulary, 3);
  const Slab slab = slab_of(batch.view(), 0, 1);
  Resources resources{2, 1, 300, size_t{1} << 30};
  const auto exact = make_model<double>(config, tiny_optimizer(), resources);
  resources.precision = Precision::bf16;
  const auto found = make_model<float>(config, tiny_optimizer(), resources);
  fill_random(*exact, 5), fill_random(*found, 5);
  const double loss = exact->train(slab, 1e4, 0.3).loss;
  std::copy(exact->selected(0, slab).begin(), exact->selected(0, slab).end(), found->selected(0, slab).begin());
  found->freeze_routing(true);
  EXPECT_NEAR(found->train(slab, 1e4, 0.3).loss / loss, 1, 2e-3);

  double worst = 0, square = 0, all = 0;
  for (const Parameter& p : exact->layout().parameters) {
    double error = 0, size = 0;
    for (size_t i = p.offset; i < p.offset + p.size(); ++i) {
      const double e = static_cast<double>(found->gradients()[i]) - exact->gradients()[i];
      error += e * e, size += exact->gradients()[i] * exact->gradients()[i];
    }
    if (size == 0) continue;
    worst = std::max(worst, std::sqrt(error / size));
    square += error, all += size;
    EXPECT_LT(std::sqrt(error / size), 0.05) << p.name;
  }
  std::printf("  gradients of bf16 against double: all together %.4f, worst tensor %.4f\n", std::sqrt(square / all), worst);
  EXPECT_LT(std::sqrt(square / all), 0.025);
  EXPECT_GT(std::sqrt(square / all), 1e-4) << "nothing was rounded";
}

// One step's gradients of a model with vectors, tails and many blocks: the same bits everywhere.
TEST(ModelInBf16, HasOneGradientOnEveryInstructionSet) {
  const Isa before = active_isa();
  ModelConfig config = wide_model();
  config.mtp = 1;
  const TestBatch batch = random_batch(2, 90, config.vocabulary, 3);
  std::vector<float> first;
  for (const Isa isa : available_isas())
    for (const int threads : {1, 3}) {
      set_isa(isa);
      Resources resources{threads, 2, 90, size_t{1} << 30};
      resources.precision = Precision::bf16;
      const auto model = make_model<float>(config, tiny_optimizer(), resources);
      fill_random(*model, 5);
      model->train(slab_of(batch.view(), 0, 2), 1e4, 0.3);
      if (first.empty()) first.assign(model->gradients().begin(), model->gradients().end());
      ASSERT_TRUE(std::equal(first.begin(), first.end(), model->gradients().begin())) << name(isa) << ", " << threads << " threads";
    }
  set_isa(before);
}

// A sequence that can be learnt: the next id follows from the last, but for one in eight at random.
TEST(ModelInBf16, LearnsAsFastAsFp32) {
  ModelConfig config = wide_model();
  config.vocabulary = 31;
  constexpr size_t rows = 4, length = 48, steps = 200;
  std::map<Precision, std::vector<double>> losses;
  for (const Precision precision : {Precision::fp32, Precision::bf16}) {
    std::mt19937 random(1);
    Resources resources{2, rows, length, size_t{1} << 30};
    resources.precision = precision;
    std::unique_ptr<Trainer> trainer;
    ASSERT_OK(Trainer::create(config, OptimizerConfig{.balance_groups = 2}, resources, 7, trainer));
    StepOptions options;
    options.learning_rate = 3e-3, options.rope_base = 1e4, options.bias_rate = 0.01;
    for (size_t step = 0; step < steps; ++step) {
      TestBatch b{std::vector<uint32_t>(rows * length), std::vector<int32_t>(rows * length, -1), {}, {}, {}, rows, length};
      for (size_t row = 0; row < rows; ++row) {
        b.run_rows.push_back(static_cast<int32_t>(row)), b.run_starts.push_back(0), b.run_lengths.push_back(length);
        uint32_t* ids = b.tokens.data() + row * length;
        for (size_t t = 0; t < length; ++t) {
          ids[t] = static_cast<uint32_t>(t == 0 || random() % 8 == 0 ? random() % 31 : (3 * ids[t - 1] + 1) % 31);
          if (t) b.targets[row * length + t - 1] = static_cast<int32_t>(ids[t]);
        }
      }
      StepMetrics metrics;
      ASSERT_OK(trainer->step(b.view(), options, metrics));
      losses[precision].push_back(metrics.loss);
    }
  }
  const auto mean = [](const std::vector<double>& x, size_t from) {
    double sum = 0;
    for (size_t i = from; i < from + 50; ++i) sum += x[i];
    return sum / 50;
  };
  for (size_t from = 0; from < steps; from += 50)
    std::printf("  steps %3zu to %3zu: fp32 %.4f, bf16 %.4f\n", from, from + 49, mean(losses[Precision::fp32], from), mean(losses[Precision::bf16], from));
  EXPECT_LT(mean(losses[Precision::fp32], steps - 50), losses[Precision::fp32][0] - 2) << "there is something to learn";
  for (size_t from = 0; from < steps; from += 50)
    EXPECT_NEAR(mean(losses[Precision::bf16], from), mean(losses[Precision::fp32], from), 2e-3) << "from step " << from;
}

}  // namespace millrace::trainer
