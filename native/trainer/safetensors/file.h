#pragma once
#include <string>

#include "native/trainer/safetensors/safetensors.h"

namespace millrace::trainer {

// What a file of these tensors begins with, and the order in which their bytes follow it without gaps.
struct SafetensorsOrder {
  std::string header;  // with its length before it
  std::vector<const StoredTensor*> tensors;
};

// kArgument for a name or a text that is no UTF-8, a name twice, or bytes that do not fit a shape. Pointers are into `tensors`.
Error order_safetensors(std::span<const StoredTensor> tensors, const Metadata& metadata, SafetensorsOrder& out);

// A file that is written from its beginning. Without close() its content is not on the disk.
class OutputFile {
 public:
  OutputFile() = default;
  ~OutputFile();
  OutputFile(const OutputFile&) = delete;
  OutputFile& operator=(const OutputFile&) = delete;

  Error create(const std::string& path);
  Error write(const void* data, size_t size);
  Error close();  // waits for the disk

 private:
  Error refused(const char* what) const;
  std::string path_;
  int descriptor_ = -1;
};

}  // namespace millrace::trainer
