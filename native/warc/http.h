#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "native/warc/reader.h"

namespace millrace::warc {

// The HTTP message inside a record. Views of the block.
struct Message {
  int status = 0;  // 0 where the first line is no status line
  std::vector<Header> headers;
  std::string_view body;
};

// Splits a message; false where no header block ends within 64 KiB.
bool parse_message(std::string_view block, Message& message);

// Media type in lower case and charset label of a Content-Type.
struct MediaType {
  std::string type;
  std::string_view charset;
};
MediaType media_type(std::string_view header);

struct BodyOptions {
  size_t max_bytes = 64 << 20;
  uint64_t max_expansion = 2000;  // bytes out for each byte in, above 64 MiB
  bool partial = false;           // the crawler says that it cut the record: an end too early is no error
  // Undo gzip also where it was applied once more than declared: a page never begins with gzip's bytes.
  bool undeclared_gzip = false;
};

// The body as it was before transfer: chunks joined, content encodings undone (gzip, deflate, br, zstd; at most three, from the last).
//
// Servers and crawlers lie: a body whose first chunk header is none was not chunked, one without gzip's first bytes was not compressed
// (warcio reads them so too). What begins as declared and then breaks is malformed: HTTP_CHUNK, CONTENT_ENCODING, DOCUMENT_TOO_LARGE, EXPANSION.
class BodyDecoder {
 public:
  // A view of the message or of this object, valid until the next call.
  Failure decode(const Message& message, const BodyOptions& options, std::string_view& body);

 private:
  Failure decompress(std::string_view encoding, const BodyOptions& options, std::string_view& body);
  Failure inflate(std::string_view name, std::string_view in, int format, const BodyOptions& options, std::string& out);

  std::string buffers_[2];
  int current_ = 0;
  Inflater inflater_;
};

}  // namespace millrace::warc
