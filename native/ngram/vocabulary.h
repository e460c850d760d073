#pragma once
#include <cstdint>
#include <string_view>
#include <vector>

#include "native/ngram/hash.h"

namespace millrace::ngram {

// Numbers words in the order of first sight; equality is of the strings, not of their hashes. 0 <unk>, 1 <s>, 2 </s>.
class Vocabulary {
 public:
  static constexpr uint32_t kUnknown = 0, kBegin = 1, kEnd = 2;

  Vocabulary() : slots_(1024) {
    for (const char* word : {"<unk>", "<s>", "</s>"}) add(word);
  }
  uint32_t add(std::string_view word) {
    const uint64_t hash = hash_word(word);
    if (ends_.size() * 3 > slots_.size() * 2) grow();
    for (size_t at = place(hash, slots_.size());;) {
      Slot& slot = slots_[at];
      if (slot.number == 0) {
        letters_.insert(letters_.end(), word.begin(), word.end());
        ends_.push_back(letters_.size());
        slot = {hash, static_cast<uint32_t>(ends_.size())};
        return slot.number - 1;
      }
      if (slot.hash == hash && (*this)[slot.number - 1] == word) return slot.number - 1;
      if (++at == slots_.size()) at = 0;
    }
  }
  std::string_view operator[](uint32_t id) const {
    const uint64_t begin = id == 0 ? 0 : ends_[id - 1];
    return {letters_.data() + begin, static_cast<size_t>(ends_[id] - begin)};
  }
  size_t size() const { return ends_.size(); }
  uint64_t bytes() const { return letters_.capacity() + ends_.capacity() * sizeof(uint64_t) + slots_.size() * sizeof(Slot); }

 private:
  struct Slot {
    uint64_t hash = 0;
    uint32_t number = 0;
  };
  void grow() {
    std::vector<Slot> larger(slots_.size() * 2);
    for (const Slot& slot : slots_) {
      if (slot.number == 0) continue;
      size_t at = place(slot.hash, larger.size());
      while (larger[at].number != 0)
        if (++at == larger.size()) at = 0;
      larger[at] = slot;
    }
    slots_ = std::move(larger);
  }

  std::vector<Slot> slots_;
  std::vector<uint64_t> ends_;
  std::vector<char> letters_;
};

}  // namespace millrace::ngram
