#pragma once
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <new>

#if defined(__linux__)
#include <sys/mman.h>
#endif

namespace millrace::tokenizer {

// Asks for large pages in a region that has not been touched yet: tables of megabytes that are read at random wait for translations of
// addresses otherwise. A wish, which the system may not grant; changes time only.
inline void prefer_large_pages([[maybe_unused]] void* data, [[maybe_unused]] size_t bytes) {
#if defined(__linux__) && defined(MADV_HUGEPAGE)
  constexpr uintptr_t kPage = 2 << 20;
  const auto begin = (reinterpret_cast<uintptr_t>(data) + kPage - 1) & ~(kPage - 1), end = (reinterpret_cast<uintptr_t>(data) + bytes) & ~(kPage - 1);
  if (begin < end) madvise(reinterpret_cast<void*>(begin), end - begin, MADV_HUGEPAGE);
#endif
}

// `size` items of zero bytes, on large pages where they fill some.
template <class T>
class LargeTable {
 public:
  explicit LargeTable(size_t size = 0) : size_(size) {
    if (size == 0) return;
    const size_t bytes = size * sizeof(T);
    const size_t align = bytes < kPage ? 64 : kPage;
    data_ = {static_cast<T*>(::operator new(bytes, std::align_val_t{align})), Free{bytes, align}};
    prefer_large_pages(data_.get(), bytes);
    std::memset(static_cast<void*>(data_.get()), 0, bytes);
  }
  size_t size() const { return size_; }
  T& operator[](size_t i) { return data_.get()[i]; }
  const T& operator[](size_t i) const { return data_.get()[i]; }

 private:
  static constexpr size_t kPage = 2 << 20;
  struct Free {
    size_t bytes = 0, align = 64;
    void operator()(T* data) const { ::operator delete(data, bytes, std::align_val_t{align}); }
  };
  size_t size_;
  std::unique_ptr<T, Free> data_;
};

}  // namespace millrace::tokenizer
