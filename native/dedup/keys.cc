#include "native/dedup/keys.h"

#include <algorithm>
#include <cstring>
#include <numeric>
#include <string>

namespace millrace::dedup {
namespace {

uint64_t leading(const uint8_t* row) {
  uint64_t v;
  std::memcpy(&v, row, 8);
  return __builtin_bswap64(v);
}

Error whole(std::span<const uint8_t> rows, size_t width) {
  if (rows.size() % width != 0) return Error(kShape, "keys: expected whole rows of " + std::to_string(width) + " bytes, found " + std::to_string(rows.size()) + " bytes");
  if (rows.size() / width > INT32_MAX) return Error(kMemory, "keys: expected fewer than 2^31 rows in a call, found " + std::to_string(rows.size() / width));
  return Error::none();
}

// Most comparisons end in the first eight bytes, which lie beside the row number.
std::vector<uint32_t> sorted(std::span<const uint8_t> rows, size_t width) {
  struct Entry {
    uint64_t leading;
    uint32_t row;
  };
  std::vector<Entry> entries(rows.size() / width);
  for (uint32_t i = 0; i < entries.size(); ++i) entries[i] = {leading(rows.data() + i * width), i};
  std::sort(entries.begin(), entries.end(), [&](const Entry& a, const Entry& b) {
    if (a.leading != b.leading) return a.leading < b.leading;
    const int order = std::memcmp(rows.data() + a.row * width + 8, rows.data() + b.row * width + 8, width - 8);
    return order ? order < 0 : a.row < b.row;
  });
  std::vector<uint32_t> order(entries.size());
  for (size_t i = 0; i < entries.size(); ++i) order[i] = entries[i].row;
  return order;
}

// The rows themselves, sorted, each once.
std::vector<uint8_t> distinct(std::span<const uint8_t> rows, size_t width) {
  std::vector<uint8_t> out;
  for (uint32_t row : sorted(rows, width)) {
    const uint8_t* bytes = rows.data() + row * width;
    if (out.empty() || std::memcmp(out.data() + out.size() - width, bytes, width) != 0) out.insert(out.end(), bytes, bytes + width);
  }
  return out;
}

}  // namespace

Error arrange(std::span<const uint8_t> rows, size_t width, uint32_t partitions, Arranged& out) {
  if (width < 8 || partitions == 0) return Error(kArgument, "arrange: expected rows of at least 8 bytes and a partition, found " + std::to_string(width) + " and " + std::to_string(partitions));
  MILLRACE_TRY(whole(rows, width));
  out.order = sorted(rows, width);
  out.bounds.assign(partitions + size_t{1}, 0);
  for (uint32_t row : out.order) {
    const auto scaled = static_cast<unsigned __int128>(leading(rows.data() + row * width)) * partitions;
    ++out.bounds[static_cast<size_t>(scaled >> 64) + 1];
  }
  std::partial_sum(out.bounds.begin(), out.bounds.end(), out.bounds.begin());
  return Error::none();
}

Error group_pairs(std::span<const uint8_t> rows, size_t prefix, uint64_t limit, Groups& out) {
  const size_t width = prefix + kIdBytes;
  if (prefix < 8) return Error(kArgument, "group_pairs: expected a prefix of at least 8 bytes, found " + std::to_string(prefix));
  MILLRACE_TRY(whole(rows, width));
  out = {};
  const std::vector<uint32_t> order = sorted(rows, width);
  std::vector<uint8_t> pairs;
  for (size_t from = 0, to; from < order.size(); from = to) {
    const uint8_t* first = rows.data() + order[from] * width;
    for (to = from + 1; to < order.size() && std::memcmp(rows.data() + order[to] * width, first, prefix) == 0; ++to) {
      const uint8_t* id = rows.data() + order[to] * width + prefix;
      if (std::memcmp(id, first + prefix, kIdBytes) == 0) continue;
      pairs.insert(pairs.end(), id, id + kIdBytes);
      pairs.insert(pairs.end(), first + prefix, first + width);
    }
    out.groups += to - from > 1;
    out.largest = std::max<uint64_t>(out.largest, to - from);
    out.oversize += to - from > limit;
  }
  out.pairs = distinct(pairs, 2 * kIdBytes);
  return Error::none();
}

Error components(std::span<const uint8_t> edges, std::vector<uint8_t>& out) {
  MILLRACE_TRY(whole(edges, 2 * kIdBytes));
  const std::vector<uint8_t> ids = distinct(edges, kIdBytes);
  const size_t count = ids.size() / kIdBytes;
  const auto index = [&](const uint8_t* id) {
    size_t low = 0, high = count;
    while (low < high) {
      const size_t middle = (low + high) / 2;
      if (std::memcmp(ids.data() + middle * kIdBytes, id, kIdBytes) < 0) low = middle + 1;
      else high = middle;
    }
    return static_cast<uint32_t>(low);
  };
  // Ids are numbered in order, and the smaller root always wins: a root is the smallest id of its component.
  std::vector<uint32_t> parent(count);
  std::iota(parent.begin(), parent.end(), 0);
  const auto root = [&](uint32_t node) {
    while (parent[node] != node) node = parent[node] = parent[parent[node]];
    return node;
  };
  for (size_t at = 0; at < edges.size(); at += 2 * kIdBytes) {
    const uint32_t a = root(index(edges.data() + at)), b = root(index(edges.data() + at + kIdBytes));
    parent[std::max(a, b)] = std::min(a, b);
  }
  out.resize(count * 2 * kIdBytes);
  for (uint32_t i = 0; i < count; ++i) {
    std::memcpy(out.data() + i * 2 * kIdBytes, ids.data() + i * kIdBytes, kIdBytes);
    std::memcpy(out.data() + i * 2 * kIdBytes + kIdBytes, ids.data() + root(i) * kIdBytes, kIdBytes);
  }
  return Error::none();
}

std::vector<int32_t> find_ids(std::span<const uint8_t> table, std::span<const uint32_t> order, std::span<const uint8_t> ids) {
  std::vector<int32_t> rows(ids.size() / kIdBytes, -1);
  const auto less = [&](uint32_t row, const uint8_t* id) { return std::memcmp(table.data() + row * kIdBytes, id, kIdBytes) < 0; };
  for (size_t i = 0; i < rows.size(); ++i) {
    const uint8_t* id = ids.data() + i * kIdBytes;
    const auto found = std::lower_bound(order.begin(), order.end(), id, less);
    if (found != order.end() && std::memcmp(table.data() + *found * kIdBytes, id, kIdBytes) == 0) rows[i] = static_cast<int32_t>(*found);
  }
  return rows;
}

}  // namespace millrace::dedup
