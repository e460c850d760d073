// One hash for 50 steps, whatever computes them: instruction sets, threads, cuts of a batch into whole slabs. The hash itself is
// committed, so that it also holds between machines and between versions: who changes it changes docs/numerics.md.
#include "native/base/cpu.h"
#include "native/hash/xxh3.h"
#include "native/trainer/gemm/dot32.h"
#include "native/trainer/testing/tiny.h"
#include "native/trainer/trainer/trainer.h"

namespace millrace::trainer {

using namespace testing;

namespace {

constexpr size_t kLength = 24, kRows = 4;
constexpr const char *kGolden = "9e8d3cb24292f93c", *kGoldenMtp = "094749e2dd2fdc2e";
constexpr const char *kGoldenBf16 = "41cb2df21daf0496", *kGoldenBf16Mtp = "af624701c759d0c4";

std::string hash_of(Trainer& t) {
  uint64_t parts[4] = {};
  const std::span<const float> states[] = {t.model().weights(), t.model().biases(), t.first_moments(), t.second_moments()};
  for (size_t i = 0; i < 4; ++i) parts[i] = hash::xxh3_64({reinterpret_cast<const char*>(states[i].data()), states[i].size_bytes()});
  char text[17];
  std::snprintf(text, sizeof text, "%016llx",
                static_cast<unsigned long long>(hash::xxh3_64({reinterpret_cast<const char*>(parts), sizeof parts})));
  return text;
}

// Rows [first, first + count) of a batch.
TestBatch part_of(const TestBatch& all, size_t first, size_t count) {
  TestBatch part{{}, {}, {}, {}, {}, count, all.length};
  const auto at = [&](size_t row) { return static_cast<ptrdiff_t>(row * all.length); };
  part.tokens.assign(all.tokens.begin() + at(first), all.tokens.begin() + at(first + count));
  part.targets.assign(all.targets.begin() + at(first), all.targets.begin() + at(first + count));
  for (size_t i = 0; i < all.run_rows.size(); ++i) {
    const size_t row = static_cast<size_t>(all.run_rows[i]);
    if (row < first || row >= first + count) continue;
    part.run_rows.push_back(static_cast<int32_t>(row - first));
    part.run_starts.push_back(all.run_starts[i]);
    part.run_lengths.push_back(all.run_lengths[i]);
  }
  return part;
}

struct Way {
  int threads = 1;
  size_t micro_batches = 1;
  int recompute = 0;
  size_t mtp = 0;
  Precision precision = Precision::fp32;
};

std::string hash_after(int steps, const Way& way) {
  std::unique_ptr<Trainer> trainer;
  Resources resources{way.threads, 1, kLength, size_t{1} << 30, way.recompute};
  resources.precision = way.precision;
  ModelConfig model = tiny_model(way.mtp ? 3 : 2);
  model.mtp = way.mtp;
  Error error = Trainer::create(model, tiny_optimizer(), resources, 42, trainer);
  StepOptions o;
  o.learning_rate = 3e-3, o.bias_rate = 0.05, o.rope_base = 1e4;
  StepMetrics metrics;
  for (int i = 0; i < steps && !error; ++i) {
    const TestBatch batch = random_batch(kRows, kLength, 17, static_cast<uint32_t>(i));
    trainer->begin(way.mtp ? 0.3 : 0);
    const size_t rows = kRows / way.micro_batches;
    for (size_t first = 0; first < kRows && !error; first += rows) error = trainer->accumulate(part_of(batch, first, rows).view(), o.rope_base);
    if (!error) error = trainer->finish(o, metrics);
  }
  EXPECT_FALSE(error) << error.message();
  return error ? "" : hash_of(*trainer);
}

}  // namespace

TEST(Bits, AreTheCommittedOnesOnEveryInstructionSetAndNumberOfThreads) {
  const Isa before = active_isa();
  for (const Isa isa : available_isas())
    for (const int threads : {1, 2, 3}) {
      set_isa(isa);
      EXPECT_EQ(hash_after(50, {.threads = threads}), kGolden) << name(isa) << ", " << threads << " threads";
    }
  set_isa(before);
}

TEST(Bits, AreTheCommittedOnesForAnyNumberOfMicroBatches) {
  for (const size_t parts : {1, 2, 4}) EXPECT_EQ(hash_after(50, {.micro_batches = parts}), kGolden) << parts << " micro-batches";
}

TEST(Bits, AreTheCommittedOnesHoweverMuchIsComputedAgain) {
  for (const int level : {0, 1, 2})
    for (const int threads : {1, 2}) EXPECT_EQ(hash_after(50, {.threads = threads, .recompute = level}), kGolden) << "level " << level;
}

TEST(Bits, OfTheMtpHeadAreTheCommittedOnes) {
  const Isa before = active_isa();
  for (const Isa isa : available_isas())
    for (const int level : {0, 1, 2}) {
      set_isa(isa);
      EXPECT_EQ(hash_after(20, {.threads = 2, .micro_batches = 2, .recompute = level, .mtp = 1}), kGoldenMtp) << name(isa) << ", level " << level;
    }
  set_isa(before);
}

// In bf16 mode, on tile registers too where the machine grants them.
TEST(Bits, InBf16AreTheCommittedOnesOnEveryInstructionSetAndNumberOfThreads) {
  const Isa before = active_isa();
  const bool amx = active_amx();
  for (const Isa isa : available_isas())
    for (const bool tiles : {false, true})
      for (const int threads : {1, 2, 3}) {
        if (tiles && (isa != Isa::avx512 || !amx_granted())) continue;
        set_isa(isa), set_amx(tiles);
        EXPECT_EQ(hash_after(50, {.threads = threads, .precision = Precision::bf16}), kGoldenBf16)
            << name(isa) << (tiles ? " with AMX, " : ", ") << threads << " threads";
      }
  set_isa(before), set_amx(amx);
}

TEST(Bits, InBf16AreTheCommittedOnesForAnyMicroBatchesAndHoweverMuchIsComputedAgain) {
  for (const size_t parts : {1, 2, 4})
    for (const int level : {0, 1, 2})
      EXPECT_EQ(hash_after(50, {.threads = 2, .micro_batches = parts, .recompute = level, .precision = Precision::bf16}), kGoldenBf16)
          << parts << " micro-batches, level " << level;
}

TEST(Bits, InBf16OfTheMtpHeadAreTheCommittedOnes) {
  const Isa before = active_isa();
  for (const Isa isa : available_isas())
    for (const int level : {0, 1, 2}) {
      set_isa(isa);
      EXPECT_EQ(hash_after(20, {.threads = 2, .micro_batches = 2, .recompute = level, .mtp = 1, .precision = Precision::bf16}), kGoldenBf16Mtp)
          << name(isa) << ", level " << level;
    }
  set_isa(before);
}

}  // namespace millrace::trainer
