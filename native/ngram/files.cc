#include "native/ngram/files.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace millrace::ngram {
namespace {

Error io(const char* doing, const std::string& path) { return {kIo, std::string(doing) + " " + path + ": " + std::strerror(errno)}; }

}  // namespace

FileWriter::~FileWriter() {
  if (file_ >= 0) ::close(file_);
}

Error FileWriter::open(const std::string& path, size_t buffer) {
  path_ = path;
  buffer_.resize(std::max<size_t>(buffer, 4096));
  file_ = ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  return file_ < 0 ? io("creating", path_) : Error::none();
}

Error FileWriter::flush() {
  for (size_t done = 0; done < used_;) {
    const ssize_t wrote = ::write(file_, buffer_.data() + done, used_ - done);
    if (wrote < 0 && errno == EINTR) continue;
    if (wrote < 0) return io("writing", path_);
    done += static_cast<size_t>(wrote);
  }
  used_ = 0;
  return Error::none();
}

Error FileWriter::write(const void* data, size_t size) {
  const char* from = static_cast<const char*>(data);
  while (size > 0) {
    if (used_ == buffer_.size()) MILLRACE_TRY(flush());
    const size_t part = std::min(size, buffer_.size() - used_);
    std::memcpy(buffer_.data() + used_, from, part);
    used_ += part;
    from += part;
    size -= part;
  }
  return Error::none();
}

Error FileWriter::close() {
  MILLRACE_TRY(flush());
  const int file = file_;
  file_ = -1;
  return ::close(file) == 0 ? Error::none() : io("closing", path_);
}

FileReader::~FileReader() {
  if (file_ >= 0) ::close(file_);
}

Error FileReader::open(const std::string& path, size_t buffer, uint64_t begin, uint64_t end) {
  path_ = path;
  at_ = begin;
  end_ = end;
  head_ = tail_ = 0;
  buffer_.resize(std::max<size_t>(buffer, 4096));
  file_ = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  return file_ < 0 ? io("opening", path_) : Error::none();
}

Error FileReader::read(void* to, size_t size, bool& more) {
  if (left() < size) {
    std::memmove(buffer_.data(), buffer_.data() + head_, left());
    tail_ -= head_;
    head_ = 0;
    while (tail_ < size) {
      const size_t room = static_cast<size_t>(std::min<uint64_t>(buffer_.size() - tail_, end_ - at_));
      const ssize_t got = room > 0 ? pread(file_, buffer_.data() + tail_, room, static_cast<off_t>(at_)) : 0;
      if (got < 0 && errno == EINTR) continue;
      if (got < 0) return io("reading", path_);
      if (got == 0) break;
      tail_ += static_cast<size_t>(got);
      at_ += static_cast<uint64_t>(got);
    }
  }
  more = left() >= size;
  if (!more) return left() == 0 ? Error::none() : Error(kIo, "reading " + path_ + ": expected whole records, found one cut short");
  std::memcpy(to, buffer_.data() + head_, size);
  head_ += size;
  return Error::none();
}

void remove_file(const std::string& path) { ::unlink(path.c_str()); }

}  // namespace millrace::ngram
