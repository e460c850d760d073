#include "native/trainer/checkpoint/writer.h"

#include <algorithm>
#include <chrono>
#include <cstdio>

#include "native/hash/xxh3.h"

namespace millrace::trainer {
namespace {

// Of one read of live memory: training waits for at most so much, and the hash of the tensor under way.
constexpr size_t kPiece = size_t{1} << 20;

double now() { return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count(); }

}  // namespace

std::string spelled(uint64_t hash) {
  char text[17];
  std::snprintf(text, sizeof text, "%016llx", static_cast<unsigned long long>(hash));
  return text;
}

CheckpointWriter::CheckpointWriter(File weights, File moments, size_t spare) : files_{std::move(weights), std::move(moments)}, spare_(spare) {}

CheckpointWriter::~CheckpointWriter() {
  if (thread_.joinable()) thread_.join();
}

Error CheckpointWriter::start() {
  began_ = now();
  for (size_t f = 0; f < 2; ++f) {
    MILLRACE_TRY(order_safetensors(files_[f].tensors, files_[f].metadata, orders_[f]));
    for (const StoredTensor* t : orders_[f].tensors) items_.push_back({t, {}, 0});
  }
  thread_ = std::thread([this] {
    Error error = run();
    std::lock_guard lock(mutex_);
    error_ = std::move(error);
    report_.seconds = now() - began_;
    items_.clear();
    apart_ = done_ = true;
    changed_.notify_all();
  });
  return Error::none();
}

Error CheckpointWriter::run() {
  size_t at = 0;
  for (size_t f = 0; f < 2; ++f) {
    OutputFile file;
    MILLRACE_TRY(file.create(files_[f].path));
    MILLRACE_TRY(file.write(orders_[f].header.data(), orders_[f].header.size()));
    report_.bytes += orders_[f].header.size();
    auto& hashes = f ? report_.moments : report_.weights;
    for (size_t i = 0; i < orders_[f].tensors.size(); ++i, ++at) {
      MILLRACE_TRY(write_item(file, items_[at]));
      hashes.push_back({items_[at].tensor->name, items_[at].hash});
    }
    MILLRACE_TRY(file.close());
    std::sort(hashes.begin(), hashes.end(), [](const TensorHash& a, const TensorHash& b) { return a.name < b.name; });
  }
  return Error::none();
}

Error CheckpointWriter::write_item(OutputFile& file, Item& item) {
  const size_t size = item.tensor->bytes.size();
  for (size_t begin = 0; begin < size; begin += kPiece) {
    std::unique_lock lock(mutex_);
    const uint8_t* source = item.copied() ? item.copy.data() : item.tensor->bytes.data();
    reading_ = !item.copied();
    lock.unlock();
    if (begin == 0) item.hash = hash::xxh3_64({reinterpret_cast<const char*>(source), size});
    const Error error = file.write(source + begin, std::min(kPiece, size - begin));
    lock.lock();
    reading_ = false;
    changed_.notify_all();
    if (error) return error;
  }
  std::lock_guard lock(mutex_);
  copied_ -= item.copy.size();
  item.copy = {};
  report_.bytes += size;
  ++written_;
  changed_.notify_all();
  return Error::none();
}

void CheckpointWriter::before_change() {
  std::unique_lock lock(mutex_);
  if (apart_) return;
  const double began = now();
  changed_.wait(lock, [&] { return !reading_; });
  size_t left = items_.size();  // items before it are not copied
  while (left > written_ && copied_ + items_[left - 1].tensor->bytes.size() <= spare_) {
    Item& item = items_[--left];
    item.copy.assign(item.tensor->bytes.begin(), item.tensor->bytes.end());
    copied_ += item.copy.size();
  }
  report_.copied_bytes = copied_;
  changed_.wait(lock, [&] { return apart_ || written_ >= left; });
  apart_ = true;
  report_.stall_seconds += now() - began;
}

Error CheckpointWriter::finish(SaveReport& out) {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return done_; });
  out = report_;
  return error_;
}

}  // namespace millrace::trainer
