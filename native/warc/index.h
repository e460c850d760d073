#pragma once
#include "native/warc/http.h"

namespace millrace::warc {

// Every record of a file, wanted or not: to compare with other readers, to time, and to find where a file can be divided.
struct IndexBatch {
  std::vector<double> offsets, members, lengths;  // of record, of its member, of its block
  std::vector<int32_t> statuses;                  // of the HTTP message; 0 where there is none, -1 for a failure
  std::vector<int32_t> string_ends{0};            // four strings a row: type, URI, hex SHA-1 of the payload, failure
  std::string text;
  uint64_t payload = 0;  // bytes of blocks
};

class Indexer {
 public:
  Indexer(ByteSource& source, const Reader::Options& options) : reader_(source, options) {}

  // Appends up to `rows` records. With `digests` the SHA-1 of each payload: the body of an HTTP message, its encodings undone, or the block.
  Error fill(size_t rows, bool digests, IndexBatch& batch, bool& done);
  // Reads to the end, parses WARC and HTTP headers, keeps nothing: how many records, and in `payload` the bytes of their blocks.
  Error count(uint64_t& records, uint64_t& messages, uint64_t& failures, uint64_t& payload);

 private:
  Reader reader_;
  Message message_;
  BodyDecoder decoder_;
};

}  // namespace millrace::warc
