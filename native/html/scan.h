#pragma once
#include <cstddef>
#include <cstdint>
#include <memory>

namespace millrace::html {

// Where the tokenizer must look next, for 64 bytes of input: one bit a byte, the first byte lowest. CR and NUL stop every search that
// could have to rewrite them.
struct Block {
  uint64_t text;      // < & CR NUL                       ends a run of text
  uint64_t dq;        // " & CR NUL                       ends a value in double quotes
  uint64_t sq;        // ' & CR NUL                       ends a value in single quotes
  uint64_t name;      // white space / > = < " ' A-Z NUL  ends, or is not a plain part of, a name
  uint64_t nonspace;  // all but tab LF FF CR space
  uint64_t gt;        // > CR NUL                         may end a comment
};

// Fills `count` blocks from 64 * count bytes. Dispatches on active_isa(); the same bits on each.
void index_blocks(const uint8_t* bytes, size_t count, Block* out);

// An index over a whole input, made a window at a time just ahead of its reader, so that it is warm when it is read. Past the end every
// search stops at the size of the input. The storage stays for the next input.
class Index {
 public:
  void reset(const uint8_t* bytes, size_t size);

  // Position of the first byte at or behind `at` that is in the class, or the input's size.
  template <uint64_t Block::*Class>
  size_t find(size_t at) {
    if (at >= size_) return size_;
    size_t block = at / 64;
    if (block >= built_) build(block);
    if (const uint64_t rest = blocks_[block].*Class >> (at % 64)) return at + static_cast<size_t>(__builtin_ctzll(rest));
    for (;;) {
      if (++block >= built_) build(block);
      if (const uint64_t bits = blocks_[block].*Class) return block * 64 + static_cast<size_t>(__builtin_ctzll(bits));
    }
  }

 private:
  void build(size_t block);

  const uint8_t* bytes_ = nullptr;
  size_t size_ = 0, built_ = 0, capacity_ = 0;
  std::unique_ptr<Block[]> blocks_;
};

}  // namespace millrace::html
