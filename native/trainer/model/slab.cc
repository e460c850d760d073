#include "native/trainer/model/slab.h"

#include <algorithm>
#include <string>

namespace millrace::trainer {
namespace {

std::string text(size_t n) { return std::to_string(n); }

}  // namespace

Error validate(const Batch& b, size_t vocabulary, size_t longest_row) {
  if (b.rows == 0) return {kArgument, "rows: expected 1 or more, found 0"};
  if (b.row_length == 0 || b.row_length > longest_row)
    return {kArgument, "rowLength: expected 1 to maxRowLength (" + text(longest_row) + "), found " + text(b.row_length)};
  if (b.rows > SIZE_MAX / b.row_length || b.tokens.size() != b.rows * b.row_length)
    return {kShape, "tokens: expected rows x rowLength = " + text(b.rows) + " x " + text(b.row_length) + " ids, found " + text(b.tokens.size())};
  if (!b.targets.empty() && b.targets.size() != b.tokens.size())
    return {kShape, "targets: expected " + text(b.tokens.size()) + " values, found " + text(b.targets.size())};
  if (b.run_rows.size() != b.run_starts.size() || b.run_rows.size() != b.run_lengths.size())
    return {kShape, "runs: expected three columns of one length, found " + text(b.run_rows.size()) + ", " + text(b.run_starts.size()) + " and " +
                        text(b.run_lengths.size())};
  int64_t free_from = 0;  // in positions of the whole batch: order and overlap in one number
  for (size_t i = 0; i < b.run_rows.size(); ++i) {
    const int64_t row = b.run_rows[i], start = b.run_starts[i], length = b.run_lengths[i], width = static_cast<int64_t>(b.row_length);
    const auto wrong = [&](const char* expected) {
      return Error{kArgument, "run " + text(i) + ": expected " + expected + ", found row " + std::to_string(row) + ", start " +
                                  std::to_string(start) + ", length " + std::to_string(length)};
    };
    if (row < 0 || row >= static_cast<int64_t>(b.rows) || start < 0 || length < 1 || start + length > width)
      return wrong("a piece of a row");
    if (row * width + start < free_from) return wrong("runs ordered by row and start, without overlap");
    free_from = row * width + start + length;
    for (int64_t p = row * width + start; p < free_from; ++p) {
      if (b.tokens[p] >= vocabulary)
        return {kArgument, "tokens: expected ids below " + text(vocabulary) + ", found " + text(b.tokens[p]) + " in row " + std::to_string(row) +
                               " at position " + std::to_string(p - row * width)};
      if (!b.targets.empty() && (b.targets[p] < -1 || b.targets[p] >= static_cast<int64_t>(vocabulary)))
        return {kArgument, "targets: expected -1 or an id below " + text(vocabulary) + ", found " + std::to_string(b.targets[p]) + " in row " +
                               std::to_string(row) + " at position " + std::to_string(p - row * width)};
    }
  }
  return Error::none();
}

Slab slab_of(const Batch& b, size_t first, size_t count) {
  Slab slab;
  const auto begin = std::lower_bound(b.run_rows.begin(), b.run_rows.end(), static_cast<int32_t>(first));
  size_t i = static_cast<size_t>(begin - b.run_rows.begin());
  for (size_t row = first; row < first + count; ++row) {
    RowSpan span{slab.size(), 0, 0};
    for (; i < b.run_rows.size() && b.run_rows[i] == static_cast<int32_t>(row); ++i) {
      const size_t length = static_cast<size_t>(b.run_lengths[i]), at = row * b.row_length + static_cast<size_t>(b.run_starts[i]);
      slab.runs.push_back({slab.size(), length});
      slab.longest = std::max(slab.longest, length);
      for (size_t p = 0; p < length; ++p) {
        const int32_t target = b.targets.empty() ? -1 : b.targets[at + p];
        slab.tokens.push_back(b.tokens[at + p]);
        slab.targets.push_back(target);
        slab.positions.push_back(static_cast<int32_t>(p));
        span.targets += target >= 0;
      }
    }
    span.end = slab.size();
    slab.target_count += span.targets;
    slab.rows.push_back(span);
  }
  return slab;
}

}  // namespace millrace::trainer
