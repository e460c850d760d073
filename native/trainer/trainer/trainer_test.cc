// Promises about bits: of documents, threads, instruction sets, cuts of a batch, interruptions, growth.
#include "native/trainer/trainer/trainer.h"

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "native/base/cpu.h"
#include "native/trainer/testing/tiny.h"

namespace millrace::trainer {

using namespace testing;

namespace {

constexpr size_t kLength = 40, kLongest = 300;

Resources resources(int threads = 1, size_t rows_per_slab = 2) { return {threads, rows_per_slab, kLength, size_t{1} << 30}; }

std::unique_ptr<Trainer> make_trainer(const Resources& r, size_t layers = 2) {
  std::unique_ptr<Trainer> trainer;
  const Error error = Trainer::create(tiny_model(layers), tiny_optimizer(), r, 42, trainer);
  EXPECT_FALSE(error) << error.message();
  fill_random(trainer->model(), 9);
  return trainer;
}

StepOptions options() {
  StepOptions o;
  o.learning_rate = 3e-3, o.bias_rate = 0.05, o.rope_base = 1e4;
  return o;
}

StepMetrics step(Trainer& trainer, uint32_t seed) {
  StepMetrics metrics;
  const Error error = trainer.step(random_batch(5, kLength, trainer.config().vocabulary, seed).view(), options(), metrics);
  EXPECT_FALSE(error) << error.message();
  EXPECT_TRUE(metrics.applied);
  return metrics;
}

std::string bytes(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::stringstream content;
  content << file.rdbuf();
  return content.str();
}

std::string temporary(const char* name) { return ::testing::TempDir() + "millrace_trainer_" + name; }

}  // namespace

TEST(Trainer, GivesTheSameWeightsOnAnyThreadsAndInstructionSet) {
  const Isa before = active_isa();
  std::string expected;
  for (const Isa isa : available_isas())
    for (const int threads : {1, 2, 3}) {
      set_isa(isa);
      std::unique_ptr<Trainer> trainer;
      ASSERT_OK(Trainer::create(wide_model(), tiny_optimizer(), {threads, 1, kLongest, size_t{1} << 30}, 42, trainer));
      StepMetrics metrics;
      for (uint32_t i = 0; i < 3; ++i) ASSERT_OK(trainer->step(random_batch(2, kLongest, 67, i).view(), options(), metrics));
      if (expected.empty()) expected = trainer->weight_hash();
      EXPECT_EQ(trainer->weight_hash(), expected) << name(isa) << ", " << threads << " threads";
    }
  set_isa(before);
}

TEST(Trainer, GivesADocumentTheSameLogitsAloneAndPacked) {
  std::unique_ptr<Trainer> trainer;
  ASSERT_OK(Trainer::create(wide_model(), tiny_optimizer(), {2, 2, kLongest, size_t{1} << 30}, 42, trainer));
  const TestBatch batch = random_batch(2, kLongest, trainer->config().vocabulary, 4);
  const Slab packed = slab_of(batch.view(), 0, 2);
  ASSERT_GT(packed.runs.size(), 4u);
  std::vector<float> together(trainer->config().vocabulary), alone(trainer->config().vocabulary);
  for (const auto& run : packed.runs)
    for (size_t t : {run.begin, run.begin + run.length - 1}) {
      trainer->model().logits(packed, 1e4, t, together);
      const std::span<const uint32_t> document(packed.tokens.data() + run.begin, run.length);
      TestBatch single{{document.begin(), document.end()}, {}, {0}, {0}, {static_cast<int32_t>(run.length)}, 1, run.length};
      trainer->model().logits(slab_of(single.view(), 0, 1), 1e4, t - run.begin, alone);
      ASSERT_EQ(together, alone) << "run at " << run.begin << ", token " << t;
    }
  // The same tokens in another run give something else: the test can fail.
  trainer->model().logits(packed, 1e4, packed.runs[1].begin + packed.runs[1].length - 1, together);
  EXPECT_NE(together, alone);
}

TEST(Trainer, GivesTheSameGradientsForAnyCutIntoWholeSlabs) {
  auto whole = make_trainer(resources()), parts = make_trainer(resources());
  const TestBatch all = random_batch(6, kLength, whole->config().vocabulary, 6);
  StepMetrics a, b;
  ASSERT_OK(whole->step(all.view(), options(), a));
  parts->begin();
  for (int32_t first : {0, 2, 4}) {
    TestBatch part{{}, {}, {}, {}, {}, 2, kLength};
    part.tokens.assign(all.tokens.begin() + first * static_cast<int>(kLength), all.tokens.begin() + (first + 2) * static_cast<int>(kLength));
    part.targets.assign(all.targets.begin() + first * static_cast<int>(kLength), all.targets.begin() + (first + 2) * static_cast<int>(kLength));
    for (size_t i = 0; i < all.run_rows.size(); ++i)
      if (all.run_rows[i] >= first && all.run_rows[i] < first + 2) {
        part.run_rows.push_back(all.run_rows[i] - first);
        part.run_starts.push_back(all.run_starts[i]);
        part.run_lengths.push_back(all.run_lengths[i]);
      }
    ASSERT_OK(parts->accumulate(part.view(), options().rope_base));
  }
  ASSERT_OK(parts->finish(options(), b));
  EXPECT_EQ(whole->gradient_hash(), parts->gradient_hash());
  EXPECT_EQ(whole->weight_hash(), parts->weight_hash());
  EXPECT_EQ(a.loss, b.loss);
  EXPECT_EQ(a.expert_counts, b.expert_counts);
}

TEST(Trainer, GoesOnFromACheckpointAsIfNothingHadHappened) {
  const std::string w = temporary("w"), o = temporary("o"), w2 = temporary("w2"), o2 = temporary("o2");
  auto straight = make_trainer(resources());
  step(*straight, 1), step(*straight, 2);
  ASSERT_OK(straight->save(w, o));
  step(*straight, 3);
  std::unique_ptr<Trainer> resumed;
  ASSERT_OK(Trainer::load(w, o, tiny_optimizer(), resources(2), resumed));
  EXPECT_EQ(resumed->counters().step, 2u);
  ASSERT_OK(resumed->save(w2, o2));
  EXPECT_EQ(bytes(w), bytes(w2));
  EXPECT_EQ(bytes(o), bytes(o2));
  step(*resumed, 3);
  ASSERT_OK(straight->save(w, o));
  ASSERT_OK(resumed->save(w2, o2));
  EXPECT_EQ(bytes(w), bytes(w2));
  EXPECT_EQ(bytes(o), bytes(o2));
  EXPECT_EQ(straight->counters().tokens, resumed->counters().tokens);
  for (const auto& path : {w, o, w2, o2}) std::remove(path.c_str());
}

TEST(Trainer, RefusesACheckpointThatDoesNotFit) {
  const std::string w = temporary("w3"), o = temporary("o3");
  auto trainer = make_trainer(resources());
  ASSERT_OK(trainer->save(w, o));
  std::unique_ptr<Trainer> loaded;
  EXPECT_STREQ(Trainer::load(o, "", tiny_optimizer(), resources(), loaded).code(), kFormat);
  step(*trainer, 1);
  ASSERT_OK(trainer->save(w, temporary("o4")));
  const Error mixed = Trainer::load(w, o, tiny_optimizer(), resources(), loaded);
  EXPECT_NE(mixed.message().find("expected moments of step 1"), std::string::npos) << mixed.message();

  SaveReport report;
  ASSERT_OK(trainer->save(w, o, &report));
  Hashes hashes;
  for (const auto* list : {&report.weights, &report.moments})
    for (const TensorHash& t : *list) hashes[t.name] = t.hash;
  ASSERT_OK(Trainer::load(w, o, tiny_optimizer(), resources(), loaded, nullptr, hashes));
  const auto refused = [&](const std::string& path, const std::string& part) {
    const Error error = Trainer::load(w, o, tiny_optimizer(), resources(), loaded, nullptr, hashes);
    EXPECT_STREQ(error.code(), kFormat) << path;
    EXPECT_NE(error.message().find(part), std::string::npos) << error.message();
  };
  const auto flip = [](const std::string& path, std::streamoff from_end) {
    std::fstream file(path, std::ios::binary | std::ios::in | std::ios::out);
    file.seekg(-from_end, std::ios::end);
    const char byte = static_cast<char>(file.get() ^ 1);
    file.seekp(-from_end, std::ios::end);
    file.put(byte);
  };
  for (const auto& path : {w, o}) {
    flip(path, 1);
    refused(path, "its file was altered");
    flip(path, 1);
    const auto whole = std::filesystem::file_size(path);
    std::filesystem::resize_file(path, whole - 8);
    refused(path, "bytes inside");
    ASSERT_OK(trainer->save(w, o));
  }
  // Another revision of the same length, in the header.
  for (const auto& path : {w, o}) {
    std::fstream file(path, std::ios::binary | std::ios::in | std::ios::out);
    std::string header(4096, ' ');
    file.read(header.data(), 4096);
    const size_t at = header.find("\"numerics\":\"");
    ASSERT_NE(at, std::string::npos);
    file.seekp(static_cast<std::streamoff>(at + 12));
    file.put('1');
    file.close();
    refused(path, "expected numerics revision 2, found 1");
    ASSERT_OK(trainer->save(w, o));
  }
  std::ofstream(w, std::ios::binary | std::ios::trunc) << "not a checkpoint";
  EXPECT_STREQ(Trainer::load(w, "", tiny_optimizer(), resources(), loaded).code(), kFormat);
  EXPECT_STREQ(Trainer::load(temporary("nowhere"), "", tiny_optimizer(), resources(), loaded).code(), kIo);
  for (const auto& path : {w, o, temporary("o4")}) std::remove(path.c_str());
}

TEST(Trainer, TakesRateAndDecayOfEachClass) {
  const auto moved = [](const OptimizerConfig& optimizer, std::vector<float>& before) {
    std::unique_ptr<Trainer> t;
    EXPECT_FALSE(Trainer::create(tiny_model(), optimizer, resources(), 7, t));
    before.assign(t->model().weights().begin(), t->model().weights().end());
    step(*t, 1);
    return t;
  };
  std::vector<float> before;
  OptimizerConfig still = tiny_optimizer();
  still.rates = {0, 0, 0, 1, 0, 0};
  auto one = moved(still, before);
  for (const Parameter& p : one->model().layout().parameters) {
    const auto now = one->model().weights().subspan(p.offset, p.size());
    EXPECT_EQ(std::equal(now.begin(), now.end(), before.begin() + static_cast<ptrdiff_t>(p.offset)), p.kind != Class::residual) << p.name;
  }
  // A class that decays ends lower by rate * decay * weight than one that does not.
  OptimizerConfig none = tiny_optimizer(), decayed = tiny_optimizer();
  none.decays = {0, 0, 0, 0, 0, 0};
  decayed.decays = {0, 0, 0, 0, 0, 2};
  auto a = moved(none, before), b = moved(decayed, before);
  for (const Parameter& p : a->model().layout().parameters)
    for (size_t i = p.offset; i < p.offset + p.size(); ++i) {
      const double difference = static_cast<double>(a->model().weights()[i]) - static_cast<double>(b->model().weights()[i]);
      EXPECT_NEAR(difference, p.kind == Class::output ? 3e-3 * 0.2 * static_cast<double>(before[i]) : 0, 1e-7) << p.name;
    }
  OptimizerConfig wrong = tiny_optimizer();
  wrong.rates[2] = -1;
  std::unique_ptr<Trainer> t;
  EXPECT_STREQ(Trainer::create(tiny_model(), wrong, resources(), 7, t).code(), kArgument);
}

TEST(Trainer, GrowsByRepeatingItsLayers) {
  auto trainer = make_trainer(resources());
  step(*trainer, 1);
  const std::vector<float> weights(trainer->model().weights().begin(), trainer->model().weights().end());
  const std::vector<float> first(trainer->first_moments().begin(), trainer->first_moments().end());
  const std::vector<float> second(trainer->second_moments().begin(), trainer->second_moments().end());
  const std::vector<float> biases(trainer->model().biases().begin(), trainer->model().biases().end());
  const Layout small = trainer->model().layout();
  ASSERT_OK(trainer->grow(2));
  ASSERT_EQ(trainer->config().layers, 4u);
  const std::string prefix = "model.layers.";
  size_t compared = 0;
  for (const Parameter& p : trainer->model().layout().parameters) {
    std::string source = p.name;
    if (source.starts_with(prefix)) {
      const size_t dot = source.find('.', prefix.size());
      source = prefix + std::to_string(std::stoul(source.substr(prefix.size())) % 2) + source.substr(dot);
    }
    for (const Parameter& q : small.parameters) {
      if (q.name != source) continue;
      ASSERT_EQ(p.size(), q.size());
      for (size_t i = 0; i < p.size(); ++i) {
        ASSERT_EQ(trainer->model().weights()[p.offset + i], weights[q.offset + i]) << p.name;
        ASSERT_EQ(trainer->first_moments()[p.offset + i], first[q.offset + i]) << p.name;
        ASSERT_EQ(trainer->second_moments()[p.offset + i], second[q.offset + i]) << p.name;
      }
      ++compared;
    }
  }
  EXPECT_EQ(compared, trainer->model().layout().parameters.size());
  for (size_t i = 0; i < trainer->model().biases().size(); ++i) ASSERT_EQ(trainer->model().biases()[i], biases[i % biases.size()]);
  EXPECT_EQ(trainer->counters().updates, 1u);
  step(*trainer, 2);
}

TEST(Trainer, EvaluatesWithoutLeavingATrace) {
  auto trainer = make_trainer(resources());
  step(*trainer, 1);
  const std::string hash = trainer->weight_hash();
  const TestBatch batch = random_batch(5, kLength, trainer->config().vocabulary, 7);
  Evaluation evaluation;
  ASSERT_OK(trainer->evaluate(batch.view(), 1e4, evaluation));
  EXPECT_EQ(trainer->weight_hash(), hash);
  EXPECT_EQ(trainer->counters().step, 1u);
  // The step's own loss on that batch, before its update, is the mean of the same sums.
  StepMetrics metrics;
  ASSERT_OK(trainer->step(batch.view(), options(), metrics));
  double sum = 0, targets = 0;
  for (size_t r = 0; r < 5; ++r) sum += evaluation.loss_sums[r], targets += evaluation.targets[r];
  EXPECT_EQ(static_cast<uint64_t>(targets), metrics.targets);
  EXPECT_NEAR(sum / targets, metrics.loss, 1e-12);
  EXPECT_NEAR(evaluation.expert_mean, metrics.mean_experts, 1e-12);
}

TEST(Trainer, LeavesOutAnUpdateBeyondTheGuard) {
  auto trainer = make_trainer(resources());
  const std::string hash = trainer->weight_hash();
  StepMetrics metrics;
  StepOptions o = options();
  o.max_loss = 1e-3;
  ASSERT_OK(trainer->step(random_batch(5, kLength, trainer->config().vocabulary, 1).view(), o, metrics));
  EXPECT_FALSE(metrics.applied);
  EXPECT_EQ(trainer->weight_hash(), hash);
  EXPECT_EQ(trainer->counters().step, 1u);
  EXPECT_EQ(trainer->counters().updates, 0u);
}

TEST(Trainer, StartsFromItsSeedWithTheSpreadOfEachClass) {
  ModelConfig config = wide_model();
  config.init = {0.3, 0.5, 0.25, 0.7, 0.4};
  std::unique_ptr<Trainer> one, same, other;
  ASSERT_OK(Trainer::create(config, tiny_optimizer(), resources(), 42, one));
  ASSERT_OK(Trainer::create(config, tiny_optimizer(), resources(2), 42, same));
  ASSERT_OK(Trainer::create(config, tiny_optimizer(), resources(), 43, other));
  EXPECT_EQ(one->weight_hash(), same->weight_hash());
  EXPECT_NE(one->weight_hash(), other->weight_hash());
  for (const Parameter& p : one->model().layout().parameters) {
    double squares = 0, sum = 0;
    for (float w : one->model().weights().subspan(p.offset, p.size())) sum += w, squares += static_cast<double>(w) * w;
    const double n = static_cast<double>(p.size());
    if (p.kind == Class::norm) {
      EXPECT_EQ(sum, n) << p.name;
      continue;
    }
    const double by_width = 1 / std::sqrt(static_cast<double>(p.columns));
    const double expected = p.name == "model.embed_tokens.weight"             ? 0.3
                            : p.name == "lm_head.weight"                      ? 0.4 * by_width
                            : p.name.find("classifier") != std::string::npos  ? 0.7 * by_width
                            : p.name.find("o_proj") != std::string::npos      ? 0.25 * by_width
                            : p.name.find("down_proj") != std::string::npos   ? 0.25 * by_width
                                                                              : 0.5 * by_width;
    EXPECT_NEAR(std::sqrt(squares / n) / expected, 1, 5 / std::sqrt(2 * n)) << p.name;  // five standard errors
  }
}

TEST(Trainer, LearnsARepeatedRow) {
  auto trainer = make_trainer(resources(2));
  const TestBatch batch = random_batch(2, kLength, trainer->config().vocabulary, 3);
  StepMetrics first, last;
  ASSERT_OK(trainer->step(batch.view(), options(), first));
  for (int i = 0; i < 150; ++i) ASSERT_OK(trainer->step(batch.view(), options(), last));
  EXPECT_LT(last.loss, first.loss * 0.2);
}

TEST(Trainer, RefusesWhatCannotBe) {
  std::unique_ptr<Trainer> trainer;
  Resources little = resources();
  little.max_memory = 1000;
  const Error memory = Trainer::create(tiny_model(), tiny_optimizer(), little, 1, trainer);
  EXPECT_STREQ(memory.code(), kMemory);
  EXPECT_NE(memory.message().find("activations"), std::string::npos);
  ModelConfig odd = tiny_model();
  odd.rope = 3;
  EXPECT_EQ(Trainer::create(odd, tiny_optimizer(), resources(), 1, trainer).message(), "ropeDim: expected an even number, found 3");

  trainer = make_trainer(resources());
  StepMetrics metrics;
  TestBatch batch = random_batch(2, kLength, 17, 1);
  batch.tokens[0] = 17;
  EXPECT_EQ(trainer->step(batch.view(), options(), metrics).message(), "tokens: expected ids below 17, found 17 in row 0 at position 0");
  batch = random_batch(2, kLength, 17, 1);
  batch.run_starts[1] -= 1;
  EXPECT_NE(trainer->step(batch.view(), options(), metrics).message().find("without overlap"), std::string::npos);
  batch = random_batch(2, kLength, 17, 1);
  batch.run_lengths.back() = 1000;
  EXPECT_STREQ(trainer->step(batch.view(), options(), metrics).code(), kArgument);
}

}  // namespace millrace::trainer
