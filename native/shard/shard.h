#pragma once
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "native/base/error.h"
#include "native/shard/arrow_file.h"

namespace millrace::shard {

// A shard file mapped into memory, read only. Opening reads the footer and one message per record batch; ids come from the page cache when
// rows are read, so a file may be larger than memory. Readable from any number of threads.
class ShardFile {
 public:
  ShardFile() = default;
  ~ShardFile();
  ShardFile(ShardFile&& other) noexcept;
  ShardFile& operator=(ShardFile&& other) noexcept;

  // Error: kIo with the reason of the operating system, kFormat for a file that is no shard; both name the path.
  static Error open(const std::string& path, ShardFile& out);

  const FileLayout& layout() const { return layout_; }
  const uint8_t* data() const { return static_cast<const uint8_t*>(map_); }
  const std::string& path() const { return path_; }

 private:
  void* map_ = nullptr;
  uint64_t size_ = 0;
  FileLayout layout_;
  std::string path_;
};

struct RowRef {
  uint32_t file = 0;
  uint32_t batch = 0;
  uint32_t row = 0;
};

// Rows as the trainer takes them, in the order of the refs.
struct Rows {
  std::vector<uint32_t> tokens;   // [rows × row_length]
  std::vector<int32_t> targets;   // [rows × row_length] the id that a position predicts: the next one of its run; -1 for the last and for padding
  std::vector<int32_t> run_rows;  // [runs] as are all below, ordered by (row, start)
  std::vector<int32_t> run_starts;
  std::vector<int32_t> run_lengths;
  std::vector<uint8_t> documents;  // [runs × 16]
  std::vector<uint32_t> passes;
  std::vector<uint32_t> offsets;
  std::vector<uint32_t> flags;
};

// Reads rows of several files of one row length. Without ids, `tokens` and `targets` stay empty: for "which documents were in this step".
// Error: kArgument for a row that is not there, kShape for files of different row lengths, kFormat for runs that do not fit their row.
Error read_rows(std::span<const ShardFile> files, std::span<const RowRef> refs, bool with_ids, Rows& out);

}  // namespace millrace::shard
