#include "native/text/tokens.h"

#include <algorithm>

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
      if (size_ + Vocabulary::kInline > ids_.size()) ids_.resize(2 * ids_.size() + 64);
      const size_t start = scan.start(i), size = scan.end(i) - start;
      const Vocabulary::Key& key = keys[batch / kBatch % 2][i - batch];
      const uint32_t found = size > Vocabulary::kShort ? Vocabulary::kMore : vocabulary.split_short(key, &ids_[size_]);
      if (found != Vocabulary::kMore) {
        vocabulary.prefetch(ids_[size_]);
        size_ += found;
        continue;
      }
      const std::string_view chunk = text.substr(start, size);
      const auto [words, count] = size > Vocabulary::kShort ? vocabulary.split_long(text, chunk) : vocabulary.split(text, chunk, key);
      if (size_ + count > kMaxWords || vocabulary.overflowed()) return false;
      if (size_ + count > ids_.size()) ids_.resize(2 * (size_ + count));
      std::copy(words, words + count, &ids_[size_]);
      size_ += count;
    }
    if (size_ > kMaxWords) return false;
    number(begin, vocabulary);
  }
  first_[chunks] = static_cast<uint32_t>(size_);
  return true;
}

// Words from `begin` on, from the vocabulary's numbers to those of the document.
void Tokens::number(size_t begin, Vocabulary& vocabulary) {
  if (counts_.size() <= distinct_ + size_ - begin) {
    const size_t most = 2 * (distinct_ + size_ - begin) + 64;
    for (auto* list : {&counts_, &characters_, &bytes_}) list->resize(most);
    flags_.resize(most);
  }
  // Without branches, as nothing tells whether a word is new: the place for the next new one is written each time.
  uint32_t *const ids = ids_.data(), *const counts = counts_.data(), *const characters = characters_.data(), *const bytes = bytes_.data();
  uint8_t* const flags = flags_.data();
  uint32_t next = static_cast<uint32_t>(distinct_);
  const uint32_t document = vocabulary.document();
  for (size_t i = begin; i < size_; ++i) {
    Vocabulary::Info& info = vocabulary.info(ids[i]);
    counts[next] = 0;
    characters[next] = info.characters;
    bytes[next] = info.bytes;
    flags[next] = vocabulary.flags(ids[i]);
    const bool fresh = info.document != document;
    const uint32_t id = fresh ? next : info.number;
    info.document = document;
    info.number = id;
    ++counts[id];
    ids[i] = id;
    next += fresh;
  }
  distinct_ = next;
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
