#include "native/shard/shard.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

namespace millrace::shard {

ShardFile::~ShardFile() {
  if (map_ != nullptr) munmap(map_, size_);
}

ShardFile::ShardFile(ShardFile&& other) noexcept { *this = std::move(other); }

ShardFile& ShardFile::operator=(ShardFile&& other) noexcept {
  std::swap(map_, other.map_);
  std::swap(size_, other.size_);
  std::swap(layout_, other.layout_);
  std::swap(path_, other.path_);
  return *this;
}

Error ShardFile::open(const std::string& path, ShardFile& out) {
  const auto refused = [&](const char* what) { return Error(kIo, std::string(what) + " " + path + ": " + std::strerror(errno)); };
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return refused("open");
  struct stat info {};
  if (fstat(fd, &info) != 0) {
    Error error = refused("stat");
    ::close(fd);
    return error;
  }
  if (!S_ISREG(info.st_mode) || info.st_size < 24) {
    ::close(fd);
    return {kFormat, path + ": shard: expected an Arrow file, found " + std::to_string(info.st_size) + " bytes"};
  }
  ShardFile file;
  file.size_ = static_cast<uint64_t>(info.st_size);
  file.path_ = path;
  void* map = mmap(nullptr, file.size_, PROT_READ, MAP_SHARED, fd, 0);
  Error error = map == MAP_FAILED ? refused("map") : Error::none();
  ::close(fd);
  if (error) return error;
  file.map_ = map;
  if (Error bad = parse_file({file.data(), file.size_}, file.layout_)) return {bad.code(), path + ": " + bad.message()};
  out = std::move(file);
  return Error::none();
}

namespace {

// Values that native code reads in place: the layout has checked bounds and alignment.
template <class T>
const T* values(const ShardFile& file, uint64_t at) {
  return reinterpret_cast<const T*>(file.data() + at);
}

template <class Id>
void copy_ids(const Id* from, uint32_t* to, uint32_t count) {
  for (uint32_t i = 0; i < count; ++i) to[i] = from[i];
}

Error bad_row(const ShardFile& file, const RowRef& ref, const std::string& what) {
  return {kFormat, file.path() + ", batch " + std::to_string(ref.batch) + ", row " + std::to_string(ref.row) + ": expected " + what};
}

}  // namespace

Error read_rows(std::span<const ShardFile> files, std::span<const RowRef> refs, bool with_ids, Rows& out) {
  out = {};
  const uint32_t length = files.empty() ? 0 : files[0].layout().row_length;
  if (with_ids) {
    out.tokens.resize(refs.size() * length);
    out.targets.assign(refs.size() * length, -1);
  }
  for (size_t r = 0; r < refs.size(); ++r) {
    const RowRef& ref = refs[r];
    if (ref.file >= files.size()) return {kArgument, "rows: expected one of " + std::to_string(files.size()) + " files, found " + std::to_string(ref.file)};
    const ShardFile& file = files[ref.file];
    const FileLayout& layout = file.layout();
    if (layout.row_length != length)
      return {kShape, file.path() + ": expected rows of " + std::to_string(length) + " ids, found " + std::to_string(layout.row_length)};
    if (ref.batch >= layout.batches.size() || ref.row >= layout.batches[ref.batch].rows)
      return {kArgument, file.path() + ": expected a row of the file, found row " + std::to_string(ref.row) + " of batch " + std::to_string(ref.batch)};
    const BatchLayout& batch = layout.batches[ref.batch];
    const int32_t begin = values<int32_t>(file, batch.run_offsets)[ref.row];
    const int32_t end = values<int32_t>(file, batch.run_offsets)[ref.row + 1];
    if (begin < 0 || end < begin || static_cast<uint64_t>(end) > batch.runs) return bad_row(file, ref, "runs inside the record batch");
    uint32_t* tokens = with_ids ? out.tokens.data() + r * length : nullptr;
    if (with_ids) {
      if (layout.width == 2)
        copy_ids(values<uint16_t>(file, batch.tokens) + static_cast<uint64_t>(ref.row) * length, tokens, length);
      else
        copy_ids(values<uint32_t>(file, batch.tokens) + static_cast<uint64_t>(ref.row) * length, tokens, length);
    }
    uint32_t start = 0;
    for (int32_t i = begin; i < end; ++i) {
      const uint32_t taken = values<uint32_t>(file, batch.length)[i];
      if (taken == 0 || taken > length - start) return bad_row(file, ref, "runs of at least 1 id that fit in " + std::to_string(length));
      if (with_ids)
        for (uint32_t j = start; j + 1 < start + taken; ++j) out.targets[r * length + j] = static_cast<int32_t>(tokens[j + 1]);
      out.run_rows.push_back(static_cast<int32_t>(r));
      out.run_starts.push_back(static_cast<int32_t>(start));
      out.run_lengths.push_back(static_cast<int32_t>(taken));
      const uint8_t* id = values<uint8_t>(file, batch.document) + 16 * static_cast<uint64_t>(i);
      out.documents.insert(out.documents.end(), id, id + 16);
      out.passes.push_back(values<uint32_t>(file, batch.pass)[i]);
      out.offsets.push_back(values<uint32_t>(file, batch.offset)[i]);
      out.flags.push_back(values<uint32_t>(file, batch.flags)[i]);
      start += taken;
    }
  }
  return Error::none();
}

}  // namespace millrace::shard
