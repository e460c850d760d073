#include "native/tokenizer/train_memory.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <system_error>
#include <vector>

namespace millrace::tokenizer {
namespace {

constexpr size_t kPage = 4096;
// From here on the system is asked for large pages: tables of pairs are read at random.
constexpr size_t kLarge = 4 << 20;

size_t whole_pages(size_t bytes) { return (bytes + kPage - 1) / kPage * kPage; }

int unnamed_file(const std::string& folder) {
  if (const int file = ::open(folder.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600); file >= 0) return file;
  const std::string name = folder + "/training-XXXXXX";
  std::vector<char> path(name.begin(), name.end());
  path.push_back('\0');
  const int file = ::mkostemp(path.data(), O_CLOEXEC);
  if (file >= 0) ::unlink(path.data());
  return file;
}

}  // namespace

void Region::swap(Region& other) noexcept {
  std::swap(budget_, other.budget_);
  std::swap(data_, other.data_);
  std::swap(bytes_, other.bytes_);
  std::swap(file_, other.file_);
}

bool Region::refuse(const char* what) {
  if (!budget_->error_)
    budget_->error_ = {kIo, std::string("tokenizer training: expected ") + what + ", found " + std::generic_category().message(errno) +
                                (budget_->folder_.empty() ? "" : " (" + budget_->folder_ + ")")};
  return false;
}

bool Region::grow(size_t bytes) {
  bytes = whole_pages(bytes);
  if (bytes <= bytes_) return true;
  const uint64_t more = bytes - bytes_;
  if (file_ < 0 && !budget_->folder_.empty() && budget_->used_ + more > budget_->limit_) return to_file(bytes);
  // Blocks are taken before they are written to: a full disk is an error here and not a signal later.
  if (file_ >= 0)
    if (const int refused = ::posix_fallocate(file_, 0, static_cast<off_t>(bytes))) {
      errno = refused;
      return refuse("room on the disk");
    }
  void* data = data_ ? ::mremap(data_, bytes_, bytes, MREMAP_MAYMOVE)
                     : ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (data == MAP_FAILED) return refuse("memory");
  if (file_ < 0) {
    if (bytes >= kLarge) ::madvise(data, bytes, MADV_HUGEPAGE);
    budget_->used_ += more;
  }
  data_ = data;
  bytes_ = bytes;
  return true;
}

bool Region::to_file(size_t bytes) {
  const int file = unnamed_file(budget_->folder_);
  if (file < 0) return refuse("a file for what does not fit into memory");
  if (const int refused = ::posix_fallocate(file, 0, static_cast<off_t>(bytes))) {
    errno = refused;
    ::close(file);
    return refuse("room on the disk");
  }
  void* data = ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
  if (data == MAP_FAILED) {
    ::close(file);
    return refuse("addresses for a file");
  }
  const size_t before = bytes_;
  if (before) std::memcpy(data, data_, before);
  release();
  data_ = data;
  bytes_ = bytes;
  file_ = file;
  ++budget_->moved_;
  return true;
}

void Region::release() {
  if (data_) ::munmap(data_, bytes_);
  if (file_ >= 0) ::close(file_);
  else budget_->used_ -= bytes_;
  data_ = nullptr;
  bytes_ = 0;
  file_ = -1;
}

}  // namespace millrace::tokenizer
