#include "native/tokenizer/counts_runs.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <bit>
#include <cerrno>
#include <cstring>
#include <system_error>
#include <utility>

namespace millrace::tokenizer {
namespace {

// Before each piece of a run. Runs are read by who wrote them, so they are as memory is.
struct Header {
  uint64_t count;
  uint32_t partition, length;
};
constexpr size_t kWritten = 1 << 18;

Error refused(const char* expected, const std::string& where) {
  return {kIo, std::string("piece counts: expected ") + expected + ", found " + std::generic_category().message(errno) + where};
}

bool before(const Counted& a, const Counted& b) { return a.partition != b.partition ? a.partition < b.partition : a.piece < b.piece; }

class TableSource : public Source {
 public:
  TableSource(const PieceTable& table, uint32_t partitions) : table_(table) {
    order_.reserve(table.size());
    for (uint32_t i = 0; i < table.size(); ++i) {
      const std::string_view piece = table.piece(i);
      uint64_t start = 0;
      std::memcpy(&start, piece.data(), std::min<size_t>(8, piece.size()));
      if constexpr (std::endian::native == std::endian::little) start = __builtin_bswap64(start);
      order_.push_back({start, partitions > 1 ? partition_of(piece, partitions) : 0, i});
    }
    std::sort(order_.begin(), order_.end(), [&](const Place& a, const Place& b) {
      if (a.partition != b.partition) return a.partition < b.partition;
      return a.start != b.start ? a.start < b.start : table_.piece(a.index) < table_.piece(b.index);
    });
  }
  Error next(Counted& out, bool& end) override {
    end = at_ == order_.size();
    if (end) return Error::none();
    const Place& place = order_[at_++];
    out = {place.partition, table_.piece(place.index), table_.count(place.index)};
    return Error::none();
  }

 private:
  struct Place {
    uint64_t start;  // the first eight bytes, so that most comparisons need no other memory
    uint32_t partition, index;
  };
  const PieceTable& table_;
  std::vector<Place> order_;
  size_t at_ = 0;
};

class FileSource : public Source {
 public:
  FileSource(int file, uint64_t bytes, size_t buffer) : file_(file), left_(bytes), buffer_(std::max(buffer, sizeof(Header))) {}

  Error next(Counted& out, bool& end) override {
    end = left_ == 0 && at_ == held_;
    if (end) return Error::none();
    Header header;
    MILLRACE_TRY(hold(sizeof header));
    std::memcpy(&header, buffer_.data() + at_, sizeof header);
    at_ += sizeof header;
    MILLRACE_TRY(hold(header.length));
    out = {header.partition, {buffer_.data() + at_, header.length}, header.count};
    at_ += header.length;
    return Error::none();
  }

 private:
  // At least `bytes` in the buffer from at_ on.
  Error hold(size_t bytes) {
    if (held_ - at_ >= bytes) return Error::none();
    std::memmove(buffer_.data(), buffer_.data() + at_, held_ - at_);
    held_ -= at_;
    at_ = 0;
    if (buffer_.size() < bytes) buffer_.resize(bytes);
    while (held_ < bytes) {
      const ssize_t got = ::pread(file_, buffer_.data() + held_, std::min<uint64_t>(buffer_.size() - held_, left_), static_cast<off_t>(offset_));
      if (got < 0 && errno == EINTR) continue;
      if (got <= 0) return refused("to read back what was written", "");
      held_ += static_cast<size_t>(got);
      offset_ += static_cast<uint64_t>(got);
      left_ -= static_cast<uint64_t>(got);
    }
    return Error::none();
  }

  int file_;
  uint64_t offset_ = 0, left_;
  std::vector<char> buffer_;
  size_t at_ = 0, held_ = 0;
};

class MergedSource : public Source {
 public:
  explicit MergedSource(std::vector<std::unique_ptr<Source>> sources) : sources_(std::move(sources)), heads_(sources_.size()) {}

