// The oracle is Hugging Face's LongcatFlashForCausalLM in double precision, recorded by test/parity/longcat.py: logits, loss and every
// gradient, of two documents that we run packed into one row. Our layer is the same function: in double to rounding, in float to
// 2e-5 of a tensor's largest element.
#include "native/trainer/safetensors/safetensors.h"
#include "native/trainer/testing/tiny.h"

namespace millrace::trainer {

using namespace testing;

namespace {

std::string recording() {
  const std::string here = __FILE__;
  return here.substr(0, here.rfind("native/trainer/")) + "test/parity/longcat.safetensors";
}

template <class T>
std::vector<T> values(const SafetensorsFile& file, const std::string& name) {
  const StoredTensor* tensor = file.find(name);
  EXPECT_NE(tensor, nullptr) << name;
  if (!tensor) return {};
  std::vector<T> out(tensor->bytes.size() / sizeof(T));
  const Error error = copy_values<T>(*tensor, out);
  EXPECT_FALSE(error) << error.message();
  return out;
}

// Largest difference over the largest magnitude expected.
template <class Real>
double error_of(std::span<const Real> found, const std::vector<double>& expected) {
  EXPECT_EQ(found.size(), expected.size());
  double largest = 0, error = 0;
  for (size_t i = 0; i < expected.size(); ++i) {
    largest = std::max(largest, std::abs(expected[i]));
    error = std::max(error, std::abs(static_cast<double>(found[i]) - expected[i]));
  }
  return error / largest;
}

template <class Real>
void compare(double tolerance) {
  SafetensorsFile file;
  ASSERT_OK(file.open(recording()));
  OptimizerConfig optimizer = tiny_optimizer();
  optimizer.hidden_z_loss = 0, optimizer.balance_alpha = 0;  // Transformers has neither
  const ModelConfig config = tiny_model();
  auto model = make_model<Real>(config, optimizer, {.threads = 1, .rows_per_slab = 1, .max_row_length = 12, .max_memory = 0});
  for (const Parameter& p : model->layout().parameters) {
    const auto weight = values<float>(file, "weight." + p.name);
    ASSERT_EQ(weight.size(), p.size()) << p.name;
    std::copy(weight.begin(), weight.end(), model->weights().begin() + static_cast<ptrdiff_t>(p.offset));
  }
  for (size_t l = 0; l < config.layers; ++l) {
    const auto bias = values<float>(file, "weight." + bias_name(l));
    std::copy(bias.begin(), bias.end(), model->biases().begin() + static_cast<ptrdiff_t>(l * config.routes()));
  }

  const auto tokens = values<int32_t>(file, "tokens"), lengths = values<int32_t>(file, "lengths");
  TestBatch batch{{tokens.begin(), tokens.end()}, std::vector<int32_t>(tokens.size(), -1), {}, {}, lengths, 1, tokens.size()};
  for (int32_t start = 0; const int32_t length : lengths) {
    batch.run_rows.push_back(0);
    batch.run_starts.push_back(start);
    for (int32_t i = start; i + 1 < start + length; ++i) batch.targets[static_cast<size_t>(i)] = tokens[static_cast<size_t>(i) + 1];
    start += length;
  }
  ASSERT_OK(validate(batch.view(), config.vocabulary, 12));
  const Slab slab = slab_of(batch.view(), 0, 1);

  std::vector<Real> logits(tokens.size() * config.vocabulary);
  for (size_t t = 0; t < tokens.size(); ++t) model->logits(slab, 1e4, t, std::span(logits).subspan(t * config.vocabulary, config.vocabulary));
  EXPECT_LT(error_of<Real>(logits, values<double>(file, "logits")), tolerance);

  model->zero_gradients();
  const SlabLosses sums = model->train(slab, 1e4);
  EXPECT_NEAR(sums.loss / values<double>(file, "loss")[0], 1, tolerance);
  for (const Parameter& p : model->layout().parameters) {
    const std::span<const Real> found = model->gradients().subspan(p.offset, p.size());
    const auto expected = values<double>(file, "gradient." + p.name);
    EXPECT_LT(error_of<Real>(found, expected), tolerance) << p.name;
  }
}

}  // namespace

TEST(Parity, WithTransformersInDouble) { compare<double>(1e-12); }
TEST(Parity, WithTransformersInFloat) { compare<float>(2e-5); }

}  // namespace millrace::trainer
