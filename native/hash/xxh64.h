#pragma once
#include <cstdint>
#include <string_view>

namespace millrace::hash {

// XXH64, seed 0, of any number of bytes. Kept for what others defined with it (datatrove's shingles); new keys use xxh3.h.
uint64_t xxh64(std::string_view bytes);

}  // namespace millrace::hash
