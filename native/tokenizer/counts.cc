#include "native/tokenizer/counts.h"

#include <algorithm>
#include <limits>
#include <numeric>
#include <string>

#include "native/base/parallel.h"
#include "native/tokenizer/table.h"
#include "native/tokenizer/unicode.h"

namespace millrace::tokenizer {
namespace {

constexpr size_t kBlock = 128;

struct Range {
  PieceTable table;
  uint64_t pieces = 0, skipped = 0;
  Error error;
};

void count_range(const TextColumn& texts, size_t from, size_t to, Pattern pattern, size_t max_piece, Range& out) {
  for (size_t t = from; t < to; ++t) {
    const std::string_view text = texts[t];
    if (const size_t bad = first_invalid(text); bad < text.size()) {
      out.error = {kFormat, "text " + std::to_string(t) + ": expected UTF-8, found an invalid sequence at byte " + std::to_string(bad)};
      return;
    }
    uint32_t ends[kBlock];
    for (size_t at = 0; at < text.size();) {
      const size_t found = split(pattern, text, at, ends);
      for (size_t i = 0; i < found; at = ends[i++]) {
        if (ends[i] - at <= max_piece) {
          out.table.add(text.substr(at, ends[i] - at), 1);
          ++out.pieces;
        } else {
          ++out.skipped;
        }
      }
    }
  }
}

Error sorted(const PieceTable& table, Counts& out) {
  if (table.bytes() > static_cast<uint64_t>(std::numeric_limits<int32_t>::max()))
    return {kMemory, "piece counts: expected at most 2 GiB of distinct pieces, found " + std::to_string(table.bytes()) + " bytes"};
  std::vector<uint32_t> order(table.size());
  std::iota(order.begin(), order.end(), 0u);
  std::sort(order.begin(), order.end(), [&](uint32_t a, uint32_t b) { return table.piece(a) < table.piece(b); });
  out.offsets.assign(1, 0);
  out.offsets.reserve(order.size() + 1);
  out.bytes.clear();
  out.bytes.reserve(table.bytes());
  out.counts.clear();
  out.counts.reserve(order.size());
  for (uint32_t i : order) {
    const std::string_view piece = table.piece(i);
    out.bytes.insert(out.bytes.end(), piece.begin(), piece.end());
    out.offsets.push_back(static_cast<int32_t>(out.bytes.size()));
    out.counts.push_back(table.count(i));
  }
  return Error::none();
}

}  // namespace

Error count_pieces(const TextColumn& texts, Pattern pattern, size_t max_piece, int threads, Counts& out) {
  if (!texts.valid()) return {kShape, "piece counts: expected offsets that ascend within the bytes"};
  const size_t ranges = std::max<size_t>(1, std::min(texts.size(), static_cast<size_t>(std::max(1, threads))));
  std::vector<Range> parts(ranges);
  parallel_for(ranges, threads, [&](size_t r) { count_range(texts, texts.size() * r / ranges, texts.size() * (r + 1) / ranges, pattern, max_piece, parts[r]); });
  out = {};
  for (Range& part : parts) {
    if (part.error) return part.error;
    out.pieces += part.pieces;
    out.skipped += part.skipped;
    if (&part == &parts[0]) continue;
    for (size_t i = 0; i < part.table.size(); ++i) parts[0].table.add(part.table.piece(i), part.table.count(i));
    part.table = PieceTable();
  }
  return sorted(parts[0].table, out);
}

Error merge_counts(const TextColumn& pieces, std::span<const uint64_t> counts, Counts& out) {
  if (!pieces.valid() || pieces.size() != counts.size())
    return {kShape, "piece counts: expected one count per piece, found " + std::to_string(pieces.size()) + " pieces and " + std::to_string(counts.size()) + " counts"};
  PieceTable table;
  out = {};
  for (size_t i = 0; i < pieces.size(); ++i) {
    table.add(pieces[i], counts[i]);
    out.pieces += counts[i];
  }
  return sorted(table, out);
}

std::vector<uint32_t> partitions_of(const TextColumn& pieces, uint32_t partitions) {
  std::vector<uint32_t> out;
  if (!pieces.valid()) return out;
  out.reserve(pieces.size());
  for (size_t i = 0; i < pieces.size(); ++i) {
    uint64_t h = 0xCBF29CE484222325u;
    for (char byte : pieces[i]) h = (h ^ static_cast<uint8_t>(byte)) * 0x100000001B3u;
    h = (h ^ h >> 33) * 0xFF51AFD7ED558CCDu;
    h = (h ^ h >> 33) * 0xC4CEB9FE1A85EC53u;
    h ^= h >> 33;
    out.push_back(static_cast<uint32_t>(static_cast<unsigned __int128>(h) * std::max(1u, partitions) >> 64));
  }
  return out;
}

}  // namespace millrace::tokenizer
