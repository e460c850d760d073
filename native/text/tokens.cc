#include "native/text/tokens.h"

namespace millrace::text {

// In batches, so that the memory that one of them will ask for is on its way while the one before is looked up.
bool Tokens::read(const Scan& scan, Vocabulary& vocabulary) {
  constexpr size_t kBatch = 32;
  scan_ = &scan;
  blanks_ = vocabulary.words() == Words::spacy;
  size_ = 0;
  distinct_ = 0;
  vocabulary.begin();
  const size_t chunks = scan.chunks();
  const std::string_view text = scan.text();
  if (first_.size() <= chunks) first_.resize(chunks + 1);
  Vocabulary::Key keys[2][kBatch];
  const auto prepare = [&](size_t batch) {
    for (size_t i = batch; i < chunks && i < batch + kBatch; ++i) {
      const size_t start = scan.start(i), size = scan.end(i) - start;
      if (size > Vocabulary::kShort) continue;
      Vocabulary::Key& key = keys[batch / kBatch % 2][i - batch];
      key = Vocabulary::key(text, start, size);
      vocabulary.prefetch(key);
    }
  };
  prepare(0);
  for (size_t batch = 0; batch < chunks; batch += kBatch) {
    prepare(batch + kBatch);
    const size_t begin = size_;
    for (size_t i = batch; i < chunks && i < batch + kBatch; ++i) {
      first_[i] = static_cast<uint32_t>(size_);
      const std::string_view chunk = scan.chunk(i);
      const auto [words, count] =
          chunk.size() > Vocabulary::kShort ? vocabulary.split_long(text, chunk) : vocabulary.split(text, chunk, keys[batch / kBatch % 2][i - batch]);
      if (size_ + count > kMaxWords || vocabulary.overflowed()) return false;
      if (size_ + count > ids_.size()) ids_.resize(2 * (size_ + count));
      for (uint32_t k = 0; k < count; ++k) {
        vocabulary.prefetch(words[k]);
        ids_[size_++] = words[k];
      }
    }
    number(begin, vocabulary);
  }
  first_[chunks] = static_cast<uint32_t>(size_);
  return true;
}

// Words from `begin` on, from the vocabulary's numbers to those of the document.
void Tokens::number(size_t begin, Vocabulary& vocabulary) {
  if (counts_.size() < distinct_ + size_ - begin) {
    const size_t most = 2 * (distinct_ + size_ - begin);
    for (auto* list : {&counts_, &characters_, &bytes_}) list->resize(most);
    flags_.resize(most);
  }
  for (size_t i = begin; i < size_; ++i) {
    const uint32_t word = ids_[i], next = static_cast<uint32_t>(distinct_), id = vocabulary.local(word, next);
    if (id == next) {
      ++distinct_;
      counts_[id] = 0;
      characters_[id] = vocabulary.characters(word);
      bytes_[id] = vocabulary.bytes(word);
      flags_[id] = vocabulary.flags(word);
    }
    ++counts_[id];
    ids_[i] = id;
  }
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
