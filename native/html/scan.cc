// The index, its scalar kernel and the choice of kernel.
#include "native/html/scan.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <string_view>

#include "native/base/cpu.h"
#include "native/html/scan_kernels.h"

namespace millrace::html {
namespace {

constexpr size_t kWindow = 256;  // blocks: 16 KiB of input, 12 KiB of index

enum : uint8_t { kText = 1, kDq = 2, kSq = 4, kName = 8, kNonspace = 16, kGt = 32 };

constexpr std::array<uint8_t, 256> classes() {
  std::array<uint8_t, 256> table{};
  table.fill(kNonspace);
  for (uint8_t c : std::string_view("\t\n\f\r ")) table[c] = kName;
  for (int c = 'A'; c <= 'Z'; ++c) table[c] |= kName;
  for (uint8_t c : std::string_view("/>=<\"'\0", 7)) table[c] |= kName;
  for (uint8_t c : std::string_view("&\r\0", 3)) table[c] |= kText | kDq | kSq;
  table['<'] |= kText;
  table['"'] |= kDq;
  table['\''] |= kSq;
  for (uint8_t c : std::string_view(">\r\0", 3)) table[c] |= kGt;
  return table;
}
constexpr auto kClasses = classes();

}  // namespace

void index_blocks_scalar(const uint8_t* bytes, size_t count, Block* out) {
  for (size_t b = 0; b < count; ++b) {
    Block block{};
    for (int i = 0; i < 64; ++i) {
      const uint64_t c = kClasses[bytes[b * 64 + i]];
      block.text |= (c & 1) << i;
      block.dq |= (c >> 1 & 1) << i;
      block.sq |= (c >> 2 & 1) << i;
      block.name |= (c >> 3 & 1) << i;
      block.nonspace |= (c >> 4 & 1) << i;
      block.gt |= (c >> 5 & 1) << i;
    }
    out[b] = block;
  }
}

void index_blocks(const uint8_t* bytes, size_t count, Block* out) {
  switch (active_isa()) {
    case Isa::avx512: return index_blocks_avx512(bytes, count, out);
    case Isa::avx2: return index_blocks_avx2(bytes, count, out);
    case Isa::scalar: return index_blocks_scalar(bytes, count, out);
  }
}

void Index::reset(const uint8_t* bytes, size_t size) {
  bytes_ = bytes;
  size_ = size;
  built_ = 0;
  const size_t needed = size / 64 + 1;
  if (needed > capacity_) {
    capacity_ = needed + needed / 4;
    blocks_.reset(new Block[capacity_]);
  }
}

// Makes blocks up to and including `block`, and the rest of its window. The last one ends in NULs, which every class holds.
void Index::build(size_t block) {
  const size_t whole = size_ / 64, until = std::min((block / kWindow + 1) * kWindow, whole + 1);
  const size_t full = std::min(until, whole);
  if (full > built_) index_blocks(bytes_ + built_ * 64, full - built_, blocks_.get() + built_);
  if (until > whole) {
    uint8_t tail[64] = {};
    if (size_ % 64) std::memcpy(tail, bytes_ + whole * 64, size_ % 64);
    index_blocks_scalar(tail, 1, blocks_.get() + whole);
  }
  built_ = until;
}

}  // namespace millrace::html