  Error next(Counted& out, bool& end) override {
    if (!begun_) {
      begun_ = true;
      for (uint32_t i = 0; i < sources_.size(); ++i) MILLRACE_TRY(advance(i));
    }
    end = heap_.empty();
    if (end) return Error::none();
    const Counted& first = heads_[heap_.front()];
    piece_.assign(first.piece);
    out = {first.partition, {}, 0};
    while (!heap_.empty() && heads_[heap_.front()].partition == out.partition && heads_[heap_.front()].piece == piece_) {
      const uint32_t source = heap_.front();
      out.count += heads_[source].count;
      sift(false);
      heap_.pop_back();
      MILLRACE_TRY(advance(source));
    }
    out.piece = piece_;
    return Error::none();
  }

 private:
  void sift(bool in) {
    const auto later = [this](uint32_t a, uint32_t b) { return before(heads_[b], heads_[a]); };
    if (in) std::push_heap(heap_.begin(), heap_.end(), later);
    else std::pop_heap(heap_.begin(), heap_.end(), later);
  }
  Error advance(uint32_t source) {
    bool end = false;
    MILLRACE_TRY(sources_[source]->next(heads_[source], end));
    if (end) return Error::none();
    heap_.push_back(source);
    sift(true);
    return Error::none();
  }

  std::vector<std::unique_ptr<Source>> sources_;
  std::vector<Counted> heads_;
  std::vector<uint32_t> heap_;
  std::string piece_;
  bool begun_ = false;
};

Error write_all(int file, const std::vector<char>& bytes, const std::string& folder) {
  for (size_t at = 0; at < bytes.size();) {
    const ssize_t put = ::write(file, bytes.data() + at, bytes.size() - at);
    if (put < 0 && errno == EINTR) continue;
    if (put <= 0) return refused("room on the disk", " (" + folder + ")");
    at += static_cast<size_t>(put);
  }
  return Error::none();
}

}  // namespace

uint32_t partition_of(std::string_view piece, uint32_t partitions) {
  uint64_t h = 0xCBF29CE484222325u;
  for (char byte : piece) h = (h ^ static_cast<uint8_t>(byte)) * 0x100000001B3u;
  h = (h ^ h >> 33) * 0xFF51AFD7ED558CCDu;
  h = (h ^ h >> 33) * 0xC4CEB9FE1A85EC53u;
  h ^= h >> 33;
  return static_cast<uint32_t>(static_cast<unsigned __int128>(h) * std::max(1u, partitions) >> 64);
}

std::unique_ptr<Source> in_order(const PieceTable& table, uint32_t partitions) { return std::make_unique<TableSource>(table, partitions); }

std::unique_ptr<Source> merged(std::vector<std::unique_ptr<Source>> sources) {
  if (sources.size() == 1) return std::move(sources[0]);
  return std::make_unique<MergedSource>(std::move(sources));
}

Run::Run(Run&& other) noexcept : file_(std::exchange(other.file_, -1)), bytes_(other.bytes_) {}
Run& Run::operator=(Run&& other) noexcept {
  std::swap(file_, other.file_);
  std::swap(bytes_, other.bytes_);
  return *this;
}
Run::~Run() {
  if (file_ >= 0) ::close(file_);
}

Error Run::write(Source& source, const std::string& folder, Run& out) {
  Run run;
  run.file_ = ::open(folder.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
  if (run.file_ < 0) {
    std::string path = folder + "/counts-XXXXXX";
    run.file_ = ::mkostemp(path.data(), O_CLOEXEC);
    if (run.file_ < 0) return refused("a folder to spill to", " (" + folder + ")");
    ::unlink(path.c_str());
  }
  std::vector<char> written;
  Counted each;
  for (;;) {
    bool end = false;
    MILLRACE_TRY(source.next(each, end));
    if (end || written.size() >= kWritten) {
      MILLRACE_TRY(write_all(run.file_, written, folder));
      run.bytes_ += written.size();
      written.clear();
    }
    if (end) break;
    const Header header{each.count, each.partition, static_cast<uint32_t>(each.piece.size())};
    const char* bytes = reinterpret_cast<const char*>(&header);
    written.insert(written.end(), bytes, bytes + sizeof header);
    written.insert(written.end(), each.piece.begin(), each.piece.end());
  }
  out = std::move(run);
  return Error::none();
}

std::unique_ptr<Source> Run::read(size_t buffer) const { return std::make_unique<FileSource>(file_, bytes_, buffer); }

}  // namespace millrace::tokenizer
