#pragma once
#include <condition_variable>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "native/trainer/safetensors/file.h"

namespace millrace::trainer {

struct TensorHash {
  std::string name;
  uint64_t hash;  // XXH3 of its bytes
};

std::string spelled(uint64_t hash);  // 16 hex digits

struct SaveReport {
  uint64_t bytes = 0;
  uint64_t copied_bytes = 0;   // at most so many beside the plan at once
  double seconds = 0;          // from the call to the last byte on the disk
  double stall_seconds = 0;    // of these, how long training stood still
  std::vector<TensorHash> weights, moments;  // by name
};

// Writes one state of weights and moments to two files while training goes on. A thread reads tensor after tensor from where it lies;
// the pass that would change them calls before_change(), which copies what is not written yet, from the last tensor on, as far as `spare`
// bytes allow, and waits for the rest to be written. So the files hold the state of the moment in which start() was called, the memory is
// bounded, and training stands still only where the disk takes longer than a step's forward and backward pass.
class CheckpointWriter {
 public:
  struct File {
    std::string path;
    std::vector<StoredTensor> tensors;
    Metadata metadata;
  };

  // The memory behind `tensors` stays until finish() and changes only behind before_change().
  CheckpointWriter(File weights, File moments, size_t spare);
  ~CheckpointWriter();
  CheckpointWriter(const CheckpointWriter&) = delete;
  CheckpointWriter& operator=(const CheckpointWriter&) = delete;

  // kArgument for tensors that make no file. Files are opened by the thread: see finish().
  Error start();
  void before_change();

  // Waits for the end. The same answer on every call; from any thread.
  Error finish(SaveReport& out);

 private:
  struct Item {
    const StoredTensor* tensor;
    std::vector<uint8_t> copy;  // where the tensor has changed since
    uint64_t hash = 0;
    bool copied() const { return copy.size() == tensor->bytes.size(); }
  };

  Error run();
  Error write_item(OutputFile& file, Item& item);

  File files_[2];
  const size_t spare_;
  SafetensorsOrder orders_[2];
  std::vector<Item> items_;  // of both files, in the order in which they are written
  std::thread thread_;
  double began_ = 0;

  std::mutex mutex_;  // guards what follows, and the items' copies
  std::condition_variable changed_;
  size_t written_ = 0;    // items
  bool reading_ = false;  // live memory is being read
  bool apart_ = false;    // every item is written or copied: live memory is free
  bool done_ = false;
  size_t copied_ = 0;     // bytes held now
  Error error_;
  SaveReport report_;
};

}  // namespace millrace::trainer
