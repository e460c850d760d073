#include "native/warc/members.h"

#include <algorithm>
#include <cstring>

#include "native/warc/codecs.h"
#include "native/warc/reader.h"

namespace millrace::warc {
namespace {

constexpr size_t kInputBytes = 256 << 10;
constexpr size_t kStep = Members::kStep;
constexpr size_t kHistory = 32 << 10;
constexpr size_t kKept = 4 << 20;  // a larger window is given back with its member
constexpr uint64_t kFreeOutput = 64 << 20;
constexpr size_t kMaxDictionary = 16 << 20;

uint32_t little32(const uint8_t* at) {
  uint32_t value;
  std::memcpy(&value, at, 4);
  return value;
}

}  // namespace

size_t gzip_header(std::string_view bytes) {
  const auto byte = [&](size_t i) { return static_cast<uint8_t>(bytes[i]); };
  const size_t size = bytes.size();
  if ((size > 0 && byte(0) != 0x1f) || (size > 1 && byte(1) != 0x8b) || (size > 2 && byte(2) != 8) || (size > 3 && (byte(3) & 0xe0))) return 0;
  if (size < 10) return SIZE_MAX;
  const uint8_t flags = byte(3);
  size_t at = 10;
  if (flags & 4) {
    if (size < 12) return SIZE_MAX;
    at += 2 + size_t{byte(10)} + 256 * size_t{byte(11)};
  }
  for (uint8_t flag : {8, 16}) {
    if (!(flags & flag)) continue;
    const size_t zero = at < size ? bytes.find('\0', at) : std::string_view::npos;
    if (zero == std::string_view::npos) return SIZE_MAX;
    at = zero + 1;
  }
  if (flags & 2) at += 2;
  return at < size ? at : SIZE_MAX;
}

Members::Members(ByteSource& source, Compression compression, uint64_t max_expansion)
    : source_(source), compression_(compression), max_expansion_(std::max<uint64_t>(1, max_expansion)) {}

Members::~Members() {
  if (zstd_) ZSTD_freeDCtx(zstd_);
}

void Members::seek(uint64_t offset) {
  next_ = offset;
  ended_ = true;
  failure_ = {};
  joined_at_ = UINT64_MAX;
  head_ = tail_ = 0;
  // Input in hand stays where it covers the place, also what was taken of it: a search tries many places near each other.
  const uint64_t first = in_offset_ - in_head_;
  if (offset >= first && offset - first <= in_tail_) {
    in_head_ = static_cast<size_t>(offset - first);
  } else {
    in_head_ = in_tail_ = 0;
  }
  in_offset_ = offset;
}

// At least `wanted` bytes of input in hand, or all that there are. False where the machine fails.
bool Members::fill_input(size_t wanted) {
  if (in_tail_ - in_head_ >= wanted) return true;
  if (!input_.grow(std::max(kInputBytes, wanted))) {
    error_ = Error(kMemory, "expected room for " + std::to_string(wanted) + " bytes of input, found none");
    return false;
  }
  if (in_head_ && in_head_ < in_tail_) std::memmove(input_.data(), input_.data() + in_head_, in_tail_ - in_head_);
  in_tail_ -= in_head_;
  in_head_ = 0;
  size_t got = 0;
  error_ = source_.read(in_offset_ + in_tail_, input_.data() + in_tail_, input_.capacity() - in_tail_, got);
  in_tail_ += got;
  return !error_;
}

void Members::fail(std::string what) {
  const bool gzip = compression_ == Compression::gzip;
  failure_ = {gzip ? "GZIP_MEMBER" : "ZSTD_FRAME",
              std::string(gzip ? "gzip member" : "zstd frame") + " at byte " + std::to_string(input_from_) + ": " + std::move(what)};
}

bool Members::next() {
  if (error_ || failure_) return false;
  if (window_.capacity() > kKept) window_.release();
  head_ = tail_ = start_ = 0;
  joined_at_ = UINT64_MAX;
  position_ = 0;
  const bool opened = open();
  member_ = input_from_;
  return opened;
}

// The member at `next_`, its output to go to the window's end. True also for one that does not begin well: its failure is set.
bool Members::open() {
  for (;;) {
    // What is in hand and lies before the next member is passed over.
    if (next_ < in_offset_ || next_ - in_offset_ > in_tail_ - in_head_) {
      in_head_ = in_tail_ = 0;
    } else {
      in_head_ += static_cast<size_t>(next_ - in_offset_);
    }
    in_offset_ = input_from_ = next_;
    start_ = tail_;
    made_ = 0;
    crc_ = 0;
    ended_ = true;
    if (!fill_input(1) || in_head_ == in_tail_) return false;
    if (compression_ == Compression::none) {
      ended_ = false;
      return true;
    }
    const bool opened = compression_ == Compression::gzip ? open_gzip() : open_zstd();
    if (error_) return false;
    if (opened || failure_) return true;
    if (next_ == input_from_) return false;  // padding up to the end; else a frame that was skipped
  }
}

bool Members::extend(bool arc) {
  if (compression_ == Compression::none || !ended_ || failure_ || error_) return false;
  const uint64_t from = next_;
  const size_t unread = tail_ - head_;
  bool joins = open() && !failure_;
  const uint64_t begins = input_from_;
  if (joins) {
    step_ = 64;
    while (tail_ - head_ < unread + 64 && !ended_ && !failure_ && !error_) produce();
    step_ = kStep;
    std::string_view content = view().substr(unread);
    content.remove_prefix(std::min(content.find_first_not_of("\r\n"), content.size()));
    joins = !failure_ && !error_ && !(arc ? starts_record(content) : content.starts_with("WARC/"));
  }
  if (joins) {
    joined_ = begins;
    joined_at_ = position_ + unread;
    return true;
  }
  tail_ = head_ + unread;
  failure_ = {};
  ended_ = true;
  next_ = from;
  return false;
}

bool Members::open_gzip() {
  if (!fill_input(64)) return false;
  const auto in_hand = [&] { return std::string_view(reinterpret_cast<const char*>(input_.data()) + in_head_, in_tail_ - in_head_); };
  size_t length = gzip_header(in_hand());
  if (length == SIZE_MAX) {
    if (!fill_input(64 << 10)) return false;
    length = gzip_header(in_hand());
  }
  if (length == 0 && input_from_ > 0 && trailing_zeros()) return false;
  if (length == 0) {
    fail("expected the bytes 1f 8b 08 and a legal header, found others");
    return false;
  }
  if (length == SIZE_MAX) {
    fail("the file ends inside its header, or that passes 64 KiB");
    return false;
  }
  in_head_ += length;
  in_offset_ += length;
  inflater_.reset();
  ended_ = false;
  return true;
}

// Padding of zeros behind the last member is legal in tar and harmless here.
bool Members::trailing_zeros() {
  uint8_t piece[4096];
  for (uint64_t at = input_from_;;) {
    size_t got;
    error_ = source_.read(at, piece, sizeof piece, got);
    if (error_) return false;
    if (std::any_of(piece, piece + got, [](uint8_t byte) { return byte != 0; })) return false;
    if (got < sizeof piece) return true;
    at += got;
  }
}

// A dictionary lies in a skippable frame at the start of the file (the "Zstandard compression for WARC" proposal), itself maybe compressed.
void Members::load_dictionary() {
  dictionary_looked_for_ = true;
  uint8_t head[8];
  size_t got;
  error_ = source_.read(0, head, 8, got);
  if (error_ || got < 8 || little32(head) != 0x184d2a5d) return;
  const size_t size = little32(head + 4);
  Buffer raw;
  if (size > kMaxDictionary || !raw.grow(size + 1)) return fail("expected a dictionary of at most 16 MiB, found " + std::to_string(size) + " bytes");
  error_ = source_.read(8, raw.data(), size, got);
  if (error_) return;
  const uint8_t* dictionary = raw.data();
  size_t dictionary_size = got;
  std::vector<uint8_t> plain;
  if (got >= 4 && little32(raw.data()) == 0xfd2fb528) {
    ZSTD_inBuffer_s in{raw.data(), got, 0};
    for (size_t more = 1; more != 0;) {
      plain.resize(plain.size() + kStep);
      ZSTD_outBuffer_s out{plain.data(), plain.size(), plain.size() - kStep};
      more = ZSTD_decompressStream(zstd_, &out, &in);
      const bool stuck = out.pos < out.size && in.pos == in.size && more != 0;
      plain.resize(out.pos);
      if (ZSTD_isError(more) || stuck || plain.size() > kMaxDictionary) return fail("expected a dictionary, found bytes that do not decode to one");
    }
    ZSTD_DCtx_reset(zstd_, 1);
    dictionary = plain.data();
    dictionary_size = plain.size();
  }
  if (ZSTD_isError(ZSTD_DCtx_loadDictionary(zstd_, dictionary, dictionary_size))) fail("expected a dictionary, found bytes that are none");
}

bool Members::open_zstd() {
  if (!has_zstd()) {
    fail("this program has no zstd");
    return false;
  }
  if (!zstd_ && !(zstd_ = ZSTD_createDCtx())) {
    error_ = Error(kMemory, "expected room for a zstd decoder, found none");
    return false;
  }
  if (!dictionary_looked_for_) load_dictionary();
  if (error_ || failure_ || !fill_input(8)) return false;
  const uint8_t* at = input_.data() + in_head_;
  const size_t size = in_tail_ - in_head_;
  const uint32_t magic = size >= 8 ? little32(at) : 0;
  if (magic >> 4 == 0x184d2a5) {
    next_ = input_from_ + 8 + little32(at + 4);
    return false;
  }
  if (magic != 0xfd2fb528) {
    if (input_from_ > 0 && trailing_zeros()) return false;
    fail("expected the bytes 28 b5 2f fd, found others");
    return false;
  }
  ZSTD_DCtx_reset(zstd_, 1);
  ended_ = false;
  return true;
}

size_t Members::ensure(size_t size) {
  wanted_ = size;
  while (tail_ - head_ < size && !ended_ && !failure_ && !error_) produce();
  return tail_ - head_;
}

// Room for a step: what was read and is no history any more is given up first.
bool Members::make_room() {
  const size_t need = kStep + Inflater::kSpare;
  if (window_.capacity() - tail_ >= need) return true;
  const size_t history = compression_ == Compression::gzip ? std::min(tail_ - start_, kHistory) : 0;
  const size_t keep = std::min(head_, tail_ - history);
  if (keep) {
    std::memmove(window_.data(), window_.data() + keep, tail_ - keep);
    head_ -= keep;
    tail_ -= keep;
    start_ = start_ > keep ? start_ - keep : 0;
  }
  if (window_.capacity() - tail_ >= need) return true;
  // Doubled at most, though a record of known length asks for more: a length can be a lie. And not beyond it.
  const size_t aim = std::min(2 * tail_, head_ + wanted_) + need;
  if (window_.grow(std::max({aim, tail_ + need, 2 * kStep + need}))) return true;
  error_ = Error(kMemory, "expected room for a record, found none");
  return false;
}

void Members::produce() {
  if (!make_room()) return;
  if (compression_ == Compression::none) return produce_plain();
  return compression_ == Compression::gzip ? produce_gzip() : produce_zstd();
}

void Members::produce_plain() {
  size_t got;
  const size_t room = window_.capacity() - tail_;
  error_ = source_.read(in_offset_, window_.data() + tail_, room, got);
  in_offset_ += got;
  tail_ += got;
  in_head_ = in_tail_ = 0;
  if (got < room) {
    ended_ = true;
    next_ = in_offset_;
  }
}

// The budget of the member, counted in bytes and never in time.
void Members::account(size_t made) {
  made_ += made;
  if (made_ > kFreeOutput && made_ / max_expansion_ > in_offset_ - input_from_)
    failure_ = {"EXPANSION", "member at byte " + std::to_string(input_from_) + ": expected at most " + std::to_string(max_expansion_) +
                                 " bytes out for each byte in, found more"};
}

void Members::produce_gzip() {
  if (!fill_input(Inflater::kInput)) return;
  const uint8_t* in = input_.data() + in_head_;
  const uint8_t* const in_end = input_.data() + in_tail_;
  uint8_t* const from = window_.data() + tail_;
  uint8_t* out = from;
  const uint8_t* const history = window_.data() + start_;
  const auto result = inflater_.run(in, in_end, history, out, from + step_ + Inflater::kSpare);
  const size_t made = static_cast<size_t>(out - from);
  crc_ = crc32(crc_, from, made);
  in_offset_ += static_cast<size_t>(in - (input_.data() + in_head_));
  in_head_ = static_cast<size_t>(in - input_.data());
  tail_ += made;
  account(made);
  if (failure_) return;
  if (result == Inflater::Result::bad) return fail("its content does not decode");
  if (result == Inflater::Result::need_input && in_offset_ + (in_tail_ - in_head_) >= source_.size()) return fail("the file ends inside it");
  if (result != Inflater::Result::done) return;
  if (!fill_input(8)) return;
  const size_t left = in_tail_ - in_head_;
  if (left < 8) return fail("expected 8 bytes of checksum at byte " + std::to_string(in_offset_) + ", found " + std::to_string(left));
  const uint8_t* trailer = input_.data() + in_head_;
  if (little32(trailer) != crc_ || little32(trailer + 4) != static_cast<uint32_t>(made_))
    return fail("its checksum or length does not agree with its content");
  in_head_ += 8;
  in_offset_ += 8;
  next_ = in_offset_;
  ended_ = true;
}

void Members::produce_zstd() {
  if (!fill_input(1)) return;
  ZSTD_inBuffer_s in{input_.data() + in_head_, in_tail_ - in_head_, 0};
  ZSTD_outBuffer_s out{window_.data() + tail_, step_, 0};
  const size_t result = ZSTD_decompressStream(zstd_, &out, &in);
  in_head_ += in.pos;
  in_offset_ += in.pos;
  tail_ += out.pos;
  account(out.pos);
  if (failure_) return;
  if (ZSTD_isError(result)) return fail("its content does not decode");
  if (result == 0) {
    next_ = in_offset_;
    ended_ = true;
  } else if (out.pos < out.size && in_offset_ >= source_.size()) {
    fail("the file ends inside it");
  }
}

// Whether a member that begins at `offset` decodes to the start of a record.
bool Members::begins_record(uint64_t offset) {
  seek(offset);
  step_ = 64;
  const bool begins = next() && !failure_ && ensure(64) > 0 && starts_record(view());
  step_ = kStep;
  return begins;
}

bool Members::recover() {
  if (error_) return false;
  const std::string_view magic = compression_ == Compression::gzip ? std::string_view("\x1f\x8b\x08", 3) : std::string_view("\x28\xb5\x2f\xfd", 4);
  Buffer piece;
  if (!piece.grow(kInputBytes)) return false;
  uint64_t at = input_from_ + 1;
  for (;;) {
    size_t got;
    error_ = source_.read(at, piece.data(), kInputBytes, got);
    if (error_ || got < magic.size()) return false;
    const std::string_view bytes(reinterpret_cast<const char*>(piece.data()), got);
    for (size_t found = bytes.find(magic); found != std::string_view::npos; found = bytes.find(magic, found + 1)) {
      if (begins_record(at + found)) {
        seek(at + found);
        return true;
      }
      if (error_) return false;
    }
    if (got < kInputBytes) return false;
    at += got - (magic.size() - 1);
  }
}

}  // namespace millrace::warc
