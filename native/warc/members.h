#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "native/warc/inflate.h"
#include "native/warc/source.h"

struct ZSTD_DCtx_s;

namespace millrace::warc {

enum class Compression : uint8_t { none, gzip, zstd };

// Why bytes cannot be read, as a value: GZIP_MEMBER, ZSTD_FRAME, EXPANSION and the codes of reader.h.
struct Failure {
  const char* code = nullptr;
  std::string message;
  explicit operator bool() const { return code != nullptr; }
};

// The content of a file, member by member (gzip member, zstd frame; a plain file is one member), through one window.
//
// Members are decoded one by one, as WARC needs: a broken one costs itself, and its first byte is a place to resume at. Memory is what
// `ensure` is asked for, 256 KiB of input and 512 KiB. Output beyond 64 MiB is bounded by `max_expansion` times the input of the member.
class Members {
 public:
  Members(ByteSource& source, Compression compression, uint64_t max_expansion);
  ~Members();
  Members(const Members&) = delete;
  Members& operator=(const Members&) = delete;

  static constexpr size_t kStep = 128 << 10;  // decoded at a time: its checksum is taken while it is in the cache

  // The next member begins at `offset`, which must be one's first byte (in a plain file: any).
  void seek(uint64_t offset);
  // Opens the next member; false at the end of the file. A member that does not even begin well is open with its failure set.
  bool next();
  // Leaves a broken member for the next place behind its first byte where one begins that holds a record. False where there is none.
  bool recover();
  // Decodes until `size` bytes are in hand or the member ends or breaks; returns how many are. Views of before become invalid.
  size_t ensure(size_t size);
  // Goes on into the next member as if it were the same one, for records cut across members (bgzip, broken writers). False, and nothing
  // changed, where there is none or a record begins there, empty lines aside.
  bool extend(bool arc);
  std::string_view view() const { return {reinterpret_cast<const char*>(window_.data()) + head_, tail_ - head_}; }
  void consume(size_t size) {
    head_ += size;
    position_ += size;
    if (position_ >= joined_at_) {
      member_ = joined_;
      position_ -= joined_at_;
      joined_at_ = UINT64_MAX;
    }
  }

  uint64_t offset() const { return member_; }    // first byte of the member in the file
  uint64_t position() const { return position_; }  // in its content
  // Read to its end, checksum included.
  bool over() const { return ended_; }
  const Failure& failure() const { return failure_; }
  // The machine's own: nothing can go on.
  const Error& error() const { return error_; }

 private:
  bool fill_input(size_t wanted);
  void fail(std::string what);
  bool make_room();
  void produce();
  void produce_plain();
  void produce_gzip();
  void produce_zstd();
  void account(size_t made);
  bool open();
  bool open_gzip();
  bool open_zstd();
  bool trailing_zeros();
  bool begins_record(uint64_t offset);
  void load_dictionary();

  ByteSource& source_;
  const Compression compression_;
  const uint64_t max_expansion_;
  Buffer input_, window_;
  size_t in_head_ = 0, in_tail_ = 0;
  uint64_t in_offset_ = 0;  // of input_[in_head_] in the file
  size_t head_ = 0, tail_ = 0, start_ = 0;  // window: unread from head_, decoded up to tail_; the member's first byte, 0 once it moved out
  uint64_t joined_ = 0, joined_at_ = UINT64_MAX;  // the member that `extend` came to, and where it begins in the content
  uint64_t input_from_ = 0;                       // first byte of the member being decoded
  uint64_t member_ = 0, position_ = 0, next_ = 0, made_ = 0;
  size_t step_ = kStep;
  size_t wanted_ = 0;  // by the current `ensure`
  uint32_t crc_ = 0;
  bool ended_ = true;
  Failure failure_;
  Error error_;
  Inflater inflater_;
  ZSTD_DCtx_s* zstd_ = nullptr;
  bool dictionary_looked_for_ = false;
};

// Length of a gzip header (RFC 1952) at the start of `bytes`; 0 where it is none, SIZE_MAX where it goes on beyond them.
size_t gzip_header(std::string_view bytes);

}  // namespace millrace::warc
