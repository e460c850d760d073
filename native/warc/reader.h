#pragma once
#include <string_view>
#include <vector>

#include "native/warc/ascii.h"
#include "native/warc/members.h"

namespace millrace::warc {

enum class RecordType : uint8_t { warcinfo, response, resource, request, metadata, revisit, conversion, continuation, other };

struct Header {
  std::string_view name, value;  // of a folded line, with its line breaks
};

// Value of the first header of that name (ASCII case aside), empty where there is none: crawlers keep the first.
std::string_view find(const std::vector<Header>& headers, std::string_view name);

// Reads header lines up to the empty one that ends them; returns the place behind that, npos where there is none. A folded line goes to the
// value before it.
size_t parse_headers(std::string_view text, std::vector<Header>& headers);

// One record of a WARC 1.0 or 1.1 file (ISO 28500) or an ARC file (Burner & Kahle 1996). Views are valid until the reader is asked again.
struct Record {
  uint64_t member = 0, inner = 0;  // first byte of its gzip member or zstd frame in the file, and its place in that content
  uint64_t offset() const { return member + inner; }
  bool arc = false;
  RecordType type = RecordType::other;
  std::string_view type_name;    // as written; of ARC: "warcinfo" for the file's own description, else "response"
  std::string_view uri;          // without the angle brackets that some WARC 1.0 writers put around it
  std::string_view date;         // as written: ISO 8601, of ARC 14 digits
  std::string_view media;        // Content-Type of the record; of ARC that of the payload
  std::vector<Header> headers;   // of ARC: none
  uint64_t length = 0;           // of the block
  std::string_view block;        // empty where it is not held
  bool held = false;
};

// Reads records one after the other from a byte source, whose compression is named by the caller.
//
// A record that is wrong costs itself: in a broken member the reader goes on at the next member that holds a record, in a plain file (or a
// member with several records) at the next line that begins one. A record may go on in the next member, where no record begins there. A
// member's last record is given only once its checksum agrees. Memory is that of `Members` beyond the record at hand, and of it at most
// `max_block` bytes. Codes of failures: GZIP_MEMBER, ZSTD_FRAME, EXPANSION, WARC_VERSION, WARC_HEADERS, WARC_LENGTH, WARC_TRUNCATED,
// DOCUMENT_TOO_LARGE.
class Reader {
 public:
  struct Options {
    Compression compression = Compression::none;
    uint64_t max_block = 64 << 20;      // of a record that is to be held
    uint64_t max_expansion = 2000;
    // Records [from, to) by the first byte of their member (of the record itself in a plain file). `inner` is the place in the content of the
    // first member to begin at. `from` must be the place of a record, as an earlier reading gave it.
    uint64_t from = 0, inner = 0, to = UINT64_MAX;
    bool (*wanted)(const Record&) = nullptr;  // whether the block is to be held; null: always. Asked before the block is read
  };
  enum class Result { record, failure, end };

  Reader(ByteSource& source, const Options& options);

  // The next record, the next failure (with where it is in `record().member` and `.inner`), or the end: then ask `error()` too.
  Result next();
  const Record& record() const { return record_; }
  const Failure& failure() const { return failure_; }
  const Error& error() const { return members_.error(); }

 private:
  Result member_broke();
  Result fail(const char* code, std::string message);
  size_t need(size_t size);
  bool skip_blank();
  bool skip(uint64_t size);
  bool to_next_record();
  Result read_warc();
  Result read_arc(std::string_view line);
  Result read_block(size_t head);

  Members members_;
  const Options options_;
  Record record_;
  Failure failure_;
  bool in_member_ = false, resync_ = false, began_ = false;
  size_t arc_fields_ = 5;
};

// Whether content begins as a record does: `WARC/1.` or an ARC line (scheme, colon).
bool starts_record(std::string_view content);

// Text as JSON would quote it, at most `limit` bytes of it, other than printable ASCII escaped: for messages.
std::string quoted(std::string_view text, size_t limit = 40);

}  // namespace millrace::warc
