#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "native/trainer/safetensors/file.h"
#include "native/trainer/safetensors/json.h"

namespace millrace::trainer {
namespace {

constexpr size_t kAlignment = 64;  // of the data in the file: a cache line, and what Arrow recommends

using Order = std::vector<const StoredTensor*>;

Error check(const Order& by_name) {
  for (size_t i = 0; i < by_name.size(); ++i) {
    const StoredTensor& t = *by_name[i];
    if (t.name == "__metadata__" || !is_utf8(t.name))
      return {kArgument, "safetensors: expected a tensor name in UTF-8 other than __metadata__, found \"" + t.name + "\""};
    if (i > 0 && by_name[i - 1]->name == t.name) return {kArgument, "safetensors: expected each name once, found " + t.name + " twice"};
    int64_t bytes = size_of(t.dtype);
    for (const int64_t extent : t.shape)
      if (extent < 0 || __builtin_mul_overflow(bytes, extent, &bytes))
        return {kArgument, "safetensors: expected extents whose product fits, found another at " + t.name};
    if (static_cast<uint64_t>(bytes) != t.bytes.size())
      return {kArgument, "safetensors: expected " + std::to_string(bytes) + " bytes of " + t.name + ", found " + std::to_string(t.bytes.size())};
  }
  return Error::none();
}

std::string header_of(const Order& by_name, const Order& by_place, const Metadata& metadata) {
  std::map<const StoredTensor*, size_t> begins;
  size_t end = 0;
  for (const StoredTensor* t : by_place) {
    begins[t] = end;
    end += t->bytes.size();
  }
  std::string json = "{";
  const auto separate = [&] {
    if (json.back() != '{') json += ',';
  };
  if (!metadata.empty()) {
    json += "\"__metadata__\":{";
    for (const auto& [key, value] : metadata) {
      separate();
      append_json_string(json, key);
      json += ':';
      append_json_string(json, value);
    }
    json += '}';
  }
  for (const StoredTensor* t : by_name) {
    separate();
    append_json_string(json, t->name);
    json += std::string(":{\"dtype\":\"") + name(t->dtype) + "\",\"shape\":[";
    for (size_t i = 0; i < t->shape.size(); ++i) json += (i ? "," : "") + std::to_string(t->shape[i]);
    json += "],\"data_offsets\":[" + std::to_string(begins[t]) + "," + std::to_string(begins[t] + t->bytes.size()) + "]}";
  }
  json += '}';
  json.append((kAlignment - (8 + json.size()) % kAlignment) % kAlignment, ' ');
  return json;
}

}  // namespace

Error order_safetensors(std::span<const StoredTensor> tensors, const Metadata& metadata, SafetensorsOrder& out) {
  Order by_name;
  for (const StoredTensor& t : tensors) by_name.push_back(&t);
  std::sort(by_name.begin(), by_name.end(), [](const StoredTensor* a, const StoredTensor* b) { return a->name < b->name; });
  MILLRACE_TRY(check(by_name));
  for (const auto& [key, value] : metadata)
    if (!is_utf8(key) || !is_utf8(value))
      return {kArgument, "safetensors: expected metadata in UTF-8, found other bytes at \"" + key + "\""};
  out.tensors = by_name;
  std::stable_sort(out.tensors.begin(), out.tensors.end(),
                   [](const StoredTensor* a, const StoredTensor* b) { return size_of(a->dtype) > size_of(b->dtype); });
  const std::string header = header_of(by_name, out.tensors, metadata);
  if (header.size() > kMaxHeader)
    return {kArgument, "safetensors: expected a header of at most " + std::to_string(kMaxHeader) + " bytes, found " + std::to_string(header.size())};
  const uint64_t length = header.size();
  out.header.assign(reinterpret_cast<const char*>(&length), 8);
  out.header += header;
  return Error::none();
}

OutputFile::~OutputFile() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

Error OutputFile::refused(const char* what) const {
  return {kIo, "safetensors: cannot " + std::string(what) + " " + path_ + ": " + std::strerror(errno)};
}

Error OutputFile::create(const std::string& path) {
  path_ = path;
  descriptor_ = ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  return descriptor_ < 0 ? refused("create") : Error::none();
}

Error OutputFile::write(const void* data, size_t size) {
  const auto* at = static_cast<const char*>(data);
  while (size > 0) {
    const ssize_t written = ::write(descriptor_, at, size);
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return refused("write");
    at += written;
    size -= static_cast<size_t>(written);
  }
  return Error::none();
}

Error OutputFile::close() {
  // EINVAL: a pipe, which has no disk.
  Error error = ::fsync(descriptor_) == 0 || errno == EINVAL ? Error::none() : refused("write");
  if (::close(std::exchange(descriptor_, -1)) != 0 && !error) error = refused("close");
  return error;
}

Error write_safetensors(const std::string& path, std::span<const StoredTensor> tensors, const Metadata& metadata) {
  SafetensorsOrder order;
  MILLRACE_TRY(order_safetensors(tensors, metadata, order));
  OutputFile file;
  MILLRACE_TRY(file.create(path));
  MILLRACE_TRY(file.write(order.header.data(), order.header.size()));
  for (const StoredTensor* t : order.tensors) MILLRACE_TRY(file.write(t->bytes.data(), t->bytes.size()));
  return file.close();
}

}  // namespace millrace::trainer
