// The oracle is the derivative itself: a central difference of fourth order in double, for every tensor of the model, with the choice of
// experts held fixed.
#include "native/trainer/testing/tiny.h"

namespace millrace::trainer {

using namespace testing;

namespace {

double objective(Model<double>& model, const Slab& slab, const OptimizerConfig& o, double mtp_weight) {
  const SlabLosses sums = model.train(slab, 1e4, mtp_weight);
  return sums.loss + o.hidden_z_loss * sums.z + o.balance_alpha * sums.balance + mtp_weight * sums.mtp;
}

void expect_finite_differences(const ModelConfig& config, double mtp_weight) {
  const OptimizerConfig optimizer = tiny_optimizer();
  const TestBatch batch = random_batch(2, 11, config.vocabulary, 5);
  ASSERT_OK(validate(batch.view(), config.vocabulary, 11));
  auto model = make_model<double>(config, optimizer, {.threads = 1, .rows_per_slab = 2, .max_row_length = 11, .max_memory = 0});
  fill_random(*model, 3);
  const Slab slab = slab_of(batch.view(), 0, 2);
  ASSERT_GT(slab.runs.size(), 3u);

  model->zero_gradients();
  objective(*model, slab, optimizer, mtp_weight);
  const std::vector<double> gradient(model->gradients().begin(), model->gradients().end());
  const std::vector<uint64_t> counts(model->counts().begin(), model->counts().end());
  for (size_t l = 0; l < config.layers; ++l) {
    uint64_t zero = 0;
    for (size_t i = config.experts; i < config.routes(); ++i) zero += counts[l * config.routes() + i];
    ASSERT_GT(zero, 0u) << "layer " << l << " chose no zero expert";
  }
  model->freeze_routing(true);

  std::mt19937 random(1);
  for (const Parameter& p : model->layout().parameters) {
    double largest = 0, error = 0;
    for (size_t i = 0; i < p.size(); ++i) largest = std::max(largest, std::abs(gradient[p.offset + i]));
    ASSERT_GT(largest, 1e-6) << p.name << " gets no gradient: the test shows nothing";
    for (size_t n = 0; n < std::min<size_t>(p.size(), 10); ++n) {
      const size_t i = p.offset + (p.size() <= 10 ? n : random() % p.size());
      double& weight = model->weights()[i];
      const double h = 2e-4, old = weight;
      const auto at = [&](double x) {
        weight = x;
        return objective(*model, slab, optimizer, mtp_weight);
      };
      const double near = at(old + h) - at(old - h), far = at(old + 2 * h) - at(old - 2 * h);
      weight = old;
      error = std::max(error, std::abs((8 * near - far) / (12 * h) - gradient[i]));
    }
    EXPECT_LT(error / largest, 1e-6) << p.name;
  }
}

}  // namespace

TEST(Gradients, EqualFiniteDifferencesInEveryTensor) { expect_finite_differences(tiny_model(), 0); }

TEST(Gradients, EqualFiniteDifferencesInEveryTensorWithTheMtpHead) {
  ModelConfig config = tiny_model(1);
  config.mtp = 1;
  expect_finite_differences(config, 0.7);
}

TEST(Mtp, OfDocumentsInOneRowIsThatOfDocumentsAlone) {
  ModelConfig config = tiny_model(1);
  config.mtp = 1;
  const TestBatch batch = random_batch(1, 20, config.vocabulary, 5);
  auto model = make_model<double>(config, tiny_optimizer(), {.threads = 1, .rows_per_slab = 1, .max_row_length = 20, .max_memory = 0});
  fill_random(*model, 3);
  const Slab packed = slab_of(batch.view(), 0, 1);
  ASSERT_GT(packed.runs.size(), 2u);
  const SlabLosses together = model->train(packed, 1e4, 0.3);
  double alone = 0;
  size_t targets = 0, expected = 0;
  for (const auto& run : packed.runs) {
    const auto part = [&](const auto& v) { return std::vector(v.begin() + static_cast<ptrdiff_t>(run.begin), v.begin() + static_cast<ptrdiff_t>(run.begin + run.length)); };
    const TestBatch single{part(packed.tokens), part(packed.targets), {0}, {0}, {static_cast<int32_t>(run.length)}, 1, run.length};
    const SlabLosses sums = model->train(slab_of(single.view(), 0, 1), 1e4, 0.3);
    alone += sums.mtp, targets += sums.mtp_targets, expected += run.length - 2;
  }
  EXPECT_EQ(together.mtp_targets, targets);
  EXPECT_EQ(targets, expected);  // the last two tokens of a document have no token after the next
  EXPECT_NEAR(together.mtp / alone, 1, 1e-14);
}

TEST(Gradients, LeaveRowsWithoutTargetsAlone) {
  const ModelConfig config = tiny_model(1);
  TestBatch batch = random_batch(1, 9, config.vocabulary, 8);
  std::fill(batch.targets.begin(), batch.targets.end(), -1);
  auto model = make_model<double>(config, tiny_optimizer(), {.threads = 1, .rows_per_slab = 1, .max_row_length = 9, .max_memory = 0});
  fill_random(*model, 3);
  model->train(slab_of(batch.view(), 0, 1), 1e4);
  for (double g : model->gradients()) ASSERT_EQ(g, 0);
}

}  // namespace millrace::trainer
