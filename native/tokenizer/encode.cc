#include "native/tokenizer/encode.h"

#include <algorithm>
#include <limits>
#include <string>

#include "native/base/parallel.h"
#include "native/tokenizer/cache.h"
#include "native/tokenizer/layout.h"
#include "native/tokenizer/presplit.h"
#include "native/tokenizer/unicode.h"

namespace millrace::tokenizer {
namespace {

void encode_text(const Bpe& bpe, std::string_view text, PieceCache& cache, Scratch& scratch, std::vector<uint32_t>& out) {
  for (size_t at = 0; at < text.size();) {
    const size_t end = piece_end(text, at);
    if (end - at > PieceCache::kMaxPiece) {
      bpe.encode_piece(text.substr(at, end - at), scratch, out);
    } else {
      const PieceCache::Key key = PieceCache::key(text, at, end);
      if (const PieceCache::Entry* hit = cache.find(key)) {
        const size_t size = out.size();
        out.insert(out.end(), hit->ids, hit->ids + PieceCache::kMaxIds);  // a fixed number of stores, then cut
        out.resize(size + hit->count);
      } else {
        const size_t size = out.size();
        bpe.encode_piece(text.substr(at, end - at), scratch, out);
        if (out.size() - size <= PieceCache::kMaxIds) cache.put(key, out.data() + size, out.size() - size);
      }
    }
    at = end;
  }
}

struct Range {
  size_t from = 0, to = 0;
  std::vector<uint32_t> ids;
  Error error;
};

// Ranges of texts of about equal bytes, four a thread, so that one thread's long text does not keep the others waiting.
std::vector<Range> ranges_of(const TextColumn& texts, int threads) {
  const size_t wanted = threads <= 1 ? 1 : static_cast<size_t>(threads) * 4;
  const uint64_t first = static_cast<uint64_t>(texts.offsets[0]), bytes = static_cast<uint64_t>(texts.offsets.back()) - first;
  std::vector<Range> ranges;
  for (size_t r = 0, from = 0; r < wanted; ++r) {
    size_t to = from;
    const uint64_t limit = first + bytes * (r + 1) / wanted;
    while (to < texts.size() && static_cast<uint64_t>(texts.offsets[to + 1]) <= limit) ++to;
    if (r + 1 == wanted) to = texts.size();
    ranges.push_back({from, to, {}, {}});
    from = to;
  }
  return ranges;
}

}  // namespace

Encoder::Encoder(std::shared_ptr<const Bpe> bpe, size_t cache_bytes) : bpe_(std::move(bpe)), cache_bytes_(cache_bytes) {}
Encoder::~Encoder() = default;

std::unique_ptr<PieceCache> Encoder::take_cache() {
  std::lock_guard lock(mutex_);
  if (idle_.empty()) return std::make_unique<PieceCache>(cache_bytes_);
  auto cache = std::move(idle_.back());
  idle_.pop_back();
  return cache;
}

void Encoder::give_cache(std::unique_ptr<PieceCache> cache) {
  std::lock_guard lock(mutex_);
  idle_.push_back(std::move(cache));
}

Error Encoder::encode(const TextColumn& texts, int threads, Ids& out) {
  if (!texts.valid()) return {kShape, "encode: expected offsets that ascend within the bytes"};
  out.offsets.assign(texts.size() + 1, 0);
  out.ids.clear();
  if (texts.size() == 0) return Error::none();
  std::vector<Range> ranges = ranges_of(texts, threads);
  parallel_for(ranges.size(), threads, [&](size_t r) {
    Range& range = ranges[r];
    auto cache = take_cache();
    Scratch scratch;
    for (size_t t = range.from; t < range.to; ++t) {
      const std::string_view text = texts[t];
      if (const size_t invalid = first_invalid(text); invalid < text.size()) {
        range.error = {kFormat, "text " + std::to_string(t) + ": expected UTF-8, found an invalid sequence at byte " + std::to_string(invalid)};
        break;
      }
      const size_t before = range.ids.size();
      encode_text(*bpe_, text, *cache, scratch, range.ids);
      out.offsets[t + 1] = static_cast<int32_t>(range.ids.size() - before);
    }
    give_cache(std::move(cache));
  });
  for (Range& range : ranges) {
    if (range.error) return range.error;
    if (ranges.size() == 1) out.ids = std::move(range.ids);
    else out.ids.insert(out.ids.end(), range.ids.begin(), range.ids.end());
  }
  for (size_t t = 0; t < texts.size(); ++t) out.offsets[t + 1] += out.offsets[t];  // at most one id a byte, so they fit
  return Error::none();
}

Error Encoder::decode(std::span<const int32_t> offsets, std::span<const uint32_t> ids, bool skip_special, Bytes& out) const {
  const TextColumn shape{offsets, {reinterpret_cast<const uint8_t*>(ids.data()), ids.size()}};  // asked for its offsets alone
  if (!shape.valid()) return {kShape, "decode: expected offsets that ascend within the ids"};
  out.offsets.assign(1, 0);
  out.bytes.clear();
  for (size_t l = 0; l < shape.size(); ++l) {
    for (int32_t i = offsets[l]; i < offsets[l + 1]; ++i) {
      const uint32_t id = ids[static_cast<size_t>(i)];
      if (id >= bpe_->size())
        return {kArgument, "decode, position " + std::to_string(i) + ": expected an id below " + std::to_string(bpe_->size()) + ", found " + std::to_string(id)};
      if (skip_special && id < kFirstByte) continue;
      const std::string_view token = bpe_->token(id);
      out.bytes.insert(out.bytes.end(), token.begin(), token.end());
    }
    if (out.bytes.size() > static_cast<size_t>(std::numeric_limits<int32_t>::max()))
      return {kMemory, "decode: expected at most 2 GiB of text, found more by list " + std::to_string(l)};
    out.offsets.push_back(static_cast<int32_t>(out.bytes.size()));
  }
  return Error::none();
}

}  // namespace millrace::tokenizer
