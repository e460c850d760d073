#pragma once
#include <algorithm>
#include <cstddef>

#include "native/base/parallel.h"

namespace millrace::trainer {

// body(begin, end) over rows in blocks, on up to `threads` threads. Rows must be independent of each other.
template <class Body>
void in_blocks(size_t rows, int threads, Body body, size_t block = 32) {
  parallel_for((rows + block - 1) / block, threads, [&](size_t i) { body(i * block, std::min(rows, (i + 1) * block)); });
}

}  // namespace millrace::trainer
