#pragma once
#include "native/html/scan.h"

namespace millrace::html {

void index_blocks_scalar(const uint8_t* bytes, size_t count, Block* out);
void index_blocks_avx2(const uint8_t* bytes, size_t count, Block* out);
void index_blocks_avx512(const uint8_t* bytes, size_t count, Block* out);

}  // namespace millrace::html
