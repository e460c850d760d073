#pragma once
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <span>
#include <string>

#include "native/base/error.h"

namespace millrace::warc {

// Bytes by position: a file, or memory (tests, fuzzing).
class ByteSource {
 public:
  virtual ~ByteSource() = default;
  virtual uint64_t size() const = 0;
  // Reads up to `size` bytes at `offset`; fewer only at the end. An error is the machine's, never the content's.
  virtual Error read(uint64_t offset, uint8_t* to, size_t size, size_t& got) = 0;
};

class MemorySource final : public ByteSource {
 public:
  explicit MemorySource(std::span<const uint8_t> bytes) : bytes_(bytes) {}
  uint64_t size() const override { return bytes_.size(); }
  Error read(uint64_t offset, uint8_t* to, size_t size, size_t& got) override;

 private:
  std::span<const uint8_t> bytes_;
};

class FileSource final : public ByteSource {
 public:
  ~FileSource() override;
  Error open(const std::string& path);
  uint64_t size() const override { return size_; }
  Error read(uint64_t offset, uint8_t* to, size_t size, size_t& got) override;

 private:
  int file_ = -1;
  uint64_t size_ = 0;
  std::string path_;
};

// Memory that grows without being cleared, and says so where there is none. Bytes up to `keep` survive growth.
class Buffer {
 public:
  Buffer() = default;
  Buffer(const Buffer&) = delete;
  Buffer& operator=(const Buffer&) = delete;
  ~Buffer() { std::free(data_); }
  uint8_t* data() { return data_; }
  const uint8_t* data() const { return data_; }
  size_t capacity() const { return capacity_; }
  [[nodiscard]] bool grow(size_t capacity) {
    if (capacity <= capacity_) return true;
    auto* data = static_cast<uint8_t*>(std::realloc(data_, capacity));
    if (!data) return false;
    data_ = data;
    capacity_ = capacity;
    return true;
  }
  void release() {
    std::free(data_);
    data_ = nullptr;
    capacity_ = 0;
  }

 private:
  uint8_t* data_ = nullptr;
  size_t capacity_ = 0;
};

}  // namespace millrace::warc
