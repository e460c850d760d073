#include "native/warc/index.h"

#include "native/hash/sha1.h"

namespace millrace::warc {

static bool may_hold_message(const Record& record) {
  if (record.arc) return record.type == RecordType::response;
  const bool typed = record.type == RecordType::response || record.type == RecordType::request || record.type == RecordType::revisit;
  return typed && media_type(record.media).type == "application/http";
}

Error Indexer::fill(size_t rows, bool digests, IndexBatch& batch, bool& done) {
  done = false;
  const auto string = [&](std::string_view text) {
    batch.text.append(text);
    batch.string_ends.push_back(static_cast<int32_t>(batch.text.size()));
  };
  for (size_t row = 0; row < rows; ++row) {
    const Reader::Result result = reader_.next();
    if (result == Reader::Result::end) {
      done = true;
      return reader_.error();
    }
    const Record& record = reader_.record();
    const bool good = result == Reader::Result::record;
    batch.offsets.push_back(static_cast<double>(record.offset()));
    batch.members.push_back(static_cast<double>(record.member));
    batch.lengths.push_back(good ? static_cast<double>(record.length) : 0);
    std::string_view payload = record.block;
    std::string failure = good ? "" : std::string(reader_.failure().code) + ": " + reader_.failure().message;
    int status = good ? 0 : -1;
    if (good && may_hold_message(record) && parse_message(record.block, message_)) {
      status = message_.status;
      payload = message_.body;
      BodyOptions options;
      options.partial = true;
      if (digests) {
        if (const Failure broken = decoder_.decode(message_, options, payload)) {
          failure = std::string(broken.code) + ": " + broken.message;
          payload = message_.body;
        }
      }
    }
    batch.statuses.push_back(status);
    batch.payload += good ? record.length : 0;
    string(good ? record.type_name : std::string_view{});
    string(good ? record.uri : std::string_view{});
    std::string hex;
    if (digests && good) {
      constexpr char digits[] = "0123456789abcdef";
      for (const uint8_t byte : hash::sha1(payload)) {
        hex += digits[byte >> 4];
        hex += digits[byte & 15];
      }
    }
    string(hex);
    string(failure);
  }
  return Error::none();
}

Error Indexer::count(uint64_t& records, uint64_t& messages, uint64_t& failures, uint64_t& payload) {
  records = messages = failures = payload = 0;
  for (;;) {
    switch (reader_.next()) {
      case Reader::Result::end: return reader_.error();
      case Reader::Result::failure: ++failures; break;
      case Reader::Result::record:
        ++records;
        payload += reader_.record().length;
        messages += may_hold_message(reader_.record()) && parse_message(reader_.record().block, message_);
    }
  }
}

}  // namespace millrace::warc
