#pragma once
#include <cstddef>
#include <cstdint>
#include <string>
#include <type_traits>
#include <utility>

#include "native/base/error.h"

namespace millrace::tokenizer {

// What training may hold in memory. Arrays that do not fit any more move to files of `folder`, mapped, so that the system keeps of them what it
// has room for: training gets slower and its result stays the same. Without a folder nothing moves. The first refusal of the system is kept.
class Budget {
 public:
  Budget(uint64_t bytes, std::string folder) : limit_(bytes), folder_(std::move(folder)) {}

  const Error& error() const { return error_; }
  uint32_t moved() const { return moved_; }

 private:
  friend class Region;
  uint64_t limit_, used_ = 0;
  std::string folder_;
  uint32_t moved_ = 0;
  Error error_;
};

// Bytes that grow in place (mremap): in memory, or in a file without a name.
class Region {
 public:
  explicit Region(Budget& budget) : budget_(&budget) {}
  ~Region() { release(); }
  Region(const Region&) = delete;
  Region& operator=(const Region&) = delete;
  void swap(Region& other) noexcept;

  // New bytes are zero. False, with the reason in the budget, where the system refuses; what was there stays.
  bool grow(size_t bytes);
  void release();
  void* data() const { return data_; }
  size_t bytes() const { return bytes_; }

 private:
  bool refuse(const char* what);
  bool to_file(size_t bytes);

  Budget* budget_;
  void* data_ = nullptr;
  size_t bytes_ = 0;
  int file_ = -1;
};

// A vector of plain values over a Region. An index is not checked; push says whether there was room.
template <class T>
class Array {
  static_assert(std::is_trivially_copyable_v<T>);

 public:
  explicit Array(Budget& budget) : region_(budget) {}

  T* data() { return static_cast<T*>(region_.data()); }
  T& operator[](size_t i) { return data()[i]; }
  T* begin() { return data(); }
  T* end() { return data() + size_; }
  size_t size() const { return size_; }

  bool push(const T& value) {
    if (size_ == capacity_ && !reserve(size_ + 1)) return false;
    data()[size_++] = value;
    return true;
  }
  // Values beyond the old size are what was there.
  bool resize(size_t size) {
    if (size > capacity_ && !reserve(size)) return false;
    size_ = size;
    return true;
  }
  void pop() { --size_; }
  void clear() { size_ = 0; }
  void release() {
    region_.release();
    size_ = capacity_ = 0;
  }

 private:
  bool reserve(size_t size) {
    size_t wanted = capacity_ ? capacity_ + capacity_ / 2 : 4096 / sizeof(T) + 1;
    if (wanted < size) wanted = size;
    if (!region_.grow(wanted * sizeof(T))) return false;
    capacity_ = region_.bytes() / sizeof(T);
    return true;
  }

  Region region_;
  size_t size_ = 0, capacity_ = 0;
};

}  // namespace millrace::tokenizer
