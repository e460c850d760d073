#pragma once
#include <memory>
#include <mutex>
#include <vector>

#include "native/tokenizer/bpe.h"

namespace millrace::tokenizer {

class PieceCache;

struct Ids {
  std::vector<int32_t> offsets;  // one more than texts
  std::vector<uint32_t> ids;
};

struct Bytes {
  std::vector<int32_t> offsets;  // one more than lists of ids
  std::vector<uint8_t> bytes;
};

// Columns of texts to columns of ids and back. Threads take ranges of texts; each has a cache of short pieces that it has met, which
// is kept from call to call and changes time only.
class Encoder {
 public:
  // cache_bytes: for each thread; rounded down to a power of two.
  Encoder(std::shared_ptr<const Bpe> bpe, size_t cache_bytes);
  ~Encoder();

  const Bpe& bpe() const { return *bpe_; }

  // kShape for offsets that do not ascend; kFormat with text and byte for what is not UTF-8.
  Error encode(const TextColumn& texts, int threads, Ids& out);

  // The bytes of each list of ids; ids below kFirstByte give their names, or nothing with skip_special. kArgument for an id of
  // size() or more, kMemory above 2 GiB.
  Error decode(std::span<const int32_t> offsets, std::span<const uint32_t> ids, bool skip_special, Bytes& out) const;

 private:
  std::unique_ptr<PieceCache> take_cache();
  void give_cache(std::unique_ptr<PieceCache> cache);

  std::shared_ptr<const Bpe> bpe_;
  size_t cache_bytes_;
  std::mutex mutex_;
  std::vector<std::unique_ptr<PieceCache>> idle_;
};

}  // namespace millrace::tokenizer
