#pragma once
#include <string>
#include <vector>

#include "native/warc/http.h"
#include "native/warc/reader.h"

namespace millrace::warc {

enum class ItemKind : uint8_t { page, text, unreadable, skipped };

// A batch of what a file holds, in its order, as columns. `strings` are UTF-8, kStrings of them a row: offsets into `text`.
struct Batch {
  enum String : uint8_t {
    url,        // of pages and texts, as all up to `crawled`
    charset,    // label that the transfer declared
    language,   // first of WARC-Identified-Content-Language
    crawled,    // WARC-Date; of ARC its 14 digits as ISO 8601
    truncated,  // why the crawler cut the record
    code,       // of the unreadable; of the skipped the name under which it is counted (`warc.revisit`)
    message,    // of the unreadable
    robots,     // of pages, as all from here: every X-Robots-Tag of the transfer, a line each; like those below at most kMaxSignals bytes
    reservation,  // TDM-Reservation
    policy,     // TDM-Policy
    links,      // every Link that speaks of a licence, a line each
    kStrings
  };
  std::vector<uint8_t> kinds;
  std::vector<double> offsets;         // of the record; below 2^53
  std::vector<double> members;         // first byte of its member: with the difference to `offsets` the place to resume at
  std::vector<int32_t> string_ends{0};  // one more than rows * kStrings
  std::string text;
  std::vector<int32_t> body_ends{0};   // one more than rows; a body stays below 2 GiB as `max_bytes` does
  std::string bodies;                  // the page's bytes as served, transfer and content encodings undone; the text of a `conversion`

  size_t rows() const { return kinds.size(); }
};

inline constexpr size_t kMaxSignals = 16 << 10;

// Which records are documents: pages (2xx responses and resources of type text/html or application/xhtml+xml) and texts (`conversion`
// records of type text/plain, as WET has them). The rest is counted by name: warc.<type>, warc.status, warc.media.
class DocumentReader {
 public:
  DocumentReader(ByteSource& source, Reader::Options options, size_t max_document_bytes);

  // Appends items until there are `rows` of them or `bytes` of bodies; `done` where nothing is left. The error is the machine's.
  Error fill(size_t rows, size_t bytes, Batch& batch, bool& done);

 private:
  void add_record(Batch& batch);
  void add(Batch& batch, ItemKind kind, std::string_view code, std::string_view message, std::string_view body = {}, std::string_view charset = {},
           const std::vector<Header>* transfer = nullptr);

  Reader reader_;
  Message message_;
  BodyDecoder decoder_;
  BodyOptions body_;
};

}  // namespace millrace::warc
