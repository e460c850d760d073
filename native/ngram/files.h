#pragma once
// Streams of records of a fixed size in files of the scratch folder, through buffers of a given size.
#include <cstdint>
#include <cstdio>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "native/base/error.h"

namespace millrace::ngram {

class FileWriter {
 public:
  FileWriter() = default;
  FileWriter(const FileWriter&) = delete;
  FileWriter& operator=(const FileWriter&) = delete;
  ~FileWriter();
  Error open(const std::string& path, size_t buffer);
  Error write(const void* data, size_t size);
  template <class T>
  Error put(const T& record) {
    return write(&record, sizeof record);
  }
  Error text(std::string_view text) { return write(text.data(), text.size()); }
  Error close();

 private:
  Error flush();
  int file_ = -1;
  std::string path_;
  std::vector<char> buffer_;
  size_t used_ = 0;
};

class FileReader {
 public:
  FileReader() = default;
  FileReader(const FileReader&) = delete;
  FileReader& operator=(const FileReader&) = delete;
  ~FileReader();
  // From byte `begin` up to byte `end`, or the end of the file.
  Error open(const std::string& path, size_t buffer, uint64_t begin = 0, uint64_t end = UINT64_MAX);
  // The next record; `more` is false at the end. A record that is cut short is an error.
  Error read(void* to, size_t size, bool& more);
  template <class T>
  Error get(T& record, bool& more) {
    if (left() >= sizeof record) {
      __builtin_memcpy(&record, buffer_.data() + head_, sizeof record);
      head_ += sizeof record;
      more = true;
      return Error::none();
    }
    return read(&record, sizeof record, more);
  }

 private:
  size_t left() const { return tail_ - head_; }
  int file_ = -1;
  std::string path_;
  uint64_t at_ = 0, end_ = 0;
  std::vector<char> buffer_;
  size_t head_ = 0, tail_ = 0;
};

void remove_file(const std::string& path);

}  // namespace millrace::ngram
