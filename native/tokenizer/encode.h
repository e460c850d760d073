#pragma once
#include <memory>
#include <mutex>
#include <vector>

#include "native/tokenizer/bpe.h"
#include "native/tokenizer/presplit.h"

namespace millrace::tokenizer {

struct Caches;

struct Ids {
  std::vector<int32_t> offsets;  // one more than texts
  std::vector<uint32_t> ids;
};

struct Bytes {
  std::vector<int32_t> offsets;  // one more than lists of ids
  std::vector<uint8_t> bytes;
};

struct EncoderOptions {
  Pattern pattern = Pattern::kMillrace;
  size_t cache_bytes = 4 << 20;   // for each thread; rounded down to a power of two
  size_t max_piece = 64 << 20;    // bytes of the longest piece; encoding one takes 32 times as much memory
};

// Columns of texts to columns of ids and back. Threads take ranges of texts; each has a cache of short pieces: first those that are tokens,
// then what it meets. It is kept from call to call and changes time only.
class Encoder {
 public:
  Encoder(std::shared_ptr<const Bpe> bpe, const EncoderOptions& options);
  ~Encoder();

  const Bpe& bpe() const { return *bpe_; }

  // kShape for offsets that do not ascend; kFormat with text and byte for what is not UTF-8; kMemory for a piece above max_piece.
  Error encode(const TextColumn& texts, int threads, Ids& out);

  // The bytes of each list of ids; special ones give their names, or nothing with skip_special. kArgument for an id that is no token,
  // kMemory above 2 GiB.
  Error decode(std::span<const int32_t> offsets, std::span<const uint32_t> ids, bool skip_special, Bytes& out) const;

 private:
  std::unique_ptr<Caches> take_cache();
  void give_cache(std::unique_ptr<Caches> cache);

  std::shared_ptr<const Bpe> bpe_;
  EncoderOptions options_;
  std::vector<uint32_t> known_;  // tokens that are a piece of their own and encode as themselves
  std::mutex mutex_;
  std::vector<std::unique_ptr<Caches>> idle_;
};

}  // namespace millrace::tokenizer
