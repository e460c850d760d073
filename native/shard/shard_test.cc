// The files were written by pyarrow (testdata/make.py), which says what they hold.
#include "native/shard/shard.h"

#include <gtest/gtest.h>

#include <cstdio>
#include <fstream>
#include <random>

namespace millrace::shard {
namespace {

std::string data(const std::string& name) {
  const std::string here = __FILE__;
  return here.substr(0, here.find_last_of('/')) + "/testdata/" + name;
}

std::vector<char> bytes_of(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

std::vector<ShardFile> opened(std::initializer_list<std::string> names) {
  std::vector<ShardFile> files(names.size());
  size_t i = 0;
  for (const auto& name : names) {
    Error error = ShardFile::open(data(name), files[i++]);
    EXPECT_FALSE(error) << error.message();
  }
  return files;
}

TEST(Shard, ReadsWhatPyarrowWrote) {
  const auto files = opened({"narrow.arrow", "wide.arrow"});
  EXPECT_EQ(files[0].layout().row_length, 5u);
  EXPECT_EQ(files[0].layout().width, 2u);
  EXPECT_EQ(files[1].layout().width, 4u);
  ASSERT_EQ(files[0].layout().batches.size(), 3u);
  EXPECT_EQ(files[0].layout().batches[2].rows, 2u);

  Rows rows;
  const RowRef refs[] = {{0, 2, 1}, {1, 1, 0}};
  Error error = read_rows(files, refs, true, rows);
  ASSERT_FALSE(error) << error.message();
  EXPECT_EQ(rows.tokens, (std::vector<uint32_t>{3100, 3101, 3102, 3103, 3104, 70000, 70001, 70002, 70003, 70004}));
  EXPECT_EQ(rows.targets, (std::vector<int32_t>{3101, -1, 3103, -1, -1, 70001, -1, 70003, 70004, -1}));
  EXPECT_EQ(rows.run_rows, (std::vector<int32_t>{0, 0, 1, 1}));
  EXPECT_EQ(rows.run_starts, (std::vector<int32_t>{0, 2, 0, 2}));
  EXPECT_EQ(rows.run_lengths, (std::vector<int32_t>{2, 2, 2, 3}));
  EXPECT_EQ(rows.passes, (std::vector<uint32_t>{3, 3, 70, 70}));
  EXPECT_EQ(rows.offsets, (std::vector<uint32_t>{0, 10, 0, 10}));
  EXPECT_EQ(rows.flags, (std::vector<uint32_t>{1, 2, 1, 2}));
  ASSERT_EQ(rows.documents.size(), 64u);
  EXPECT_EQ(std::vector<uint8_t>(rows.documents.begin() + 16, rows.documents.begin() + 20), (std::vector<uint8_t>{3, 1, 1, 7}));

  ASSERT_FALSE(read_rows(files, refs, false, rows));
  EXPECT_TRUE(rows.tokens.empty());
  EXPECT_EQ(rows.run_rows.size(), 4u);
}

TEST(Shard, RefusesRowsThatAreNotThere) {
  const auto files = opened({"narrow.arrow"});
  Rows rows;
  for (RowRef ref : {RowRef{1, 0, 0}, RowRef{0, 3, 0}, RowRef{0, 0, 2}}) EXPECT_STREQ(read_rows(files, std::span(&ref, 1), true, rows).code(), kArgument);
}

TEST(Shard, SaysWhatItExpected) {
  ShardFile file;
  EXPECT_NE(ShardFile::open(data("compressed.arrow"), file).message().find("not compressed"), std::string::npos);
  EXPECT_NE(ShardFile::open(data("signed.arrow"), file).message().find("uint16 or uint32"), std::string::npos);
  EXPECT_NE(ShardFile::open(data("make.py"), file).message().find("ARROW1"), std::string::npos);
  EXPECT_STREQ(ShardFile::open(data("missing.arrow"), file).code(), kIo);
  EXPECT_STREQ(ShardFile::open(data(""), file).code(), kFormat);
}

std::vector<char> damaged(const std::vector<char>& whole, size_t trial, std::mt19937& random) {
  auto bytes = whole;
  if (trial % 10 == 0) bytes.resize(random() % whole.size());
  for (size_t n = 0; n < trial % 4 && !bytes.empty(); ++n) {
    // Mostly the metadata of the end: the places that are followed.
    const size_t at = trial % 2 ? bytes.size() - 1 - random() % std::min<size_t>(bytes.size(), 1200) : random() % bytes.size();
    bytes[at] = static_cast<char>(trial % 3 ? random() : 0xff);
  }
  return bytes;
}

// On the heap, with nothing behind the last byte: the sanitizer build sees any read outside.
TEST(Shard, ParsesDamagedBytesInBounds) {
  std::mt19937 random(7);
  for (const char* name : {"narrow.arrow", "wide.arrow"}) {
    const auto whole = bytes_of(data(name));
    size_t parsed = 0;
    for (size_t trial = 0; trial < 20000; ++trial) {
      const auto bytes = damaged(whole, trial, random);
      const std::vector<uint8_t> heap(bytes.begin(), bytes.end());
      FileLayout layout;
      const Error error = parse_file(heap, layout);
      if (error) {
        EXPECT_STREQ(error.code(), kFormat);
        continue;
      }
      ++parsed;
      for (const auto& batch : layout.batches) {
        ASSERT_LE(batch.tokens + batch.rows * layout.row_length * layout.width, heap.size());
        ASSERT_LE(batch.run_offsets + (batch.rows ? 4 * (batch.rows + 1) : 0), heap.size());
        for (uint64_t column : {batch.pass, batch.offset, batch.length, batch.flags}) ASSERT_LE(column + 4 * batch.runs, heap.size());
        ASSERT_LE(batch.document + 16 * batch.runs, heap.size());
      }
    }
    EXPECT_GT(parsed, 1000u);
  }
}

TEST(Shard, ReadsDamagedFilesWithoutACrash) {
  const std::string path = testing::TempDir() + "damaged.arrow";
  const auto whole = bytes_of(data("narrow.arrow"));
  std::mt19937 random(8);
  for (size_t trial = 0; trial < 400; ++trial) {
    const auto bytes = damaged(whole, trial, random);
    std::ofstream(path, std::ios::binary | std::ios::trunc).write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
    std::vector<ShardFile> files(1);
    if (ShardFile::open(path, files[0])) continue;
    Rows rows;
    for (uint32_t batch = 0; batch < files[0].layout().batches.size(); ++batch)
      for (uint32_t row = 0; row < files[0].layout().batches[batch].rows; ++row) {
        const RowRef ref{0, batch, row};
        const Error error = read_rows(files, std::span(&ref, 1), true, rows);
        if (error) {
          EXPECT_STREQ(error.code(), kFormat);
        }
      }
  }
  std::remove(path.c_str());
}

}  // namespace
}  // namespace millrace::shard
