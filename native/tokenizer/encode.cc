#include "native/tokenizer/encode.h"

#include <algorithm>
#include <cstring>
#include <limits>
#include <string>

#include "native/base/parallel.h"
#include "native/tokenizer/cache.h"
#include "native/tokenizer/unicode.h"

namespace millrace::tokenizer {
namespace {

// A cache below this has no room for the tokens themselves.
constexpr size_t kSmallest = 1 << 20;
constexpr size_t kBlock = 256;

// What a thread needs to encode: none of it outlives a call but the cache.
struct Bench {
  const Bpe& bpe;
  const EncoderOptions& options;
  Caches& caches;
  Scratch scratch;
};

// Blocks of pieces: all their ends, then all their places in the caches, then their ids, so that neither a branch nor the memory of one piece
// keeps the next waiting. Gives the length of a piece above max_piece, else 0.
size_t encode_text(Bench& bench, std::string_view text, std::vector<uint32_t>& out) {
  uint32_t ends[kBlock];
  struct {
    PieceCache::Key key;
    size_t index;
  } places[kBlock];
  uint32_t ids[kBlock * LongCache::kMaxIds];
  PieceCache& cache = bench.caches.pieces;
  LongCache& longer = bench.caches.longer;
  for (size_t start = 0; start < text.size();) {
    const size_t pieces = split(bench.options.pattern, text, start, ends);
    for (size_t i = 0, at = start; i < pieces; at = ends[i++]) {
      if (const size_t length = ends[i] - at; length <= PieceCache::kMaxPiece) {
        places[i].key = PieceCache::key(text, at, ends[i]);
        places[i].index = cache.index(places[i].key);
        cache.fetch(places[i].index);
      } else if (length <= LongCache::kMaxPiece) {
        places[i].index = longer.index(hash_bytes(text.substr(at, length)));
        longer.fetch(places[i].index);
      }
    }
    size_t count = 0;
    for (size_t i = 0, at = start; i < pieces; at = ends[i++]) {
      const size_t length = ends[i] - at;
      LongCache::Entry* place = nullptr;
      uint64_t hash = 0;
      if (length <= PieceCache::kMaxPiece) {
        if (const PieceCache::Entry* hit = cache.find(places[i].index, places[i].key)) {
          count += hit->copy(ids + count);
          continue;
        }
        hash = hash_bytes(text.substr(at, length));
        if (bench.caches.seen.has(hash)) place = &longer[longer.index(hash)];
      } else if (length <= LongCache::kMaxPiece) {
        place = &longer[places[i].index];
      } else if (length > bench.options.max_piece) {
        return length;
      }
      const std::string_view piece = text.substr(at, length);
      if (place && LongCache::holds(*place, piece)) {
        std::memcpy(ids + count, place->ids, sizeof place->ids);  // a fixed number of stores
        count += place->count;
        continue;
      }
      out.insert(out.end(), ids, ids + count);
      count = 0;
      const size_t size = out.size();
      bench.bpe.encode_piece(piece, bench.scratch, out);
      const size_t found = out.size() - size;
      const uint32_t* made = out.data() + size;
      if (length <= PieceCache::kMaxPiece && found <= PieceCache::kMaxIds && made[0] <= PieceCache::kMaxId) cache.put(places[i].index, places[i].key, made, found);
      else if (place && found <= LongCache::kMaxIds) LongCache::put(*place, piece, made, found);
      else if (length <= PieceCache::kMaxPiece) bench.caches.seen.put(hash);
    }
    out.insert(out.end(), ids, ids + count);
    start = ends[pieces - 1];
  }
  return 0;
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

Encoder::Encoder(std::shared_ptr<const Bpe> bpe, const EncoderOptions& options) : bpe_(std::move(bpe)), options_(options) {
  if (options_.cache_bytes < kSmallest) return;
  Scratch scratch;
  std::vector<uint32_t> ids;
  for (uint32_t id = 0; id < bpe_->size(); ++id) {
    const std::string_view token = bpe_->token(id);
    if (bpe_->special(id) || token.empty() || token.size() > PieceCache::kMaxPiece || first_invalid(token) < token.size()) continue;
    uint32_t end[1];
    split(options_.pattern, token, 0, end);
    if (end[0] != token.size()) continue;
    ids.clear();
    bpe_->encode_piece(token, scratch, ids);
    if (ids.size() == 1 && ids[0] == id && id <= PieceCache::kMaxId) known_.push_back(id);
  }
}
Encoder::~Encoder() = default;

std::unique_ptr<Caches> Encoder::take_cache() {
  {
    std::lock_guard lock(mutex_);
    if (!idle_.empty()) {
      auto caches = std::move(idle_.back());
      idle_.pop_back();
      return caches;
    }
  }
  auto caches = std::make_unique<Caches>(options_.cache_bytes);
  for (size_t i = known_.size(); i-- > 0;) {  // the most frequent last, so that it is they who stay
    const PieceCache::Key key = PieceCache::key(bpe_->token(known_[i]), 0, bpe_->token(known_[i]).size());
    caches->pieces.put(caches->pieces.index(key), key, &known_[i], 1);
  }
  return caches;
}

void Encoder::give_cache(std::unique_ptr<Caches> cache) {
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
    auto caches = take_cache();
    range.ids.reserve(static_cast<size_t>(texts.offsets[range.to] - texts.offsets[range.from]) / 3 + 16);  // what is not used is not touched
    prefer_large_pages(range.ids.data(), range.ids.capacity() * sizeof(uint32_t));
    Bench bench{*bpe_, options_, *caches, {}};
    for (size_t t = range.from; t < range.to; ++t) {
      const std::string_view text = texts[t];
      if (const size_t invalid = first_invalid(text); invalid < text.size()) {
        range.error = {kFormat, "text " + std::to_string(t) + ": expected UTF-8, found an invalid sequence at byte " + std::to_string(invalid)};
        break;
      }
      const size_t before = range.ids.size();
      if (const size_t length = encode_text(bench, text, range.ids)) {
        range.error = {kMemory, "text " + std::to_string(t) + ": expected pieces of at most " + std::to_string(options_.max_piece) + " bytes (maxPiece), found one of " +
                                    std::to_string(length)};
        break;
      }
      out.offsets[t + 1] = static_cast<int32_t>(range.ids.size() - before);
    }
    give_cache(std::move(caches));
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
      if (id >= bpe_->size() || bpe_->token(id).empty())
        return {kArgument, "decode, position " + std::to_string(i) + ": expected the id of a token, below " + std::to_string(bpe_->size()) + ", found " + std::to_string(id)};
      if (skip_special && bpe_->special(id)) continue;
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
