// WARC and ARC files, plain and compressed: any bytes end in records, failures and an end, in steps that the input's size bounds; a record
// read again from its offset is the same; documents come as columns that agree with each other.
#include <string>
#include <vector>

#include "native/fuzz/check.h"
#include "native/html/charset.h"
#include "native/warc/documents.h"

using namespace millrace;

namespace {

constexpr uint64_t kMaxBlock = 1 << 20, kMaxExpansion = 50;

struct Place {
  uint64_t member, inner, length;
  std::string uri, block;
};

void check_batch(const warc::Batch& batch) {
  const size_t rows = batch.rows();
  CHECK(batch.offsets.size() == rows && batch.members.size() == rows && batch.body_ends.size() == rows + 1);
  CHECK(batch.string_ends.size() == rows * warc::Batch::kStrings + 1);
  for (size_t i = 1; i < batch.string_ends.size(); ++i) CHECK(batch.string_ends[i] >= batch.string_ends[i - 1]);
  for (size_t i = 1; i < batch.body_ends.size(); ++i) CHECK(batch.body_ends[i] >= batch.body_ends[i - 1]);
  CHECK(static_cast<size_t>(batch.string_ends.back()) == batch.text.size() && static_cast<size_t>(batch.body_ends.back()) == batch.bodies.size());
  CHECK(html::is_utf8(batch.text));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  fuzz::Input input(data, size);
  const uint8_t choice = input.byte();
  const auto bytes = input.rest();
  warc::MemorySource source({reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size()});
  warc::Reader::Options options;
  const auto first = bytes.empty() ? '\0' : bytes.front();
  options.compression = choice & 1 ? static_cast<warc::Compression>(choice >> 1 & 3 ? (choice >> 1 & 3) - 1 : 0)
                        : first == '\x1f' ? warc::Compression::gzip
                        : first == '\x28' ? warc::Compression::zstd : warc::Compression::none;
  options.max_block = kMaxBlock;
  options.max_expansion = kMaxExpansion;

  std::vector<Place> places;
  warc::Reader reader(source, options);
  size_t steps = 0;
  for (auto result = reader.next(); result != warc::Reader::Result::end; result = reader.next()) {
    // DEFLATE makes at most 1,032 bytes of one; zstd is bounded by the reader alone.
    CHECK(++steps <= (bytes.size() + 16) * 1040 || options.compression == warc::Compression::zstd);
    if (result == warc::Reader::Result::failure) {
      CHECK(reader.failure().code && html::is_utf8(reader.failure().message));
      continue;
    }
    const warc::Record& record = reader.record();
    CHECK(!record.held || record.block.size() == record.length);
    CHECK(record.block.size() <= kMaxBlock && record.member <= bytes.size());
    if (places.size() < 4) places.push_back({record.member, record.inner, record.length, std::string(record.uri), std::string(record.block)});
  }
  if (choice & 8)
    for (const Place& place : places) {
      auto from = options;
      from.from = place.member;
      from.inner = place.inner;
      warc::Reader again(source, from);
      CHECK(again.next() == warc::Reader::Result::record);
      CHECK(again.record().member == place.member && again.record().inner == place.inner && again.record().length == place.length);
      CHECK(again.record().uri == place.uri && again.record().block == place.block);
    }

  warc::DocumentReader documents(source, options, kMaxBlock);
  warc::Batch batch;
  bool done = false;
  for (size_t rounds = 0; !done; ++rounds) {
    CHECK(rounds <= (bytes.size() + 16) * 1040 || options.compression == warc::Compression::zstd);
    if (choice & 16) batch = {};
    if (batch.bodies.size() > 64u << 20) break;
    if (documents.fill(batch.rows() + 3, batch.bodies.size() + (1 << 20), batch, done)) break;
    check_batch(batch);
  }
  return 0;
}
