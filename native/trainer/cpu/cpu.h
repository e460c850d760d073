#pragma once
#include "native/trainer/backend.h"

namespace millrace::trainer {

// The CPU's table. Ops run to their end inside the call, so a stream is a number of threads, and events order nothing.
const mr_backend& cpu_backend();

}  // namespace millrace::trainer
