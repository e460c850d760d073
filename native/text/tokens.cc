#include "native/text/tokens.h"

namespace millrace::text {

bool Tokens::read(const Scan& scan, Vocabulary& vocabulary) {
  scan_ = &scan;
  blanks_ = vocabulary.words() == Words::spacy;
  size_ = 0;
  for (auto* list : {&counts_, &characters_, &bytes_}) list->clear();
  flags_.clear();
  vocabulary.begin();
  const size_t chunks = scan.chunks();
  const std::string_view text = scan.text();
  if (first_.size() <= chunks) first_.resize(chunks + 1);
  for (size_t i = 0; i < chunks; ++i) {
    first_[i] = static_cast<uint32_t>(size_);
    const uint32_t start = scan.start(i);
    const auto [words, count] = vocabulary.split({text.data() + start, scan.end(i) - start}, text.size() - start);
    if (size_ + count > kMaxWords || vocabulary.overflowed()) return false;
    if (size_ + count > ids_.size()) ids_.resize(2 * (size_ + count));
    for (uint32_t k = 0; k < count; ++k) {
      const uint32_t word = words[k], next = static_cast<uint32_t>(counts_.size()), id = vocabulary.local(word, next);
      if (id == next) {
        counts_.push_back(0);
        characters_.push_back(vocabulary.characters(word));
        bytes_.push_back(vocabulary.bytes(word));
        flags_.push_back(vocabulary.flags(word));
      }
      ++counts_[id];
      ids_[size_++] = id;
    }
  }
  first_[chunks] = static_cast<uint32_t>(size_);
  return true;
}

uint64_t Tokens::sentences(size_t from, size_t to) const {
  SentenceCount count;
  for (size_t chunk = from; chunk < to; ++chunk) {
    if (blanks_ && chunk > from && count.open() && !scan_->plain_gap(chunk - 1)) count.blank();
    for (uint32_t i = first_[chunk]; i < first_[chunk + 1]; ++i) count.add(flags_[ids_[i]]);
  }
  return count.count();
}

}  // namespace millrace::text
