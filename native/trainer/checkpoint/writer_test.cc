// A pipe that nobody reads is a disk that takes for ever: so a test decides how far the writer is when memory changes.
#include "native/trainer/checkpoint/writer.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "native/hash/xxh3.h"
#include "native/trainer/testing/tiny.h"
#include "native/trainer/trainer/trainer.h"

namespace millrace::trainer {

using namespace testing;

namespace {

struct Folder {
  std::filesystem::path path = std::filesystem::temp_directory_path() / ("millrace-writer-" + std::to_string(::getpid()));
  Folder() { std::filesystem::create_directory(path); }
  ~Folder() { std::filesystem::remove_all(path); }
  std::string file(const char* name) const { return path / name; }
};

std::vector<uint8_t> content(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

constexpr size_t kLarge = 3'000'000;  // elements: several reads of a MiB, more than a pipe holds

struct Memory {
  std::vector<float> large = std::vector<float>(kLarge, 1.0f), small = {1, 1, 1}, moment = std::vector<float>(kLarge, 2.0f);

  CheckpointWriter::File weights(const std::string& path) const {
    return {path, {stored<float>("a", {kLarge}, std::span(large)), stored<float>("b", {3}, std::span(small))}, {}};
  }
  CheckpointWriter::File moments(const std::string& path) const { return {path, {stored<float>("a.exp_avg", {kLarge}, std::span(moment))}, {}}; }
  void change() {
    for (auto* v : {&large, &small, &moment}) std::fill(v->begin(), v->end(), 9.0f);
  }
};

void expect_old(const std::vector<uint8_t>& weights, const std::vector<uint8_t>& moments) {
  SafetensorsIndex w, m;
  ASSERT_OK(parse_safetensors(weights, w));
  ASSERT_OK(parse_safetensors(moments, m));
  for (const auto& [file, name, expected] : {std::tuple(&w, "a", 1.0f), {&w, "b", 1.0f}, {&m, "a.exp_avg", 2.0f}}) {
    const StoredTensor* tensor = file->find(name);
    ASSERT_NE(tensor, nullptr);
    std::vector<float> values(tensor->bytes.size() / 4);
    ASSERT_OK(copy_values<float>(*tensor, std::span(values)));
    EXPECT_TRUE(std::all_of(values.begin(), values.end(), [e = expected](float x) { return x == e; })) << name;
  }
}

}  // namespace

TEST(CheckpointWriter, HoldsTheStateOfItsStartThoughEverythingChangesAtOnce) {
  Folder folder;
  const std::string pipe = folder.file("moments");
  ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
  Memory memory;
  CheckpointWriter writer(memory.weights(folder.file("weights")), memory.moments(pipe), size_t{1} << 30);
  ASSERT_OK(writer.start());
  writer.before_change();  // the pipe has no reader yet
  memory.change();
  std::vector<uint8_t> read;
  const int descriptor = ::open(pipe.c_str(), O_RDONLY);
  uint8_t buffer[65536];
  for (ssize_t n; (n = ::read(descriptor, buffer, sizeof buffer)) > 0;) read.insert(read.end(), buffer, buffer + n);
  ::close(descriptor);
  SaveReport report;
  ASSERT_OK(writer.finish(report));
  expect_old(content(folder.file("weights")), read);
  EXPECT_GE(report.copied_bytes, kLarge * 4);  // the moments at least
  EXPECT_EQ(report.bytes, read.size() + content(folder.file("weights")).size());
  const std::vector<float> old(kLarge, 2.0f);
  ASSERT_EQ(report.moments.size(), 1u);
  EXPECT_EQ(report.moments[0].hash, hash::xxh3_64({reinterpret_cast<const char*>(old.data()), old.size() * 4}));
}

TEST(CheckpointWriter, WaitsWhereNoMemoryIsToSpare) {
  Folder folder;
  for (const size_t spare : {size_t{0}, kLarge * 4}) {  // nothing; the last tensor alone
    Memory memory;
    CheckpointWriter writer(memory.weights(folder.file("w")), memory.moments(folder.file("m")), spare);
    ASSERT_OK(writer.start());
    writer.before_change();
    memory.change();
    SaveReport report;
    ASSERT_OK(writer.finish(report));
    expect_old(content(folder.file("w")), content(folder.file("m")));
    EXPECT_LE(report.copied_bytes, spare);
    EXPECT_LE(report.stall_seconds, report.seconds);
  }
}

TEST(CheckpointWriter, SaysWhatTheSystemRefused) {
  Folder folder;
  Memory memory;
  CheckpointWriter writer(memory.weights(folder.file("w")), memory.moments("/nowhere/m"), 0);
  ASSERT_OK(writer.start());
  writer.before_change();
  SaveReport report;
  const Error error = writer.finish(report);
  EXPECT_STREQ(error.code(), kIo);
  EXPECT_NE(error.message().find("cannot create /nowhere/m"), std::string::npos) << error.message();
}

TEST(CheckpointWriter, GivesTheSameBytesWhetherOrNotStepsGoOn) {
  Folder folder;
  const auto trainer_after = [](int steps) {
    std::unique_ptr<Trainer> t;
    const Error error = Trainer::create(tiny_model(), tiny_optimizer(), {.threads = 1, .rows_per_slab = 1, .max_row_length = 24, .max_memory = size_t{1} << 30}, 3, t);
    EXPECT_FALSE(error) << error.message();
    for (int i = 0; i < steps; ++i) {
      StepMetrics metrics;
      EXPECT_FALSE(t->step(random_batch(2, 24, 17, static_cast<uint32_t>(i)).view(), {.learning_rate = 3e-3, .rope_base = 1e4, .bias_rate = 0.05}, metrics));
    }
    return t;
  };
  auto still = trainer_after(3), moving = trainer_after(3);
  ASSERT_OK(still->save(folder.file("w"), folder.file("m")));
  std::shared_ptr<CheckpointWriter> writer;
  ASSERT_OK(moving->begin_save(folder.file("w2"), folder.file("m2"), writer));
  StepMetrics metrics;
  for (uint32_t i = 3; i < 6; ++i)
    ASSERT_OK(moving->step(random_batch(2, 24, 17, i).view(), {.learning_rate = 3e-3, .rope_base = 1e4, .bias_rate = 0.05}, metrics));
  SaveReport report;
  ASSERT_OK(writer->finish(report));
  EXPECT_EQ(content(folder.file("w")), content(folder.file("w2")));
  EXPECT_EQ(content(folder.file("m")), content(folder.file("m2")));
  EXPECT_NE(moving->weight_hash(), still->weight_hash());
}

}  // namespace millrace::trainer
