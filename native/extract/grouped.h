#pragma once
#include <cstdint>
#include <span>
#include <vector>

namespace millrace::extract {

// Rows brought together by equal keys, without sorting: groups stand in the order of first sight, rows ascend within each.
class Grouped {
 public:
  // Calls visit(rows) for every group of the rows 0 … n-1, of which key(row) gives 64 bits.
  template <class Key, class Visit>
  void by(uint32_t n, Key key, Visit visit) {
    size_t size = 16;
    while (size < 2 * size_t(n)) size *= 2;
    slots_.assign(size, {});
    group_.resize(n);
    ends_.clear();
    const size_t mask = size - 1;
    for (uint32_t row = 0; row < n; ++row) {
      const uint64_t k = key(row);
      size_t at = (k * 0x9e3779b97f4a7c15ull >> 32) & mask;
      while (slots_[at].group && slots_[at].key != k) at = (at + 1) & mask;
      if (!slots_[at].group) {
        ends_.push_back(0);
        slots_[at] = {k, static_cast<uint32_t>(ends_.size())};
      }
      group_[row] = slots_[at].group - 1;
      ++ends_[group_[row]];
    }
    uint32_t sum = 0;
    for (auto& end : ends_) {
      const uint32_t count = end;
      end = sum;
      sum += count;
    }
    order_.resize(n);
    for (uint32_t row = 0; row < n; ++row) order_[ends_[group_[row]]++] = row;
    uint32_t begin = 0;
    for (const uint32_t end : ends_) {
      visit(std::span<const uint32_t>(order_.data() + begin, end - begin));
      begin = end;
    }
  }

 private:
  struct Slot {
    uint64_t key = 0;
    uint32_t group = 0;  // number + 1
  };
  std::vector<Slot> slots_;
  std::vector<uint32_t> group_, ends_, order_;
};

}  // namespace millrace::extract
