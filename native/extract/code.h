#pragma once
#include "native/extract/page.h"

namespace millrace::extract {

// Finds code (extraction.md 3.8): blocks with their language, gutters and buttons taken off, one-line <code> elements grouped, inline code.
// Rescues what it finds, skips what is noise. Runs behind rescue_math and does not look into its nodes.
void rescue_code(Page& page);

}  // namespace millrace::extract
