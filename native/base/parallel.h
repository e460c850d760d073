#pragma once
#include <cstddef>
#include <functional>

namespace millrace {

// Calls body(i) for every i in [0, count) on up to `threads` threads of a shared pool. Which thread takes which i is not fixed, so a
// body must write only what belongs to i; then the result does not depend on the number of threads. Returns when all are done.
void parallel_for(size_t count, int threads, const std::function<void(size_t)>& body);

}  // namespace millrace
