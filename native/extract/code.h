#pragma once
#include "native/extract/page.h"

namespace millrace::extract {

// Finds code (extraction.md 3.8): blocks with their language, gutters and buttons taken off, one-line <code> elements grouped, inline code.
// Rescues what it finds, skips what is noise. Runs behind rescue_math and does not look into its nodes.
//
// A `pre` is always a block of code, also a poem or a mail in plain text: its lines are what it says, and only a block of code keeps them.
// The exception is one that holds headings, tables or paragraphs of prose: that is a box, and its contents are taken as they are.
void rescue_code(Page& page);

}  // namespace millrace::extract
