#include "native/tokenizer/counts.h"

#include <algorithm>
#include <limits>

#include "native/base/parallel.h"
#include "native/tokenizer/counts_runs.h"
#include "native/tokenizer/unicode.h"

namespace millrace::tokenizer {
namespace {

constexpr size_t kBlock = 128;
// So many files of one level become one of the next: few are open, and each byte is written a logarithm of times.
constexpr size_t kFanIn = 64;
constexpr uint64_t kSmallestTable = 1 << 13;

}  // namespace

struct Counter::State {
  // What one thread counts into.
  struct Lane {
    PieceTable table;
    std::vector<std::vector<Run>> levels;
    uint64_t pieces = 0, skipped = 0, spills = 0;
    Error error;
  };

  CounterOptions options;
  std::vector<Lane> lanes;
  std::unique_ptr<Source> source;
  std::string held;  // a piece that did not fit the last block
  Counted next;
  bool begun = false, end = false;

  // Of one lane, in bytes.
  uint64_t limit() const { return std::max(kSmallestTable, options.max_memory / lanes.size()); }

  // False with the reason in the lane.
  bool add_piece(Lane& lane, std::string_view piece, uint64_t count) {
    if (piece.size() > options.max_piece) {
      lane.skipped += count;
      return true;
    }
    lane.table.add(piece, count);
    lane.pieces += count;
    if (options.folder.empty() || lane.table.memory() <= limit()) return true;
    lane.error = spill(lane);
    return !lane.error;
  }

  Error spill(Lane& lane) {
    Run run;
    MILLRACE_TRY(Run::write(*in_order(lane.table, options.partitions), options.folder, run));
    lane.table = PieceTable();
    ++lane.spills;
    for (size_t level = 0;; ++level) {
      if (lane.levels.size() == level) lane.levels.emplace_back();
      std::vector<Run>& runs = lane.levels[level];
      runs.push_back(std::move(run));
      if (runs.size() < kFanIn) return Error::none();
      std::vector<std::unique_ptr<Source>> sources;
      for (const Run& each : runs) sources.push_back(each.read(limit() / kFanIn));
      MILLRACE_TRY(Run::write(*merged(std::move(sources)), options.folder, run));
      runs.clear();
    }
  }

  void count(Lane& lane, const TextColumn& texts, size_t from, size_t to) {
    for (size_t t = from; t < to; ++t) {
      const std::string_view text = texts[t];
      if (const size_t bad = first_invalid(text); bad < text.size()) {
        lane.error = {kFormat, "text " + std::to_string(t) + ": expected UTF-8, found an invalid sequence at byte " + std::to_string(bad)};
        return;
      }
      uint32_t ends[kBlock];
      for (size_t at = 0; at < text.size();) {
        const size_t found = split(options.pattern, text, at, ends);
        for (size_t i = 0; i < found; at = ends[i++]) {
          if (!add_piece(lane, text.substr(at, ends[i] - at), 1)) return;
        }
      }
    }
  }

  void begin() {
    size_t runs = 1;
    for (const Lane& lane : lanes)
      for (const auto& level : lane.levels) runs += level.size();
    const size_t buffer = static_cast<size_t>(std::clamp<uint64_t>(options.max_memory / 4 / runs, 1 << 12, 1 << 20));
    std::vector<std::unique_ptr<Source>> sources;
    for (const Lane& lane : lanes) {
      for (const auto& level : lane.levels)
        for (const Run& run : level) sources.push_back(run.read(buffer));
      if (lane.table.size() || (sources.empty() && &lane == &lanes.back())) sources.push_back(in_order(lane.table, options.partitions));
    }
    source = merged(std::move(sources));
    begun = true;
  }

  // The first piece that was not given yet, in `next`; or `end`.
  Error advance() {
    MILLRACE_TRY(source->next(next, end));
    held.assign(end ? std::string_view() : next.piece);
    next.piece = held;
    return Error::none();
  }
};

Counter::Counter(const CounterOptions& options) : state_(std::make_unique<State>()) {
  state_->options = options;
  state_->options.partitions = std::max(1u, options.partitions);
  state_->lanes.resize(static_cast<size_t>(std::max(1, options.threads)));
}
Counter::~Counter() = default;

Error Counter::add(const TextColumn& texts) {
  if (state_->begun) return {kArgument, "piece counts: expected nothing more after they were asked for, found texts"};
  if (!texts.valid()) return {kShape, "piece counts: expected offsets that ascend within the bytes"};
  if (texts.size() == 0) return Error::none();
  const size_t ranges = std::min(texts.size(), state_->lanes.size());
  parallel_for(ranges, state_->options.threads, [&](size_t r) { state_->count(state_->lanes[r], texts, texts.size() * r / ranges, texts.size() * (r + 1) / ranges); });
  for (const State::Lane& lane : state_->lanes)
    if (lane.error) return lane.error;
  return Error::none();
}

Error Counter::add(const TextColumn& pieces, std::span<const uint64_t> counts) {
  if (state_->begun) return {kArgument, "piece counts: expected nothing more after they were asked for, found pieces"};
  if (!pieces.valid() || pieces.size() != counts.size())
    return {kShape, "piece counts: expected one count per piece, found " + std::to_string(pieces.size()) + " pieces and " + std::to_string(counts.size()) + " counts"};
  State::Lane& lane = state_->lanes[0];
  for (size_t i = 0; i < pieces.size(); ++i)
    if (!state_->add_piece(lane, pieces[i], counts[i])) return lane.error;
  return Error::none();
}

Error Counter::next(size_t bytes, Counts& out) {
  out = {};
  bytes = std::min<size_t>(bytes, static_cast<size_t>(std::numeric_limits<int32_t>::max()));
  State& state = *state_;
  if (!state.begun) {
    state.begin();
    MILLRACE_TRY(state.advance());
  }
  if (state.end) return Error::none();
  out.partition = state.next.partition;
  while (!state.end && state.next.partition == out.partition && out.bytes.size() + state.held.size() <= bytes) {
    out.bytes.insert(out.bytes.end(), state.held.begin(), state.held.end());
    out.offsets.push_back(static_cast<int32_t>(out.bytes.size()));
    out.counts.push_back(state.next.count);
    MILLRACE_TRY(state.advance());
  }
  if (out.counts.empty())
    return {kMemory, "piece counts: expected pieces of at most " + std::to_string(bytes) + " bytes, found one of " + std::to_string(state.held.size())};
  return Error::none();
}

uint64_t Counter::pieces() const {
  uint64_t sum = 0;
  for (const State::Lane& lane : state_->lanes) sum += lane.pieces;
  return sum;
}
uint64_t Counter::skipped() const {
  uint64_t sum = 0;
  for (const State::Lane& lane : state_->lanes) sum += lane.skipped;
  return sum;
}
uint64_t Counter::spills() const {
  uint64_t sum = 0;
  for (const State::Lane& lane : state_->lanes) sum += lane.spills;
  return sum;
}

}  // namespace millrace::tokenizer
