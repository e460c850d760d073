#include "native/warc/source.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace millrace::warc {

Error MemorySource::read(uint64_t offset, uint8_t* to, size_t size, size_t& got) {
  got = offset < bytes_.size() ? std::min<size_t>(size, bytes_.size() - offset) : 0;
  if (got) std::memcpy(to, bytes_.data() + offset, got);
  return Error::none();
}

FileSource::~FileSource() {
  if (file_ >= 0) ::close(file_);
}

Error FileSource::open(const std::string& path) {
  path_ = path;
  file_ = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  struct stat status;
  if (file_ < 0 || ::fstat(file_, &status) != 0) return {kIo, "expected to open " + path + " for reading, found: " + std::strerror(errno)};
  size_ = static_cast<uint64_t>(status.st_size);
  return Error::none();
}

Error FileSource::read(uint64_t offset, uint8_t* to, size_t size, size_t& got) {
  got = 0;
  while (got < size) {
    const ssize_t n = ::pread(file_, to + got, size - got, static_cast<off_t>(offset + got));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return {kIo, "expected to read " + path_ + " at byte " + std::to_string(offset + got) + ", found: " + std::strerror(errno)};
    if (n == 0) break;
    got += static_cast<size_t>(n);
  }
  return Error::none();
}

}  // namespace millrace::warc
