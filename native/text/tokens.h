#pragma once
#include <cstdint>
#include <vector>

#include "native/text/scan.h"
#include "native/text/vocabulary.h"

namespace millrace::text {

// Words that a document may have. It bounds the memory of a Workspace to about 1 GB; 45 MB of English prose stay below it.
inline constexpr uint64_t kMaxWords = 1 << 23;

// The words of one text, numbered in the order of first sight, with what rules ask of the different ones.
class Tokens {
 public:
  // False if there are more than kMaxWords. Begins a document of `vocabulary`; both arguments must stay as long as this is asked.
  bool read(const Scan& scan, Vocabulary& vocabulary);

  size_t size() const { return size_; }
  const uint32_t* ids() const { return ids_.data(); }            // [size]
  uint32_t first(size_t chunk) const { return first_[chunk]; }   // place of a chunk's first word; first(chunks) is size()

  size_t distinct() const { return distinct_; }
  const uint32_t* counts() const { return counts_.data(); }  // the four: [distinct]
  const uint32_t* characters() const { return characters_.data(); }
  const uint32_t* bytes() const { return bytes_.data(); }
  const uint8_t* flags() const { return flags_.data(); }

  // Sentences in a run of chunks.
  uint64_t sentences(size_t from, size_t to) const;

 private:
  const Scan* scan_ = nullptr;
  bool blanks_ = false;  // white space can be a token
  void number(size_t begin, Vocabulary& vocabulary);

  size_t size_ = 0, distinct_ = 0;
  std::vector<uint32_t> ids_, first_, counts_, characters_, bytes_;
  std::vector<uint8_t> flags_;
};

}  // namespace millrace::text
