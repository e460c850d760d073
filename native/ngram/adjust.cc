#include "native/ngram/adjust.h"

#include "native/ngram/vocabulary.h"

namespace millrace::ngram {

bool discounts_of(const CountsOfCounts& counts, std::array<double, 3>& discounts) {
  const auto n = [&](int j) { return static_cast<double>(counts.n[j]); };
  if (counts.n[1] == 0 || counts.n[2] == 0 || counts.n[3] == 0) return false;
  const double y = n(1) / (n(1) + 2 * n(2));
  for (int j = 1; j <= 3; ++j) {
    discounts[j - 1] = j - (j + 1) * y * n(j + 1) / n(j);
    if (discounts[j - 1] < 0 || discounts[j - 1] > j) return false;
  }
  return true;
}

Error Adjuster::open(int order, const std::array<uint64_t, kMaxOrder>& prune, const std::array<std::string, kMaxOrder>& paths, size_t buffer) {
  order_ = order;
  prune_ = prune;
  for (int k = 1; k <= order; ++k) MILLRACE_TRY(files_[k - 1].open(paths[k - 1], buffer));
  // Neither occurs as a predicted word: no count, never pruned.
  for (const uint32_t word : {Vocabulary::kUnknown, Vocabulary::kBegin}) MILLRACE_TRY(emit(1, &word, 0, UINT64_MAX));
  return Error::none();
}

Error Adjuster::emit(int order, const uint32_t* words, uint64_t adjusted, uint64_t actual) {
  const uint64_t kept = actual > prune_[order - 1];
  CountsOfCounts& counts = counts_[order - 1];
  ++(kept ? counts.kept : counts.pruned);
  if (adjusted < 5) ++counts.n[adjusted];
  FileWriter& file = files_[order - 1];
  MILLRACE_TRY(file.write(words, order * sizeof(uint32_t)));
  MILLRACE_TRY(file.put(adjusted));
  return file.put(kept);
}

Error Adjuster::add(const uint32_t* words, uint64_t count) {
  if (order_ == 1) return emit(1, words, count, count);
  int same = 0;
  while (same < valid_ && words[order_ - 1 - same] == last_[kMaxOrder - 1 - same]) ++same;
  for (; valid_ > same; --valid_)
    MILLRACE_TRY(emit(valid_, &last_[kMaxOrder - valid_], current_[valid_ - 1].adjusted, current_[valid_ - 1].actual));
  for (int k = 1; k <= same; ++k) current_[k - 1].actual += count;
  // The longest suffix that was there before has one more word in front of it.
  if (same > 0) ++current_[same - 1].adjusted;
  for (int i = 1; i <= order_; ++i) last_[kMaxOrder - i] = words[order_ - i];
  for (int k = same + 1; k <= order_; ++k) {
    const bool begins = words[order_ - k] == Vocabulary::kBegin;
    if (k == order_) return emit(k, words, count, count);
    current_[k - 1] = {begins ? count : 1, count};
    valid_ = k;
    if (begins) break;
  }
  return Error::none();
}

Error Adjuster::finish() {
  for (; valid_ > 0; --valid_) MILLRACE_TRY(emit(valid_, &last_[kMaxOrder - valid_], current_[valid_ - 1].adjusted, current_[valid_ - 1].actual));
  for (int k = 1; k <= order_; ++k) MILLRACE_TRY(files_[k - 1].close());
  return Error::none();
}

}  // namespace millrace::ngram
