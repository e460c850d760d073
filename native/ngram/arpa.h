#pragma once
#include <memory>
#include <string>

#include "native/ngram/model.h"

namespace millrace::ngram {

// Reads an ARPA file, plain, gzip or zstd (Doug Paul's format as KenLM reads it: lines before \data\ are empty or begin with #; every
// context of an n-gram is an n-gram itself; no log probability is positive; <s> and </s> are there). Orders 1 to 6. Memory follows what the
// file holds, never what its header promises. BAD_MODEL with the number of the line, IO.
//
// A line "# millrace words=simple" before \data\, which our own files have, says how the model's texts were split; else: at white space.
Error read_arpa(const std::string& path, std::unique_ptr<Model>& out);

}  // namespace millrace::ngram
