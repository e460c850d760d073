#pragma once
// Sorting of more n-grams than fit into memory: sorted runs in one file of the scratch folder, merged as they are read.
//
// What comes out does not depend on the memory given: equal n-grams become one, whose `a` is the sum, wherever they meet.
#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "native/ngram/files.h"
#include "native/ngram/gram.h"

namespace millrace::ngram {

template <size_t K, class Less>
class Sorter {
 public:
  using Record = Gram<K>;

  // Two files are made, at `path` and beside it, and removed in the end. `memory`: bytes, at least those of some records.
  Sorter(std::string path, size_t memory) : path_(std::move(path)), memory_(std::max<size_t>(memory, 64 << 10)) {
    most_ = memory_ / sizeof(Record);
  }
  Sorter(const Sorter&) = delete;
  ~Sorter() {
    runs_.clear();
    if (spilled_) remove_file(path_), remove_file(path_ + ".merge");
  }

  Error add(const Record& record) {
    if (records_.size() == most_) MILLRACE_TRY(spill());
    if (records_.size() == records_.capacity()) records_.reserve(std::min(most_, std::max<size_t>(1024, records_.size() * 2)));
    records_.push_back(record);
    return Error::none();
  }

  // Ends adding; `next` follows.
  Error finish() {
    if (!spilled_) {
      sort();
      return Error::none();
    }
    if (!records_.empty()) MILLRACE_TRY(spill());
    std::vector<Record>().swap(records_);
    MILLRACE_TRY(file_.close());
    const size_t fan_in = std::clamp<size_t>(memory_ / kReadBuffer, 2, 256);
    while (bounds_.size() > fan_in) MILLRACE_TRY(merge_pass(fan_in));
    return open_runs(0, bounds_.size());
  }

  Error next(Record& record, bool& more) {
    if (!spilled_) {
      more = read_ < records_.size();
      if (more) record = records_[read_++];
      return Error::none();
    }
    return merged(record, more);
  }

 private:
  static constexpr size_t kReadBuffer = 64 << 10;
  struct Run {
    FileReader reader;
    Record head;
  };
  struct Bounds {
    uint64_t begin, end;
  };

  void sort() {
    std::sort(records_.begin(), records_.end(), Less());
    size_t out = 0;
    for (size_t i = 0; i < records_.size(); ++i) {
      if (out > 0 && records_[out - 1].words == records_[i].words) records_[out - 1].a += records_[i].a;
      else records_[out++] = records_[i];
    }
    records_.resize(out);
  }

  Error spill() {
    if (!spilled_) {
      spilled_ = true;
      MILLRACE_TRY(file_.open(path_, kReadBuffer));
    }
    sort();
    for (const Record& record : records_) MILLRACE_TRY(file_.put(record));
    bounds_.push_back({written_, written_ + records_.size() * sizeof(Record)});
    written_ = bounds_.back().end;
    records_.clear();
    return Error::none();
  }

  // Merges every `fan_in` runs into one, in a new file.
  Error merge_pass(size_t fan_in) {
    std::vector<Bounds> merged_bounds;
    FileWriter out;
    MILLRACE_TRY(out.open(path_ + ".merge", kReadBuffer));
    uint64_t written = 0;
    for (size_t first = 0; first < bounds_.size(); first += fan_in) {
      MILLRACE_TRY(open_runs(first, std::min(bounds_.size(), first + fan_in)));
      const uint64_t begin = written;
      Record record;
      for (bool more = true;;) {
        MILLRACE_TRY(merged(record, more));
        if (!more) break;
        MILLRACE_TRY(out.put(record));
        written += sizeof record;
      }
      merged_bounds.push_back({begin, written});
    }
    MILLRACE_TRY(out.close());
    runs_.clear();
    if (std::rename((path_ + ".merge").c_str(), path_.c_str()) != 0) return {kIo, "renaming " + path_ + ".merge: the system refused"};
    bounds_ = std::move(merged_bounds);
    return Error::none();
  }

  Error open_runs(size_t first, size_t last) {
    runs_.clear();
    heap_.clear();
    const size_t buffer = std::max<size_t>(4096, std::min<size_t>(1 << 20, memory_ / (last - first)));
    for (size_t i = first; i < last; ++i) {
      auto run = std::make_unique<Run>();
      MILLRACE_TRY(run->reader.open(path_, buffer, bounds_[i].begin, bounds_[i].end));
      bool more = false;
      MILLRACE_TRY(run->reader.get(run->head, more));
      if (!more) continue;
      runs_.push_back(std::move(run));
      heap_.push_back(runs_.back().get());
    }
    std::make_heap(heap_.begin(), heap_.end(), later);
    return Error::none();
  }

  static bool later(const Run* x, const Run* y) { return Less()(y->head, x->head); }

  Error merged(Record& record, bool& more) {
    more = !heap_.empty();
    for (bool first = true; !heap_.empty() && (first || heap_.front()->head.words == record.words); first = false) {
      Run* run = heap_.front();
      if (first) record = run->head;
      else record.a += run->head.a;
      std::pop_heap(heap_.begin(), heap_.end(), later);
      bool again = false;
      MILLRACE_TRY(run->reader.get(run->head, again));
      if (again) std::push_heap(heap_.begin(), heap_.end(), later);
      else heap_.pop_back();
    }
    return Error::none();
  }

  const std::string path_;
  const size_t memory_;
  size_t most_;
  std::vector<Record> records_;
  size_t read_ = 0;
  bool spilled_ = false;
  FileWriter file_;
  uint64_t written_ = 0;
  std::vector<Bounds> bounds_;
  std::vector<std::unique_ptr<Run>> runs_;
  std::vector<Run*> heap_;
};

}  // namespace millrace::ngram
